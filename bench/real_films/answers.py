"""Answers on films, kept under runs/ by film and by the code and weights that gave them, so that a run that was stopped
goes on where it was, and one after a change asks only what the change touches."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from core.settings import ROOT

KEPT = ROOT / "runs/real_films"
DOOR = ("core", "imaging")
ROAD = (*DOOR, "anatomy", "evidence", "models", "recipes", "tasks", "reading.py", "weights")
Item = TypeVar("Item")


@cache
def version_of(parts: Sequence[str]) -> str:
    """A name for code and weights as they are now."""
    said = hashlib.sha256()
    for part in parts:
        here = ROOT / part
        for file in sorted(here.rglob("*")) if here.is_dir() else [here]:
            if file.suffix in (".py", ".json", ".safetensors"):
                said.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return said.hexdigest()[:12]


def asked(
    what: str,
    items: Iterable[Item],
    key: Callable[[Item], str],
    ask: Callable[[Item], Any],
    parts: Sequence[str] = ROAD,
) -> list[Any]:
    """`ask` of each item, plain JSON values, in order; what is kept is not asked again. Says what is left."""
    folder = KEPT / what / version_of(tuple(parts))
    folder.mkdir(parents=True, exist_ok=True)
    todo, answers, begun, anew = list(items), [], time.monotonic(), 0
    for number, item in enumerate(todo, 1):
        file = folder / f"{key(item)}.json"
        if file.exists():
            answers.append(json.loads(file.read_text()))
            continue
        answer = ask(item)
        _write(file, answer)
        answers.append(answer)
        anew += 1
        left = (time.monotonic() - begun) / anew * (len(todo) - number)
        if anew % 5 == 0 or number == len(todo):
            print(f"{what}: {number} of {len(todo)}, about {left / 60:.0f} min left", flush=True)
    return answers


def _write(file: Path, answer: Any) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(answer))
    part.replace(file)
