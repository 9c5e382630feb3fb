"""Lines that a long run appends to a file, a unit at a time, so that a killed run goes on where it was.

Beside `readings.jsonl` lies its journal, `readings.jsonl.run`: what the run is, then a line for each unit that is done
and where its lines end. Whatever a kill left behind the last of them is cut off.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

from filelock import FileLock, Timeout

from core.system.whole import write_whole

Entry = dict[str, Any]
How = Literal["resume", "anew", "either"]


def journal_of(out: Path) -> Path:
    """Where the journal of a file lies."""
    return out.with_name(f"{out.name}.run")


class RunFile:
    """The file and its journal, open for one process. A pipe or device is written plainly, without a journal.

    done: by unit, what was noted of it. kept: where another run's file went, which stood here; None if none did.
    """

    def __init__(self, out: Path, run: Mapping[str, Any], units: Mapping[str, Any], how: How = "either") -> None:
        """run: what tells this run from others, plain JSON. units: by name, what tells a unit's present state, plain
        JSON; a unit done in another state makes the file one of another run. how: whether to go on with a file of the
        same run, or begin anew beside whatever stands there, or the one if possible and else the other.

        Raises ValueError where another process is writing to the file, or it cannot be gone on with and must be.
        """
        self.out, self.journal = out, journal_of(out)
        self.done: dict[str, Entry] = {}
        self.kept: Path | None = None
        self._log: IO[str] | None = None
        self._lock = FileLock(out.with_name(f".{out.name}.lock"))
        if out.exists() and not out.is_file():
            self._lines: IO[bytes] = out.open("wb")
            return
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(f"another process is writing to {out}; wait for it, or name another file") from None
        try:
            self._open(dict(run), units, how)
        except BaseException:
            self._unlock()
            raise

    def _open(self, run: Entry, units: Mapping[str, Any], how: How) -> None:
        begun = [] if how == "anew" else self._read_journal()
        noted = [one for one in begun[1:] if one["end"] <= self.out.stat().st_size]
        unchanged = all(units.get(one["unit"], one["state"]) == one["state"] for one in noted)
        if begun and begun[0]["run"] == run and unchanged:
            self.done = {one["unit"]: one for one in noted}
        elif self.out.exists() and self.out.stat().st_size:
            if how == "resume":
                raise ValueError(f"{self.out} is of another run, or of units that have changed since; begin anew")
            self._set_aside()
        entries = [{"run": run}, *self.done.values()]
        write_whole(self.journal, "".join(json.dumps(one) + "\n" for one in entries).encode(), 0o644)
        self._lines = self.out.open("ab")
        self._lines.truncate(max((one["end"] for one in self.done.values()), default=0))
        self._log = self.journal.open("a", encoding="utf-8")

    def _read_journal(self) -> list[Entry]:
        if not (self.out.is_file() and self.journal.is_file()):
            return []
        whole = self.journal.read_text(encoding="utf-8").split("\n")[:-1]  # what follows the last newline was cut short
        try:
            return [json.loads(line) for line in whole]
        except ValueError:
            return []

    def _set_aside(self) -> None:
        number = 1
        while (free := self.out.with_stem(f"{self.out.stem}.{number}")).exists():
            number += 1
        if self.journal.exists():
            self.journal.replace(journal_of(free))
        self.out.replace(free)
        self.kept = free

    def add(self, unit: str, state: object, lines: Sequence[str], **noted: Any) -> None:
        """Append a unit's lines. Once this returns, no kill loses them."""
        self._lines.write("".join(f"{line}\n" for line in lines).encode())
        self._lines.flush()
        if self._log is None:
            return
        os.fsync(self._lines.fileno())
        entry = {"unit": unit, "state": state, "end": self._lines.tell(), **noted}
        self._log.write(json.dumps(entry) + "\n")
        self._log.flush()

    def __enter__(self) -> "RunFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        if self._log is not None:
            self._log.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock.is_locked:
            self._lock.release()
            Path(self._lock.lock_file).unlink(missing_ok=True)
