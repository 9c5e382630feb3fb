"""Promise 3: whatever dies, and whenever, each hard case is one task. With the real Label Studio and real kills."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from annotation.films import film_path, keep_film
from annotation.label_studio import LabelStudio, LabelStudioFault
from annotation.ledger import Ledger, State
from annotation.push import BATCH, push
from annotation.question import Question
from tests.e2e.between import Between

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
QUESTION = Question("knee_resnet", "Knee, AP")

PUSHER = """
import sys
from pathlib import Path
import annotation.push
from annotation.label_studio import LabelStudio
from annotation.question import Question
from annotation.ledger import Ledger
from annotation.push import push
home, url, token, title, batch = sys.argv[1:]
annotation.push.BATCH = int(batch)
ledger = Ledger(f"sqlite:///{home}/ledger.sqlite")
for one in push(ledger, LabelStudio(url, token), title, Path(home), lambda name: Question(name, "Knee, AP")):
    print(one.done, one.link or one.error or 'elsewhere', flush=True)
"""


class Worklist:
    """A worklist of its own, and what Label Studio holds of it."""

    def __init__(self, home: Path, studio) -> None:
        self.home, self.studio, self.title = home, studio, f"Test {secrets.token_hex(6)}"
        self.ledger = Ledger(f"sqlite:///{home}/ledger.sqlite")

    def enter(self, count: int) -> list[str]:
        cases = [secrets.token_hex(12) for _ in range(count)]
        for case in cases:
            keep_film(self.home, case, film())
            self.ledger.enter(case, "knee_resnet", ["near_threshold"], {"path": "x.dcm", "side": None})
        return cases

    def push(self, url: str | None = None, token: str | None = None) -> list:
        studio = LabelStudio(url or self.studio.url, token or self.studio.token)
        return list(push(self.ledger, studio, self.title, self.home, lambda name: QUESTION))

    def pusher(self, url: str | None = None, batch: int = BATCH) -> subprocess.Popen:
        """Another process that pushes this worklist."""
        where = [str(self.home), url or self.studio.url, self.studio.token, self.title]
        words = [sys.executable, "-c", PUSHER, *where, str(batch)]
        return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def projects(self) -> list[dict]:
        found = self.studio.get(f"/api/projects?page_size=1000&title={self.title}").json()["results"]
        return [project for project in found if project["title"] == self.title]

    def tasks(self) -> list[dict]:
        """All tasks there are, asked for past our own client and its filter."""
        (project,) = self.projects()
        answer = self.studio.get(f"/api/tasks?project={project['id']}&page_size=1000&fields=all").json()
        assert answer["total"] == len(answer["tasks"])
        return answer["tasks"]

    def cases_in_label_studio(self) -> list[str]:
        return sorted(task["data"]["case_id"] for task in self.tasks())


def film() -> bytes:
    stream = BytesIO()
    Image.fromarray(np.random.default_rng().integers(0, 256, (160, 120), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def worklist(tmp_path: Path, label_studio) -> Worklist:
    return Worklist(tmp_path, label_studio)


@pytest.fixture
def between(label_studio) -> Iterator[Callable[..., Between]]:
    opened: list[Between] = []

    def make(act: Callable[[str, str, str], bool]) -> Between:
        opened.append(Between(label_studio.url, act))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


UPLOAD, MAKE_TASKS = r"POST /api/projects/\d+/import\?commit.*", r"POST /api/projects/\d+/import\?return_task_ids.*"


def test_the_same_cases_pushed_twice_are_one_task_each(worklist: Worklist) -> None:
    cases = worklist.enter(3)
    first, second = worklist.push(), worklist.push()
    assert [one.error for one in first] == [None] * 3
    assert second == []
    assert worklist.cases_in_label_studio() == sorted(cases)


def test_a_worklist_that_forgot_finds_its_tasks_again(worklist: Worklist) -> None:
    """The ledger is restored from an older copy: its cases wait again, though Label Studio has them."""
    cases = worklist.enter(2)
    links = [one.link for one in worklist.push()]
    with worklist.ledger._engine.begin() as connection:
        connection.execute(sa.text("UPDATE cases SET state = 'waiting', task_id = NULL, project_id = NULL"))
    assert [one.link for one in worklist.push()] == links
    assert worklist.cases_in_label_studio() == sorted(cases)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("stage", ["asked", "answered"])
@pytest.mark.parametrize("request_line", [UPLOAD, MAKE_TASKS])
def test_a_pusher_killed_at_any_step_neither_loses_nor_doubles_a_task(
    worklist: Worklist, between: Callable[..., Between], request_line: str, stage: str, batch: int
) -> None:
    """Killed in its second batch of one, or in the only one of three."""
    cases = worklist.enter(3)
    reached = threading.Event()

    def kill(method: str, path: str, now: str) -> bool:
        if re.fullmatch(request_line, f"{method} {path}") and now == stage:
            passed.append(path)
            if len(passed) == (2 if batch == 1 else 1):
                os.kill(pusher.pid, signal.SIGKILL)
                pusher.wait(10)
                reached.set()
                return True
        return False

    passed: list[str] = []
    pusher = worklist.pusher(between(kill).url, batch)
    assert reached.wait(60), pusher.communicate(timeout=5)
    stood = worklist.ledger.counts()
    left = {State.PUSHED: 1, State.PUSHING: 1, State.WAITING: 1} if batch == 1 else {State.PUSHING: 3}
    assert {state: number for state, number in stood.items() if number} == left
    again = worklist.push()
    assert [one.error for one in again] == [None] * (3 - stood[State.PUSHED])
    assert worklist.cases_in_label_studio() == sorted(cases)
    assert worklist.ledger.counts()[State.PUSHED] == 3
    assert list((worklist.home / "pushing").iterdir()) == []  # the dead pusher's lock is cleared


def test_a_line_that_dies_after_the_request_is_not_answered_by_a_second_request(
    worklist: Worklist, between: Callable[..., Between]
) -> None:
    """The SDK repeats a request whose answer was lost; for one that makes a task that would be a second task."""
    cases = worklist.enter(1)
    line = between(lambda method, path, stage: stage == "answered" and bool(re.match(MAKE_TASKS, f"{method} {path}")))
    with pytest.raises(LabelStudioFault, match="cannot be reached"):
        worklist.push(url=line.url)
    (entry,) = worklist.ledger.entries()
    assert entry.state == State.WAITING
    assert entry.error is not None
    assert "cannot be reached" in entry.error
    assert len(worklist.tasks()) == 1
    assert [one.error for one in worklist.push()] == [None]
    assert worklist.cases_in_label_studio() == cases


def test_two_processes_that_push_at_once_share_the_work(worklist: Worklist) -> None:
    cases = worklist.enter(10)
    pushers = [worklist.pusher(), worklist.pusher()]
    for pusher in pushers:
        said, _ = pusher.communicate(timeout=120)
        assert pusher.returncode == 0, said
    assert worklist.cases_in_label_studio() == sorted(cases)
    assert worklist.ledger.counts()[State.PUSHED] == 10
    assert len(worklist.projects()) == 1


def test_a_process_that_slept_past_its_lease_takes_its_own_task_away(
    worklist: Worklist, between: Callable[..., Between]
) -> None:
    """A laptop closed between the claim and the request, opened when another has long pushed the case."""
    (case,) = worklist.enter(1)
    asleep, wake = threading.Event(), threading.Event()

    def sleep_before_the_task(method: str, path: str, stage: str) -> bool:
        if stage == "asked" and re.match(MAKE_TASKS, f"{method} {path}"):
            asleep.set()
            wake.wait(60)
        return False

    sleeper = worklist.pusher(between(sleep_before_the_task).url)
    assert asleep.wait(60)
    with worklist.ledger._engine.begin() as connection:
        past = datetime.now(UTC) - timedelta(minutes=1)
        connection.execute(sa.text("UPDATE cases SET lease_until = :past, changed_at = :past"), {"past": past})
    (pushed,) = worklist.push()
    assert pushed.error is None
    wake.set()
    said, _ = sleeper.communicate(timeout=60)
    assert sleeper.returncode == 0, said
    assert said.split()[1].endswith(httpx.URL(pushed.link).raw_path.decode())  # what the other made
    assert worklist.cases_in_label_studio() == [case]
    (entry,) = worklist.ledger.entries()
    assert (entry.state, entry.task_id) == (State.PUSHED, worklist.tasks()[0]["id"])


def test_both_kinds_of_token_let_one_push(worklist: Worklist) -> None:
    cases = []
    for token in (worklist.studio.token, worklist.studio.personal_token):
        cases += worklist.enter(1)
        assert [one.error for one in worklist.push(token=token)] == [None]
    assert worklist.cases_in_label_studio() == sorted(cases)


def test_the_expert_sees_the_very_pixels_and_nothing_of_the_model(worklist: Worklist) -> None:
    (case,) = worklist.enter(1)
    worklist.push()
    (task,) = worklist.tasks()
    shown = task["data"].pop("image")
    assert task["data"] == {"case_id": case, "recipe": "knee_resnet", "about": "Knee, AP"}
    assert not task["meta"]
    assert not task["predictions"]
    assert worklist.studio.get(shown).content == film_path(worklist.home, case).read_bytes()
    assert httpx.get(worklist.studio.url + shown).status_code == 401  # not without an account
    (project,) = worklist.projects()
    assert {"normal", "osteopenia", "osteoporosis"} <= set(project["parsed_label_config"]["class"]["labels"])


def test_a_case_whose_film_is_gone_fails_with_a_sentence_and_the_others_go_on(worklist: Worklist) -> None:
    cases = worklist.enter(3)
    film_path(worklist.home, cases[1]).unlink()
    steps = worklist.push()
    assert [step.error is None for step in steps] == [True, False, True]
    assert cases[1] in str(steps[1].error)
    keep_film(worklist.home, cases[1], film())
    assert [step.error for step in worklist.push()] == [None]
    assert worklist.cases_in_label_studio() == sorted(cases)


def test_what_is_wrong_with_the_connection_is_said_in_a_sentence(worklist: Worklist, free_port: int) -> None:
    (case,) = worklist.enter(1)
    right = worklist.studio
    for url, token, said in (
        (None, None, "not connected: run `make label-studio`"),
        ("localhost:8080", right.token, "expected one that begins with http://"),
        (f"http://127.0.0.1:{free_port}", right.token, "cannot be reached"),
        (right.url, "0" * 40, "refuses the token"),
        (right.url, right.personal_token[:-6] + "AAAAAA", "refuses the token"),
    ):
        with pytest.raises(LabelStudioFault, match=said) as fault:
            LabelStudio(url, token).user()
        assert "\n" not in str(fault.value)
    with pytest.raises(LabelStudioFault, match="at least 3 characters"):
        list(push(worklist.ledger, LabelStudio(right.url, right.token), "ab", worklist.home, lambda name: QUESTION))
    assert worklist.ledger.entry(case, "knee_resnet").state == State.WAITING


def test_another_program_at_the_address_is_named_as_such(between: Callable[..., Between], label_studio) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>some other program</html>")

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(LabelStudioFault, match="not a Label Studio server"):
            LabelStudio(f"http://127.0.0.1:{server.server_port}", label_studio.token).user()
    finally:
        server.shutdown()
        server.server_close()


def test_a_project_of_that_title_that_asks_something_else_is_left_alone(worklist: Worklist) -> None:
    choice = '<Choices name="cat" toName="film"><Choice value="a"/></Choices>'
    config = f'<View><Image name="film" value="$image"/>{choice}</View>'
    made = httpx.post(
        f"{worklist.studio.url}/api/projects",
        headers={"Authorization": f"Token {worklist.studio.token}"},
        json={"title": worklist.title, "label_config": config},
    )
    made.raise_for_status()
    worklist.enter(1)
    (step,) = worklist.push()
    assert "lacks what answers are read from" in step.error
    assert worklist.tasks() == []
    (project,) = worklist.projects()
    assert json.dumps(project["label_config"]) == json.dumps(config)


def test_a_task_is_found_among_more_than_a_page_of_them(worklist: Worklist) -> None:
    """The lookup is the server's: it must not miss a case because a thousand others stand before it."""
    (case,) = worklist.enter(1)
    worklist.push()
    (project,) = worklist.projects()
    others = [{"data": {"image": "x", "case_id": f"{n:024x}", "recipe": "knee_resnet"}} for n in range(250)]
    httpx.post(
        f"{worklist.studio.url}/api/projects/{project['id']}/import",
        headers={"Authorization": f"Token {worklist.studio.token}"},
        json=others,
        timeout=60,
    ).raise_for_status()
    studio = LabelStudio(worklist.studio.url, worklist.studio.token)
    began = time.monotonic()
    assert len(studio.tasks_of(project["id"], case, "knee_resnet")) == 1
    assert len(studio.tasks_of(project["id"], f"{249:024x}", "knee_resnet")) == 1
    assert studio.tasks_of(project["id"], case, "hip_vit") == []
    assert time.monotonic() - began < 10
