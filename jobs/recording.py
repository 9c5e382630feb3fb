"""What a training writes of itself while it runs, so that anybody may watch: `progress.json`, and `result.json`."""

import json
import logging
import math
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from core.system.whole import write_whole
from jobs.job import Job, Status, jobs, load, lock_of, new_job

EVERY_S = 1.0  # between two writings, where nothing but a count changes


class Stopped(BaseException):  # past whatever catches exceptions, and no KeyboardInterrupt: Lightning exits at those
    """A person asked the training to stop; run again, it goes on."""


class Recording:
    """Keeps `progress.json` of one job. It is told of steps as a bar is, and of epochs by `epoch` (a `Watch`).

    step, done, total: what goes on now; step_from, step_done: when it began, and how much was done then. networks: by
    name, `epochs` in all, how many are `done`, and `curve`, one table of figures an epoch, over all beginnings.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.bundle: Path | None = None
        self._written = 0.0
        self._seen: set[str] = set()
        networks = job.progress.get("networks", {})
        now = _now()
        self.told: dict[str, Any] = {
            "begun": job.begun, "pid": os.getpid(), "from": now, "at": now, "step": "preparing", "done": 0, "total": 0,
            "step_from": now, "step_done": 0, "networks": networks,
        }  # fmt: skip
        self._write(at_once=True)

    def __call__(self, step: str, done: int, total: int) -> None:
        if self.told["networks"].get(step, {}).get("of") and done > 0:  # `epoch` tells it finer
            return
        self._step(step, done, total)

    def epoch(self, network: str, done: float, total: int, figures: Mapping[str, float]) -> None:
        """How far a network has learned, and at the end of an epoch its figures."""
        about = self.told["networks"].setdefault(network, {"curve": []})
        if network not in self._seen:  # what it had learned in an earlier beginning took no time in this one
            self._seen.add(network)
            self.told |= {"step": network, "step_from": _now(), "step_done": math.floor(done)}
        about |= {"done": round(done, 3), "of": total}
        if figures:
            before = [point for point in about["curve"] if point["epoch"] < done]  # one begun anew tells its own
            about["curve"] = [*before, {"epoch": int(done), "at": _now(), **figures}]
        self._step(network, done, total, at_once=bool(figures))

    def _step(self, step: str, done: float, total: int, at_once: bool = False) -> None:
        if step != self.told["step"]:
            self.told |= {"step": step, "step_from": _now(), "step_done": done}
            at_once = True
        self.told |= {"done": done, "total": total}
        self._write(at_once)

    def _write(self, at_once: bool) -> None:
        if at_once or time.monotonic() - self._written > EVERY_S:
            self.told["at"] = _now()
            write_whole(self.job.folder / "progress.json", json.dumps(self.told).encode())
            self._written = time.monotonic()


@contextmanager
def recorded(home: Path, recipe: str, data: str, out: Path, command: Sequence[str]) -> Iterator[Recording]:
    """Watch over one training in this process: it can be seen, and stopped by a signal, until the block ends.

    The job is the one that was begun for the folder `out`, or a new one. Set `bundle` of what is given before the block
    ends. SIGTERM and Ctrl-C raise Stopped in the main thread. How the block ends is kept; what it raises is raised.
    """
    job = _job_of(home, recipe, data, out, command)
    with lock_of(job.folder).acquire(timeout=10), _log(job), _stoppable():
        recording = Recording(job)
        try:
            yield recording
        except Stopped:
            job.end(Status.STOPPED, "It was stopped, and goes on when it is begun again.")
            raise
        except Exception as fault:
            logging.getLogger(__name__).debug("the training failed", exc_info=True)
            job.end(Status.FAILED, str(fault) or type(fault).__name__)
            raise
        else:
            job.end(Status.FINISHED, bundle=recording.bundle)


def _job_of(home: Path, recipe: str, data: str, out: Path, command: Sequence[str]) -> Job:
    """The job of a folder that has not finished: one that a page has just begun, or one that is begun again here."""
    wanted = out.resolve()
    for job in jobs(home):
        if job.out.resolve() != wanted or job.status in (Status.FINISHED, Status.RUNNING, Status.STOPPING):
            continue
        return job if job.status == Status.STARTING else _as_now(job, data, command).again()
    return load(new_job(home, recipe, data, out.resolve(), command, "command line").folder)


def _as_now(job: Job, data: str, command: Sequence[str]) -> Job:
    return replace(job, data=data, command=tuple(command), directory=Path.cwd(), by="command line")


@contextmanager
def _log(job: Job) -> Iterator[None]:
    """What is logged goes to the job's log as well, unless all this process says goes there already."""
    if job.by == "page":
        yield
        return
    handler = logging.FileHandler(job.folder / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGINT raise Stopped, once: a second one while things are put in order ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_DFL)
        raise Stopped

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now() -> str:
    return datetime.now(UTC).isoformat()
