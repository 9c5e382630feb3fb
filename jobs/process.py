"""The process of a training: begun so that it outlives whoever began it, stopped, and begun again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from core.settings import ROOT
from jobs.job import Job, Status, jobs, load, new_job

PROGRAM: tuple[str, ...] = (sys.executable, str(ROOT / "cli.py"))
NICENESS = 10  # a reading beside it comes first


class Busy(Exception):
    """Another training runs on this machine: one sentence."""


def running(home: Path) -> list[Job]:
    """The trainings whose processes live."""
    return [job for job in jobs(home) if job.lives]


def start(home: Path, recipe: str, data: str, words: Sequence[str], beside: bool = False) -> Job:
    """Begin `train RECIPE --data DATA WORDS` in a process of its own. Raises Busy where a training runs already, unless
    it is to run `beside` it."""
    with _one_at_a_time(home, beside):
        job = new_job(home, recipe, data, None, (), "page")
        command = ("train", recipe, "--data", data, *words, "--out", str(job.out))
        job = _with(job, command)
        job.write()
        _begin(job)
    return load(job.folder)


def resume(job: Job, beside: bool = False) -> Job:
    """Begin a training again that did not finish: it goes on from its last whole epoch. Raises Busy as `start` does."""
    home = job.folder.parent.parent
    with _one_at_a_time(home, beside):
        now = load(job.folder)
        if not now.can_resume:
            raise Busy(f"This training is {now.status}, expected one that was stopped or died; look again")
        _begin(now.again())
    return load(job.folder)


def stop(job: Job, at_once: bool = False) -> Job:
    """Ask a training to stop; at_once: end its process, which loses what it learned of this epoch alone.

    One that is stopping already is not asked again. Raises PermissionError for another account's.
    """
    now = load(job.folder)
    if now.pid is not None and (at_once or now.status == Status.RUNNING):
        (now.folder / "stop").touch()
        with contextlib.suppress(ProcessLookupError):
            os.kill(now.pid, signal.SIGKILL if at_once and hasattr(signal, "SIGKILL") else signal.SIGTERM)
    return load(job.folder)


@contextlib.contextmanager
def _one_at_a_time(home: Path, beside: bool):  # type: ignore[no-untyped-def]
    (home / "trainings").mkdir(parents=True, exist_ok=True)
    with FileLock(home / "trainings" / ".starting").acquire(timeout=30):
        others = running(home)
        if others and not beside:
            raise Busy(
                f"A training of {others[0].recipe} runs already, begun {others[0].first_asked_at:%d %B, %H:%M} UTC; "
                "wait for it, stop it, or start this one beside it"
            )
        yield


def _begin(job: Job) -> None:
    """Start the process, away from this one's terminal and group, and take note when it ends."""
    with (job.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*PROGRAM, *job.command],
            cwd=job.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    threading.Thread(target=_await, args=(job, process), daemon=True, name=f"awaits {job.name}").start()


def _await(job: Job, process: "subprocess.Popen[bytes]") -> None:
    """Take the process off the system's table when it ends, and say so where it could not say it itself."""
    code = process.wait()
    with contextlib.suppress(OSError, ValueError):
        now = load(job.folder)
        if now.begun == job.begun and now.status in (Status.STARTING, Status.DIED):
            now.end(Status.DIED, _why(code))


def _why(code: int) -> str:
    if code >= 0:
        return f"Its process ended with code {code} before it could say why; the log has its last words."
    name = signal.Signals(-code).name
    memory = " The system does that where memory runs out." if name == "SIGKILL" else ""
    return f"Its process was ended by {name}.{memory}"


def _with(job: Job, command: Sequence[str]) -> Job:
    return replace(job, command=tuple(command), directory=Path.cwd())
