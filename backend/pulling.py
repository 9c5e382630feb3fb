"""Pulls in the background, of the projects in which Label Studio says that something was answered.

What it says is a hint and no more: a pull asks for itself what has changed. So hints may be lost, doubled or false.
"""

import logging
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread

from annotation.label_studio import LabelStudioFault
from annotation.ledger import LedgerFault

log = logging.getLogger(__name__)

GATHER_S = 1.0  # a reader who submits often is one pull
AGAIN_S = 30.0  # until a pull that failed is tried again


class Pulling:
    """A thread that pulls each marked project once, however often it was marked meanwhile."""

    def __init__(
        self, pull: Callable[[set[int]], Iterable[object]], gather_s: float = GATHER_S, again_s: float = AGAIN_S
    ) -> None:
        self._pull, self._gather_s, self._again_s = pull, gather_s, again_s
        self._marked: set[int] = set()
        self._lock, self._wake, self._over = Lock(), Event(), Event()
        self._thread = Thread(target=self._run, name="pulling", daemon=True)

    def __enter__(self) -> "Pulling":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._wake.set()
        self._thread.join(timeout=10)

    def mark(self, project: int) -> None:
        with self._lock:
            self._marked.add(project)
        self._wake.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.wait()
            if self._over.wait(self._gather_s):
                return
            self._wake.clear()
            with self._lock:
                projects, self._marked = self._marked, set()
            if projects and not self._pulled(projects):
                with self._lock:
                    self._marked |= projects
                if self._over.wait(self._again_s):
                    return
                self._wake.set()

    def _pulled(self, projects: set[int]) -> bool:
        try:
            for _ in self._pull(projects):
                if self._over.is_set():
                    break  # what is left is new to the next pull as well
            return True
        except (LabelStudioFault, LedgerFault) as fault:
            log.warning("a pull failed and is tried again: %s", fault)
            return False
        except Exception:
            log.exception("a pull failed")  # not tried again at once: it would fail again
            return True
