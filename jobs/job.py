"""One training as its files tell of it.

    <home>/trainings/<name>/
        job.json       what was asked: recipe, table, command, and how often it was begun
        alive          locked for as long as its process lives
        progress.json  step, epochs, losses and figures, written by the training itself
        result.json    how it ended: finished with which bundle, stopped, or failed and why
        log.txt        what it said
        run            checkpoints and bundle, where no other folder was named

Each file is written whole or not at all.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.system.whole import write_whole

START_S = 180.0  # a process may take so long to load what it needs on a busy machine
TAIL_BYTES = 64_000


class Status(StrEnum):
    """Where a training stands."""

    STARTING = "starting"  # its process loads what it needs
    RUNNING = "running"
    STOPPING = "stopping"  # it was asked to stop
    FINISHED = "finished"
    STOPPED = "stopped"  # by a person; it can go on
    FAILED = "failed"  # it said why
    DIED = "died"  # killed, or the machine went down; it can go on


@dataclass(frozen=True)
class Job:
    """One training, as of the moment in which it was read.

    folder: its own. out: of checkpoints and bundles. command: the words after the program's own. begun: how often.
    asked_at: when it was begun last. progress: see `jobs.recording`; empty until it begins.
    bundle: the folder it gave. why: what ended it, where it did not finish.
    """

    folder: Path
    recipe: str
    data: str
    out: Path
    command: tuple[str, ...]
    directory: Path
    first_asked_at: datetime
    asked_at: datetime
    begun: int = 1
    by: str = "command line"
    status: Status = Status.STARTING
    progress: Mapping[str, Any] = field(default_factory=dict)
    bundle: Path | None = None
    why: str = ""
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def lives(self) -> bool:
        """Whether its process is there, or will be in a moment."""
        return self.status in (Status.STARTING, Status.RUNNING, Status.STOPPING)

    @property
    def can_resume(self) -> bool:
        return self.status in (Status.STOPPED, Status.FAILED, Status.DIED)

    @property
    def pid(self) -> int | None:
        """Of its process, while that lives."""
        return int(self.progress["pid"]) if self.lives and self._is_of_this_beginning else None

    @property
    def _is_of_this_beginning(self) -> bool:
        return self.progress.get("begun") == self.begun

    @property
    def seconds_left(self) -> float | None:
        """Of the step that goes on; None while too little of it is done to tell."""
        told, now = self.progress, datetime.now(UTC)
        if self.status != Status.RUNNING or not told.get("step_from"):
            return None
        done, total, first = told["done"], told["total"], told["step_done"]
        if done <= first or total <= done:
            return None
        spent = (datetime.fromisoformat(told["at"]) - datetime.fromisoformat(told["step_from"])).total_seconds()
        since = (now - datetime.fromisoformat(told["at"])).total_seconds()
        return float(max(0.0, spent / (done - first) * (total - done) - since))

    def log(self, lines: int = 12) -> list[str]:
        """The last lines it said; of a bar that was drawn over and over, its last state."""
        try:
            with (self.folder / "log.txt").open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        said = [line.rstrip("\r").rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
        return [line for line in said if line][-lines:]

    def write(self) -> None:
        """Keep what was asked."""
        plain = {
            "recipe": self.recipe,
            "data": self.data,
            "out": str(self.out),
            "command": list(self.command),
            "directory": str(self.directory),
            "first_asked_at": self.first_asked_at.isoformat(),
            "asked_at": self.asked_at.isoformat(),
            "begun": self.begun,
            "by": self.by,
        }
        write_whole(self.folder / "job.json", json.dumps(plain, indent=1).encode())

    def again(self) -> "Job":
        """Begun once more: the end it came to is forgotten, what it had learned is not."""
        now = datetime.now(UTC)
        fresh = replace(self, begun=self.begun + 1, asked_at=now, status=Status.STARTING, bundle=None, why="",
                        ended_at=None)  # fmt: skip
        fresh.write()
        (self.folder / "result.json").unlink(missing_ok=True)
        (self.folder / "stop").unlink(missing_ok=True)
        return fresh

    def end(self, status: Status, why: str = "", bundle: Path | None = None) -> None:
        """Say how this beginning ended."""
        plain = {
            "status": status,
            "why": why,
            "bundle": None if bundle is None else str(bundle),
            "begun": self.begun,
            "at": datetime.now(UTC).isoformat(),
        }
        write_whole(self.folder / "result.json", json.dumps(plain, indent=1).encode())


def new_job(
    home: Path,
    recipe: str,
    data: str,
    out: Path | None,
    command: Sequence[str],
    by: str,
) -> Job:
    """A folder of its own for a training. out: where its run lies; None for a folder within."""
    now = datetime.now(UTC)
    folder = home.resolve() / "trainings" / f"{now:%Y%m%d-%H%M%S}-{recipe}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True)
    job = Job(folder, recipe, data, out or folder / "run", tuple(command), Path.cwd(), now, now, by=by)
    job.write()
    return job


def load(folder: Path) -> Job:
    """As its files tell now. Raises KeyError or ValueError for a folder that is no job's."""
    told = _read(folder / "job.json")
    job = Job(
        folder=folder,
        recipe=told["recipe"],
        data=told["data"],
        out=Path(told["out"]),
        command=tuple(told["command"]),
        directory=Path(told["directory"]),
        first_asked_at=datetime.fromisoformat(told["first_asked_at"]),
        asked_at=datetime.fromisoformat(told["asked_at"]),
        begun=told["begun"],
        by=told["by"],
        progress=_read(folder / "progress.json"),
    )
    alive = lives(folder)  # before the result is read, which a process writes before it ends
    result = _read(folder / "result.json")
    if result.get("begun") == job.begun:
        bundle = result["bundle"] and Path(result["bundle"])
        ended = datetime.fromisoformat(result["at"])
        return replace(job, status=Status(result["status"]), why=result["why"], bundle=bundle, ended_at=ended)
    if alive:
        return replace(job, status=Status.STOPPING if (folder / "stop").exists() else Status.RUNNING)
    waited = (datetime.now(UTC) - job.asked_at).total_seconds()
    if not job._is_of_this_beginning and waited < START_S:
        return job
    if (folder / "stop").exists():
        return replace(job, status=Status.STOPPED, why="Its process was ended; it goes on from its last whole epoch.")
    why = "Its process ended without a word: it was killed, ran out of memory, or the machine went down."
    return replace(job, status=Status.DIED, why=why)


def jobs(home: Path) -> list[Job]:
    """Every training of an installation, begun last first. What is no job's folder is passed over."""
    found = []
    for folder in (home / "trainings").glob("[!.]*/"):
        try:
            found.append(load(folder))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda job: job.asked_at, reverse=True)


def lock_of(folder: Path) -> FileLock:
    """Held by the process of a training. The system lets go of it however that process ends; a process number would
    tell as much only until it is given to another."""
    return FileLock(folder / "alive")


def lives(folder: Path) -> bool:
    """Whether somebody holds the lock."""
    if not (folder / "alive").exists():
        return False
    lock = lock_of(folder)
    try:
        lock.acquire(timeout=0.1, poll_interval=0.02)  # another who looks holds it for a moment
    except Timeout:
        return True
    lock.release()
    return False


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
