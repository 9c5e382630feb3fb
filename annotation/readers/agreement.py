"""How well readers agree, by what they answered blind and apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np

from annotation.films import Facts, facts_of
from annotation.ledger import Ledger
from annotation.ledger.payload import CLASS
from annotation.question import CANNOT_BE_JUDGED
from annotation.question.names import GRADES, NO, YES
from annotation.readers.ballots import AS_GRADE, asked_findings
from annotation.readers.bounds import unit_of
from annotation.readers.distances import apart, point_distance
from annotation.readers.drawn import Drawn, fits, size_of
from annotation.readers.votes import Vote, by_case, votes_of
from core.labels import CLASSES
from evidence.figure import Figure

ALL_GRADES: Final = "grades"  # of all vertebral bodies together
ALL_POINTS: Final = "points"


@dataclass(frozen=True)
class Agreement:
    """One figure of how readers agree on one part. part: `class`, a finding, `grades`, a region, or `points`.

    measure: `same` (the share of answers alike), `cohen`, `quadratic`, `fleiss`, `dice`, `boundary` or `distance`.
    readers: pseudonyms of the two that were compared, twice the same where one person read twice; empty for all
    readers together. unit: mm or px, of distances. cases: sides of films that count; patients: whose they are.
    """

    recipe: str
    part: str
    measure: str
    readers: tuple[str, ...]
    unit: str
    cases: int
    patients: int
    figure: Figure

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return vars(self) | {"figure": vars(self.figure)}


@dataclass
class LeftOut:
    """Answers that say nothing of how readers agree. seen: given with the model's answer in view. late: asked for
    because the others disagreed, so that such cases alone have them. odd: to a film that is no longer kept, or drawn
    at another size than the film's."""

    seen: int = 0
    late: int = 0
    odd: int = 0


@dataclass
class _Read:
    """One side of one film with those who read it blind."""

    film: Facts
    votes: list[Vote] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Vote, Vote]]:
        """Any two readers of it, each pair in the order of their pseudonyms."""
        for one, other in combinations(self.votes, 2):
            yield (one, other) if one.annotator <= other.annotator else (other, one)

    def persons(self) -> list[Vote]:
        """One vote a person, the later where there are two."""
        return list({vote.annotator: vote for vote in self.votes}.values())


def agreements(ledger: Ledger, home: Path, recipe: str | None = None) -> tuple[list[Agreement], LeftOut]:
    """Every figure, and how many answers were left out. recipe: of this one alone."""
    left, reads = LeftOut(), dict[str, list[_Read]]()
    tasks, taken = ledger.tasks_by_case(), by_case(ledger.taken(recipe=recipe))
    for entry in ledger.entries():
        for votes in votes_of(entry, tasks.get(entry.id, ()), taken.get(entry.id, ())).values():
            if len(votes) < 2:
                continue
            left.late += sum(vote.late for vote in votes)
            left.seen += sum(vote.blind is False and not vote.late for vote in votes)
            apart_and_blind = [vote for vote in votes if vote.blind is not False and not vote.late]
            try:
                film = facts_of(home, entry.case_id)
            except FileNotFoundError:
                left.odd += len(apart_and_blind)
                continue
            kept = [vote for vote in apart_and_blind if fits(vote.answer, size_of(film))]
            left.odd += len(apart_and_blind) - len(kept)
            if len(kept) > 1:
                reads.setdefault(entry.recipe, []).append(_Read(film, kept))
    return [one for name, several in sorted(reads.items()) for one in _of_recipe(name, several)], left


def _of_recipe(recipe: str, reads: Sequence[_Read]) -> Iterator[Agreement]:
    answers = [vote.answer for read in reads for vote in read.votes]
    findings = asked_findings(answers)
    for name in findings:
        yield from _said(recipe, name, reads, [name], (NO, YES))
    if not findings:
        yield from _said(recipe, CLASS, reads, [], CLASSES)
    bodies = sorted({name for answer in answers for name in answer.findings if name.startswith(AS_GRADE)})
    if bodies:
        yield from _said(recipe, ALL_GRADES, reads, bodies, GRADES)
    for region in dict.fromkeys(name for answer in answers for name in (*answer.masks, *answer.outlines)):
        yield from _drawn(recipe, region, reads)
    if any(answer.points for answer in answers):
        yield from _marked(recipe, reads)


def _said(
    recipe: str, part: str, reads: Sequence[_Read], names: Sequence[str], ordered: Sequence[str]
) -> Iterator[Agreement]:
    """Of classes. names: the findings that make up the part; none for the class itself. ordered: the classes in their
    order, for which weights are defined; "cannot be judged" is one more, and has no place in the order."""
    from evidence.statistics.readers import fleiss_kappa, mean  # loads scikit-learn

    among = [*ordered, CANNOT_BE_JUDGED]
    pairs: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    counts: list[list[int]] = []
    whose: list[str] = []
    for read in reads:
        for one, other in read.pairs():
            for first, second in zip(_told(one, part, names), _told(other, part, names), strict=True):
                if first in among and second in among:
                    row = among.index(first), among.index(second), read.film.patient
                    pairs.setdefault((one.annotator, other.annotator), []).append(row)
        for told in zip(*(_told(vote, part, names) for vote in read.persons()), strict=True):
            row_of_counts = [told.count(label) for label in among]
            if sum(row_of_counts) > 1:
                counts.append(row_of_counts)
                whose.append(read.film.patient)
    make = _Maker(recipe, part)
    if counts:
        alike = [sum(n * (n - 1) for n in row) / (sum(row) * (sum(row) - 1)) for row in counts]
        yield make.figure("same", (), whose, mean(alike, whose))
        yield make.figure("fleiss", (), whose, fleiss_kappa(np.asarray(counts), whose))
    for readers, rows in sorted(pairs.items()):
        yield _kappa(make, "cohen", readers, rows, len(among))
        known = [row for row in rows if len(ordered) not in row[:2]]
        if len(ordered) > 2 and known:
            yield _kappa(make, "quadratic", readers, known, len(ordered))


def _told(vote: Vote, part: str, names: Sequence[str]) -> list[str | None]:
    """What a vote says, one value a finding. A grade that is not named is not known; anything else left out could not
    be judged."""
    if not names:
        return [vote.answer.label or CANNOT_BE_JUDGED]
    missing = None if part == ALL_GRADES else CANNOT_BE_JUDGED
    return [vote.answer.findings.get(name, missing) for name in names]


def _kappa(
    make: "_Maker", measure: str, readers: tuple[str, str], rows: Sequence[tuple[int, int, str]], count: int
) -> Agreement:
    from evidence.statistics.readers import cohen_kappa

    one, other = (np.array([row[place] for row in rows], int) for place in (0, 1))
    patients = [patient for _, _, patient in rows]
    return make.figure(
        measure, readers, patients, cohen_kappa(one, other, count, patients, quadratic=measure == "quadratic")
    )


def _drawn(recipe: str, region: str, reads: Sequence[_Read]) -> Iterator[Agreement]:
    rows: list[tuple[float, float, str, str]] = []
    for read in reads:
        for one, other in combinations(read.persons(), 2):
            first, second = Drawn.by(one.answer, region), Drawn.by(other.answer, region)
            if first is not None and second is not None:
                far = apart(first, second, read.film)
                rows.append((far.dice, far.boundary, unit_of(read.film), read.film.patient))
    yield from _lengths(_Maker(recipe, region), "dice", "", [(dice, whose) for dice, _, _, whose in rows])
    for unit in ("mm", "px"):
        some = [(boundary, whose) for _, boundary, of, whose in rows if of == unit]
        yield from _lengths(_Maker(recipe, region), "boundary", unit, some)


def _marked(recipe: str, reads: Sequence[_Read]) -> Iterator[Agreement]:
    """Of two readers' marks on one film, the mean distance."""
    rows: list[tuple[float, str, str]] = []
    for read in reads:
        for one, other in combinations(read.persons(), 2):
            both = one.answer.points.keys() & other.answer.points.keys()
            far = [point_distance(one.answer.points[name], other.answer.points[name], read.film) for name in both]
            if far:
                rows.append((sum(far) / len(far), unit_of(read.film), read.film.patient))
    for unit in ("mm", "px"):
        some = [(far, whose) for far, of, whose in rows if of == unit]
        yield from _lengths(_Maker(recipe, ALL_POINTS), "distance", unit, some)


def _lengths(make: "_Maker", measure: str, unit: str, rows: Iterable[tuple[float, str]]) -> Iterator[Agreement]:
    from evidence.statistics.readers import mean

    known = [(value, whose) for value, whose in rows if value == value]
    if known:
        values, patients = (list(column) for column in zip(*known, strict=True))
        yield make.figure(measure, (), patients, mean(values, patients), unit)


@dataclass(frozen=True)
class _Maker:
    recipe: str
    part: str

    def figure(
        self, measure: str, readers: tuple[str, ...], patients: Sequence[str], found: Figure, unit: str = ""
    ) -> Agreement:
        return Agreement(self.recipe, self.part, measure, readers, unit, len(patients), len(set(patients)), found)
