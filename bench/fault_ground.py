"""A worklist and a Label Studio that faults are done to, and what is there afterwards."""

import io
import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from annotation.films import keep_film
from annotation.label_studio import LabelStudio, LabelStudioFault
from annotation.ledger import Ledger
from annotation.pull import PullProgress, pull
from annotation.push import PushProgress, push
from annotation.question import Question
from annotation.server import LabelStudioServer

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = {
    "knee_resnet": Question("knee_resnet", "Knee, AP"),
    "knee_other": Question("knee_other", "Knee, AP", regions=("femur",)),  # another question, so a project of its own
}
PUSHER = """
import sys
from pathlib import Path
from annotation.label_studio import LabelStudio
from annotation.question import Question
from annotation.ledger import Ledger
from annotation.push import push
home, url, token, title = sys.argv[1:]
for one in push(Ledger(f"sqlite:///{home}/ledger.sqlite"), LabelStudio(url, token), title, Path(home),
                lambda name: Question(name, "Knee, AP")):
    print(one.done, flush=True)
"""


@dataclass(frozen=True)
class Outcome:
    """What was found after a fault. said: the first sentence that a person was told, if any."""

    cases: int
    lost: int
    doubled: int
    said: str
    seconds: float

    @property
    def right(self) -> bool:
        return not self.lost and not self.doubled


class Worklist:
    """A worklist of its own on one Label Studio, and what that holds of it."""

    def __init__(self, url: str, token: str, home: Path) -> None:
        self.url, self.token, self.home, self.title = url, token, home, f"Faults {secrets.token_hex(4)}"
        self.ledger = Ledger(f"sqlite:///{home}/ledger.sqlite")
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Token {token}"}, timeout=120, trust_env=False
        )
        self.said: list[str] = []

    def enter(self, count: int, recipe: str = "knee_resnet") -> list[str]:
        cases = [secrets.token_hex(12) for _ in range(count)]
        for number, case in enumerate(cases):
            stream = io.BytesIO()
            pixels = np.random.default_rng(number).integers(0, 256, (160, 120), np.uint8)
            Image.fromarray(pixels).save(stream, "PNG")
            keep_film(self.home, case, stream.getvalue())
            self.ledger.enter(case, recipe, ["requested"], {"path": "x", "side": None})
        return cases

    def push(self, token: str | None = None) -> list[PushProgress]:
        studio = LabelStudio(self.url, token or self.token)
        return self._heard(push(self.ledger, studio, self.title, self.home, QUESTIONS.__getitem__))

    def pull(self, token: str | None = None) -> list[PullProgress]:
        studio = LabelStudio(self.url, token or self.token)
        return self._heard(pull(self.ledger, studio, QUESTIONS.__getitem__, lambda account: f"reader-{account}"))

    def _heard(self, steps: Iterator[Any]) -> list[Any]:
        done = []
        try:
            for step in steps:
                done.append(step)
                self.said += getattr(step, "said", ()) or filter(None, [getattr(step, "error", None)])
        except LabelStudioFault as fault:
            self.said.append(str(fault))
        return done

    def answer(self, case: str, label: str = "normal", recipe: str = "knee_resnet") -> int:
        """Submit an answer as an expert's page does; gives the annotation's number."""
        entry = self.ledger.entry(case, recipe)
        assert entry is not None
        choice = {"from_name": "class", "to_name": "film", "type": "choices", "value": {"choices": [label]}}
        said = self.http.post(f"/api/tasks/{entry.task_id}/annotations/", json={"result": [choice]})
        said.raise_for_status()
        return int(said.json()["id"])

    def project(self, recipe: str = "knee_resnet") -> int:
        return next(entry.project_id for entry in self.ledger.entries() if entry.recipe == recipe and entry.project_id)

    def in_label_studio(self) -> Counter[str]:
        """How many tasks each case has, over all projects of this worklist."""
        found: Counter[str] = Counter()
        projects = self.http.get("/api/projects/", params={"page_size": 1000}).json()["results"]
        for project in projects:
            if project["title"].startswith(self.title):
                asked = {"project": project["id"], "page_size": 10000, "fields": "task_only"}
                found.update(
                    task["data"]["case_id"] for task in self.http.get("/api/tasks/", params=asked).json()["tasks"]
                )
        return found

    def answers(self) -> Counter[str]:
        return Counter(one.case_id for one in self.ledger.answers())

    def pusher(self) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", PUSHER, str(self.home), self.url, self.token, self.title]
        return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Studio:
    """The server, which can be killed and started again on its data."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self.server = LabelStudioServer(folder, port).__enter__()

    def cpu_s(self) -> float:
        """Seconds of CPU that the server has used; nan where the system does not say."""
        try:
            number = (self._folder / "server.pid").read_text().strip()
            used = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[11:13]
            return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return float("nan")

    def kill(self) -> None:
        os.kill(int((self._folder / "server.pid").read_text()), signal.SIGKILL)
        self.server.__exit__(None, None, None)

    def start(self) -> None:
        self.server = LabelStudioServer(self._folder, self._port).__enter__()

    def close(self) -> None:
        self.server.__exit__(None, None, None)
