"""Which version of a recipe reads: one file beside the bundles, and a log of every step that led there.

    <weights>/reads.json    {"hip_vit": {"reads": "hip_vit@0.3.1", "before": ["hip_vit@0.3.0"], "step": {...}}}
    <weights>/reads.jsonl   the log: one step a line, never rewritten

The file is replaced whole, so that a reader sees the former version or the new one and nothing between. It carries the
step that wrote it: a process that dies before the step is in the log leaves it to whoever comes next.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from uuid import uuid4

from core.system.whole import write_whole
from models.files.plain import BundleError

FILE, LOG, LOCK = "reads.json", "reads.jsonl", ".reads.lock"
PATIENCE = 60.0  # seconds to wait for another process that is taking a step
What = Literal["promoted", "refused", "rolled back", "calibrated"]
NAMED = re.compile(r"[a-z][a-z0-9_]*@\d+\.\d+\.\d+")

_guard = Lock()
_known: dict[Path, tuple[tuple[int, int, int], dict[str, dict[str, Any]]]] = {}  # with what the file looked like


class NotPromoted(Exception):
    """A challenger was refused: one sentence. weighed: what it was refused by, where it was compared."""

    def __init__(self, message: str, weighed: Any = None) -> None:
        super().__init__(message)
        self.weighed = weighed


@dataclass(frozen=True)
class Step:
    """One step of a recipe's versions.

    came_from, to: `name@version`; came_from is None for a first version. who: a pseudonym of the account, None where
    the system names none. because: a person's reason, or why a challenger was refused. figures: of the comparison.
    """

    what: What
    recipe: str
    came_from: str | None
    to: str
    who: str | None = None
    because: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    id: str = field(default_factory=lambda: uuid4().hex[:12])


def reads(default: str, root: Path) -> str:
    """The `name@version` that reads in place of a recipe's default. Raises BundleError for a file that is damaged."""
    known = _table(root).get(default.partition("@")[0])
    return default if known is None else str(known["reads"])


def named(recipe: str, root: Path) -> str | None:
    """The version that the file names for a recipe; None where it names none."""
    known = _table(root).get(recipe)
    return None if known is None else str(known["reads"])


def take(step: Step, root: Path, expected: str | None) -> None:
    """From now on `step.to` reads. expected: the version that the step was weighed against, which must still read.

    Raises BundleError in one sentence where another process took a step meanwhile, or the folder cannot be written.
    """
    with _alone(root) as table:
        now = table.get(step.recipe, {})
        if now.get("reads", expected) != expected:
            raise BundleError(
                f"{now['reads']} reads by now, {step.to} was weighed against {expected or 'no other version'}; "
                "compare it again"
            )
        before = [*now.get("before", ()), *([expected] if expected and step.what == "promoted" else ())]
        if step.what == "rolled back":
            before = before[:-1]
        table[step.recipe] = {"reads": step.to, "before": before, "step": asdict(step)}
        _replace(root / FILE, table)
        _append(root / LOG, asdict(step))


def previous(recipe: str, root: Path) -> str:
    """The version that a rollback goes back to. Raises BundleError where there was none before."""
    known = _table(root).get(recipe, {})
    if not known.get("before"):
        raise BundleError(
            f"found no version of {recipe} that read before {known.get('reads', 'the one its recipe names')}, expected "
            "a promotion to undo; `models list` says which versions there are"
        )
    return str(known["before"][-1])


def note(step: Step, root: Path) -> None:
    """A step that changes nothing of what reads: a refusal, a calibration."""
    with _alone(root):
        _append(root / LOG, asdict(step))


def history(root: Path, recipe: str | None = None) -> list[Step]:
    """The steps taken so far, oldest first; of one recipe if named. A line that was cut off in the writing is passed
    over, and the step that reads.json carries stands in the end if the log does not have it yet."""
    steps: dict[str, Step] = {}
    for line in _lines(root / LOG):
        steps.setdefault(str(line["id"]), _step(line))
    for known in _table(root).values():
        if known["step"] is not None:
            steps.setdefault(str(known["step"]["id"]), _step(known["step"]))
    return [step for step in steps.values() if recipe in (None, step.recipe)]


def _step(values: Mapping[str, Any]) -> Step:
    """A step as this version knows it; keys of later versions are passed over."""
    return Step(**{key: value for key, value in values.items() if key in Step.__dataclass_fields__})


def _table(root: Path) -> dict[str, dict[str, Any]]:
    """What the file says, read again whenever it was replaced; nothing where there is none."""
    path = root / FILE
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}
    looks = status.st_mtime_ns, status.st_ino, status.st_size
    with _guard:
        known = _known.get(path)
    if known is None or known[0] != looks:
        known = looks, _checked(path)
        with _guard:
            _known[path] = known
    return known[1]


def _checked(path: Path) -> dict[str, dict[str, Any]]:
    try:
        table: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for recipe, known in table.items():
            name, _, _ = str(known["reads"]).partition("@")
            if name != recipe or not NAMED.fullmatch(known["reads"]):
                raise ValueError(f"{recipe} reads with {known['reads']}")
            known.setdefault("before", [])
            known.setdefault("step", None)  # written by hand
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BundleError(
            f"{path} cannot be read ({fault}), expected by recipe which version reads, as "
            '{"hip_vit": {"reads": "hip_vit@0.3.1"}}; mend it, or delete it to read with the versions that recipes name'
        ) from fault
    return table


@contextmanager
def _alone(root: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """The table as it stands, for one process at a time; first the log gets what a killed process left out."""
    from filelock import FileLock, Timeout

    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / LOCK, timeout=PATIENCE):
            table = json.loads(json.dumps(_table(root)))
            logged = {line["id"] for line in _lines(root / LOG)}
            for known in table.values():
                if known["step"] is not None and known["step"]["id"] not in logged:
                    _append(root / LOG, known["step"])
            yield table
    except Timeout as fault:
        raise BundleError(
            f"another process has been changing which version reads under {root} for {PATIENCE:.0f} s; wait for it, "
            "then try again"
        ) from fault
    except OSError as fault:
        raise BundleError(
            f"{root} cannot be written ({fault.strerror or fault}), expected a folder of one's own; copy it, and set "
            "OSTEOLENS_WEIGHTS to the copy"
        ) from fault


def _replace(path: Path, table: Mapping[str, Any]) -> None:
    write_whole(path, (json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(), mode=0o644)
    _settle(path.parent)


def _append(path: Path, step: Mapping[str, Any]) -> None:
    """A line at the log's end, on disk before this returns. A line that was cut off is closed first."""
    line = json.dumps(step, ensure_ascii=False, allow_nan=False) + "\n"
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Names within a folder are on disk only once the folder is."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            one = json.loads(line)
        except ValueError:  # cut off by a kill; its step is in reads.json
            continue
        if isinstance(one, dict) and "id" in one:
            found.append(one)
    return found


def before(name: str, root: Path) -> str | None:
    """The version that a rollback would go back to; None where there is none."""
    try:
        return previous(name, root)
    except BundleError:
        return None
