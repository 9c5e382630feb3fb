"""One case opened for review: what its readers and the model say, what is settled, and its history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from annotation.answers import joined as joined_label, to_percent
from annotation.films import Facts, facts_of, outlines
from annotation.ledger import Ledger, WorklistEntry
from annotation.question.names import GRADE, GRADES, NO, YES
from annotation.readers.bounds import Bounds
from annotation.readers.settled import Settled
from annotation.readers.truths import truths
from annotation.readers.votes import Vote, votes_of
from core.case import LabeledCase


@dataclass(frozen=True)
class Event:
    """One line of a case's history. who: a pseudonym, or the `name@version` of a model. stands: whether it still
    does. answer: what was said; because: why it was decided, or why it no longer stands."""

    at: datetime
    kind: str  # read, answered, withdrawn or decided
    who: str
    side: str | None
    answer: LabeledCase | None
    because: str = ""
    stands: bool = True
    part: str = ""


@dataclass(frozen=True)
class Opened:
    """truths: a side each, those that nobody judged too. votes, model: by side; a side may have none. probabilities:
    the model's, by side and class or finding."""

    entry: WorklistEntry
    film: Facts
    truths: tuple[Settled, ...]
    votes: Mapping[str | None, tuple[Vote, ...]]
    model: Mapping[str | None, LabeledCase]
    probabilities: Mapping[str | None, Mapping[str, float]]
    history: tuple[Event, ...]

    @property
    def sides(self) -> tuple[str | None, ...]:
        return tuple(one.side for one in self.truths)

    def truth(self, side: str | None) -> Settled:
        return next(one for one in self.truths if one.side == side)


def opened(ledger: Ledger, home: Path, bounds: Bounds, entry_id: int) -> Opened | None:
    """The case of this number; None where there is none. Raises FileNotFoundError where its film is not kept."""
    entry = ledger.entry_numbered(entry_id)
    if entry is None:
        return None
    film = facts_of(home, entry.case_id)
    found = tuple(truths(ledger, home, bounds, entry.recipe, entry.case_id))
    votes = votes_of(entry, ledger.tasks_of_case(entry.id), ledger.taken(entry.case_id, entry.recipe))
    rows = {one.side: _row(entry, one.side) for one in found}
    return Opened(
        entry,
        film,
        found,
        votes,
        {side: _model(entry, side, row, film, home) for side, row in rows.items() if row},
        {side: _likely(row) for side, row in rows.items()},
        tuple(sorted(_history(ledger, entry, votes, rows), key=lambda event: event.at)),
    )


def _row(entry: WorklistEntry, side: str | None) -> Mapping[str, Any]:
    """The model's reading of a side; of a film that is judged as one, the answer that its limbs share."""
    if side is not None:
        return next((row for row in entry.readings if row.get("side") == side), {})
    row = entry.readings[0] if entry.readings else {}
    return {**row, **(row.get("film") or {})}


def _likely(row: Mapping[str, Any]) -> dict[str, float]:
    scores = {name: float(one["probability"]) for name, one in (row.get("scores") or {}).items()}
    return {name: float(value) for name, value in (row.get("probabilities") or {}).items()} | scores


def _model(entry: WorklistEntry, side: str | None, row: Mapping[str, Any], film: Facts, home: Path) -> LabeledCase:
    """The model's answer in the form of an expert's, so that the two can lie side by side."""
    model = row.get("model") or {}
    version = f"{model['name']}@{model['version']}" if model else ""
    findings = {name: YES if one["positive"] else NO for name, one in (row.get("scores") or {}).items()}
    label = row.get("label") or (joined_label(findings) if findings else None)
    size, points = (film.width, film.height), {}
    for level, body in (row.get("vertebrae") or {}).items():
        if str(body.get("genant")) in GRADES:
            findings[f"{GRADE}_{level}"] = str(body["genant"])
        for name, place in body["points_xy"].items():
            ((points[f"{level}_{name}"]),) = to_percent((tuple(place),), *size)
    masks = outlines(home, entry.case_id, entry.recipe, row.get("side"), version or None)
    masks = {name: mask for name, mask in masks.items() if (mask.width, mask.height) == size}
    return LabeledCase(
        entry.case_id,
        label,
        version,
        entry.entered_at,
        entry.recipe,
        side,
        findings=findings,
        masks=masks,
        points=points,
    )


def _history(
    ledger: Ledger,
    entry: WorklistEntry,
    votes: Mapping[str | None, Sequence[Vote]],
    rows: Mapping[str | None, Mapping[str, Any]],
) -> Iterator[Event]:
    models = {row["model"]["name"] + "@" + row["model"]["version"] for row in rows.values() if row.get("model")}
    yield Event(entry.entered_at, "read", ", ".join(sorted(models)) or "a model", None, None)
    for side, several in votes.items():
        for vote in several:
            yield Event(vote.at, "answered", vote.annotator, side, vote.answer)
    for old in ledger.withdrawn(entry.id):
        yield Event(old.answer.answered_at, "answered", old.answer.annotator, old.answer.side, old.answer, stands=False)
        yield Event(old.at, "withdrawn", old.by or old.answer.annotator, old.answer.side, old.answer, old.because)
    made: dict[tuple[datetime, str | None, str, bool], list[Any]] = {}
    for decision in ledger.adjudications(entry.id):  # of several parts decided at once, one line
        key = (decision.at, decision.answer.side, decision.answer.annotator, decision.stands)
        made.setdefault(key, []).append(decision)
    for (at, side, who, stands), several in made.items():
        whole = next((one for one in several if one.part == "class"), several[0])
        yield Event(at, "decided", who, side, whole.answer, whole.because, stands, ", ".join(o.part for o in several))
