"""Who pushes a case, and whether that process is still alive."""

import secrets
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout


class LockOwner:
    """A name for one push, alive as long as its lock file is locked.

    The system lets go of the lock however the process ends, so a locked file is a living process, on whatever
    platform; a process number would say as much only until it is given to another.
    """

    def __init__(self, home: Path) -> None:
        self.name = secrets.token_hex(12)
        self._lock = FileLock(_lock_path(home, self.name), thread_local=False)  # a page may end it in another thread

    def __enter__(self) -> "LockOwner":
        Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(timeout=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if kind is None or issubclass(kind, GeneratorExit):  # otherwise a case may be left: keep the proof of death
            Path(self._lock.lock_file).unlink(missing_ok=True)


def is_dead(home: Path, name: str) -> bool:
    """Whether the owner of this name was here and is dead. One of another machine cannot be told: False."""
    path = _lock_path(home, name)
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def clear_stale_lock(home: Path, name: str) -> None:
    """Take the lock file of a dead owner away, once it owns nothing any more."""
    _lock_path(home, name).unlink(missing_ok=True)


def _lock_path(home: Path, name: str) -> Path:
    return home / "pushing" / f"{name}.lock"
