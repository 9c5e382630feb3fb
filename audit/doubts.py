"""Labels that the model which reads contradicts. It is not heard on films that it learned from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from audit.film import Film
from audit.rows import Row
from core.labels import CLASSES
from evidence.label_doubts import doubted

SHOWN_LEAST: Final = 0.5  # of the model's probability for another class, from which on a doubt counts as strong
Readings = Callable[[Path], Sequence[Mapping[str, Any]]]  # lines of readings.jsonl of one film


@dataclass(frozen=True)
class LabelDoubt:
    """row: index of the row. said: its label; instead: the model's class with its probability. quality: how well the
    label fits the model's probabilities, 0..1. model: `name@version`."""

    row: int
    said: str
    instead: str
    probability: float
    quality: float
    model: str


@dataclass(frozen=True)
class Doubts:
    """asked: labelled rows that a model could speak of. agreed: of these, the label is the model's own class. silent:
    labelled rows without an answer, by reason. models: who was asked."""

    found: tuple[LabelDoubt, ...]
    asked: int
    agreed: int
    silent: Mapping[str, int]
    models: tuple[str, ...]


def doubts_of(
    rows: Sequence[Row],
    films: Sequence[Film],
    readings: Readings,
    taught: Mapping[str, Collection[str]],
    tell: Callable[[int, int], None],
) -> Doubts:
    """Of labelled rows that could be read, the most doubtful first. taught: case ids that a version learned from."""
    silent: dict[str, int] = {}
    asked: dict[str, list[tuple[int, list[float]]]] = {}
    labelled = [number for number, row in enumerate(rows) if row.example.label is not None]
    for done, number in enumerate(labelled, 1):
        line = _line(readings(rows[number].example.path), rows[number].example.others.get("side"))
        likely = line.get("probabilities") or {}
        model = "{name}@{version}".format_map({"name": "", "version": "", **(line.get("model") or {})})
        if line.get("status") != "read":
            why = (line.get("refusal") or {}).get("code") or "not read"
        elif not set(CLASSES) <= likely.keys():
            why = "no class"
        elif films[number].case_id in taught.get(model, ()):
            why = f"{model} learned from it"
        else:
            asked.setdefault(model, []).append((number, [float(likely[one]) for one in CLASSES]))
            tell(done, len(labelled))
            continue
        silent[why] = silent.get(why, 0) + 1
        tell(done, len(labelled))
    found = []
    for model, some in asked.items():
        said = np.array([CLASSES.index(str(rows[number].example.label)) for number, _ in some])
        for one in doubted(said, np.array([likely for _, likely in some])):
            number = some[one.place][0]
            found.append(
                LabelDoubt(number, CLASSES[said[one.place]], CLASSES[one.instead], one.probability, one.quality, model)
            )
    count = sum(map(len, asked.values()))
    found.sort(key=lambda one: one.quality)
    return Doubts(tuple(found), count, count - len(found), silent, tuple(sorted(asked)))


def _line(lines: Sequence[Mapping[str, Any]], side: object) -> Mapping[str, Any]:
    """The reading of this side; where a film is judged as one, the answer its limbs share."""
    of_side = [line for line in lines if side is not None and line.get("side") == side]
    if of_side:
        return of_side[0]
    if not lines or (side is not None and lines[0].get("status") == "read"):
        return {}
    joined = lines[0].get("film")
    if joined:
        return {**lines[0], **joined}
    return lines[0] if len(lines) == 1 else {}
