"""Answers that a model contradicts, by what it said of the film before anybody had answered: perhaps slips of the hand
(ranked by evidence.label_doubts)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from annotation.ledger import WorklistEntry
from annotation.ledger.payload import CLASS
from annotation.question.names import NO, YES
from annotation.readers.settled import ADJUDICATED, Settled
from core.labels import CLASSES
from evidence.label_doubts import doubted

ENOUGH: Final = 20  # answers to a recipe, below which nothing can be said of any of them


@dataclass(frozen=True)
class Doubt:
    """One settled answer that the model contradicts. said: the experts'; instead: the model's; part: `class` or a
    finding. quality: how well the answer fits the model's probabilities, 0..1; the least comes first. model: the
    `name@version` that read the film."""

    entry: int
    case_id: str
    recipe: str
    side: str | None
    part: str
    said: str
    instead: str
    probability: float
    quality: float
    model: str


@dataclass(frozen=True)
class _Judged:
    truth: Settled
    said: str
    probabilities: tuple[float, ...]  # of the classes, in their order
    model: str


def doubts(
    entries: Iterable[WorklistEntry], truths: Iterable[Settled], taught: Mapping[str, Collection[str]]
) -> list[Doubt]:
    """The answers to doubt, the most doubtful first, of every recipe with `ENOUGH` answers that are settled.

    taught: case ids that a version of a model (`name@version`) learned from: what it says of them proves nothing. An
    answer that was adjudicated is not doubted again.
    """
    known = {entry.id: entry for entry in entries}
    alike: dict[tuple[str, str, tuple[str, ...]], list[_Judged]] = {}
    for truth in truths:
        entry = known.get(truth.entry)
        if entry is None or truth.answer is None or not truth.has_class:
            continue
        row = _row(entry, truth.side)
        model = row.get("model") or {}
        version = f"{model.get('name')}@{model.get('version')}"
        if not row or entry.case_id in taught.get(version, ()):
            continue
        for part, labels, said, probabilities in _questions(truth, row):
            one = _Judged(truth, said, probabilities, version)
            alike.setdefault((truth.recipe, part, labels), []).append(one)
    found = [
        doubt
        for (_, part, labels), judged in alike.items()
        if len(judged) >= ENOUGH
        for doubt in _of(part, labels, judged)
    ]
    return sorted(found, key=lambda doubt: doubt.quality)


def _row(entry: WorklistEntry, side: str | None) -> Mapping[str, Any]:
    """The model's reading of this side; of a film that is judged as one, the answer that its limbs share."""
    if side is not None:
        return next((row for row in entry.readings if row.get("side") == side), {})
    if not entry.readings:
        return {}
    row = entry.readings[0]
    return {**row, **(row.get("film") or {})}


def _questions(truth: Settled, row: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str, ...], str, tuple[float, ...]]]:
    """Part, classes, the experts' answer and the model's probabilities of each."""
    assert truth.answer is not None
    answered, scores = truth.answer, row.get("scores") or {}
    for name, said in answered.findings.items():
        if name in scores and truth.how.get(name) != ADJUDICATED and CLASS in truth.how:
            yes = float(scores[name]["probability"])
            yield name, (NO, YES), said, (1 - yes, yes)
    likely = row.get("probabilities") or {}
    if answered.label in CLASSES and set(CLASSES) <= likely.keys() and truth.how[CLASS] != ADJUDICATED:
        yield CLASS, CLASSES, answered.label, tuple(float(likely[label]) for label in CLASSES)


def _of(part: str, labels: tuple[str, ...], judged: Sequence[_Judged]) -> Iterable[Doubt]:
    said = np.array([labels.index(one.said) for one in judged])
    for found in doubted(said, np.array([one.probabilities for one in judged])):
        one = judged[found.place]
        yield Doubt(
            one.truth.entry,
            one.truth.case_id,
            one.truth.recipe,
            one.truth.side,
            part,
            one.said,
            labels[found.instead],
            found.probability,
            found.quality,
            one.model,
        )
