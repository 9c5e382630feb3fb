"""The control arm: cases drawn at random, and how often experts contradict what the model said of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.ledger import TakenAnswer, WorklistEntry
from annotation.policy import CONTROL
from evidence.control import share_wrong
from evidence.figure import Figure


@dataclass(frozen=True)
class ControlRate:
    """What the control arm says of one version of a model, against the answer it gave when the case was entered.

    drawn: films in the arm; films: those an expert has answered; judged: limbs, or films read as a whole, with a class
    from both; wrong: those on which the classes differ. rate: wrong of judged, with its 95 % interval.
    """

    recipe: str
    model: str
    drawn: int
    films: int
    judged: int
    wrong: int
    rate: Figure

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return vars(self) | {"rate": vars(self.rate)}


def control_rates(entries: Iterable[WorklistEntry], taken: Iterable[TakenAnswer]) -> list[ControlRate]:
    """A rate a version of a model that has cases in the control arm, by name.

    Answers of readers who saw the model's do not count: they lean towards it, and the rate would come out too low.
    Those from before the ledger kept who saw what were all given blind.
    """
    said: dict[tuple[str, str, str | None], list[str]] = {}
    for answer in (one.answer for one in taken if one.blind is not False):
        if answer.label is not None:
            said.setdefault((answer.case_id, answer.recipe, answer.side), []).append(answer.label)
    arms: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for entry in entries:
        if CONTROL in entry.reasons:
            arms.setdefault((entry.recipe, entry.model or ""), []).append(_film(entry, said))
    return [_rate(recipe, model, films) for (recipe, model), films in sorted(arms.items())]


def _rate(recipe: str, model: str, films: Sequence[tuple[int, int]]) -> ControlRate:
    answered = [(wrong, judged) for wrong, judged in films if judged]
    wrong, judged = (sum(values) for values in zip(*answered, strict=True)) if answered else (0, 0)
    return ControlRate(recipe, model, len(films), len(answered), judged, wrong, share_wrong(answered))


def _film(entry: WorklistEntry, said: Mapping[tuple[str, str, str | None], list[str]]) -> tuple[int, int]:
    """How many of a film's limbs the model got wrong, and how many were judged."""
    wrong = judged = 0
    for row in entry.readings:
        expert = consensus(said.get((entry.case_id, entry.recipe, row.get("side")), ()))
        if expert is None and len(entry.readings) == 1:  # a film judged as one, whose reading names a side all the same
            expert = consensus(said.get((entry.case_id, entry.recipe, None), ()))
        model = answer_of(row)
        if expert is not None and model is not None:
            judged += 1
            wrong += expert != model
    return wrong, judged


def consensus(labels: Sequence[str]) -> str | None:
    """What most experts said; None where nobody did, or as many said another thing."""
    counts = Counter(labels).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def answer_of(row: Mapping[str, Any]) -> str | None:
    """The model's class in a line of readings.jsonl; of scores the choice they amount to: `neither`, one, `both`."""
    if row.get("label") is not None:
        return str(row["label"])
    scores = row.get("scores") or {}
    positive = [name for name, score in scores.items() if score.get("positive")]
    if not scores:
        return None
    return "neither" if not positive else positive[0] if len(positive) == 1 else "both"
