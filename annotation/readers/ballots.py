"""What is voted on in one side of a case: its class, and each finding, grade, region and point that a reader names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

import numpy as np

from annotation.films import Facts
from annotation.ledger.payload import CLASS, mask_to_json
from annotation.question import CANNOT_BE_JUDGED
from annotation.question.names import CERTAINTIES, GRADE
from annotation.readers.bounds import Bounds, unit_of
from annotation.readers.distances import apart, point_distance
from annotation.readers.drawn import Drawn, Patch, around, patch_of, size_of
from annotation.readers.votes import Vote
from core.case import LabeledCase
from core.mask import BitMask
from core.titles import part_title

Kept = dict[str, Any]  # a part of an answer, as the ledger keeps it: see annotation.ledger.payload
AS_GRADE: Final = f"{GRADE}_"


@dataclass(frozen=True)
class Ballot:
    """One part and those who say something of it. alike: whether two of them, by place, say the same. merge: what
    these of them say together. told: how they differ, in a sentence."""

    voters: tuple[Vote, ...]
    alike: Callable[[int, int], bool]
    merge: Callable[[Sequence[int]], Kept]
    told: Callable[[], str]

    def agreeing(self) -> tuple[int, ...] | None:
        """The places of those who agree with one another, if they are more than half and nobody else is as many."""
        everyone = range(len(self.voters))
        for size in range(len(self.voters), len(self.voters) // 2, -1):
            groups = [
                some
                for some in combinations(everyone, size)
                if all(self.alike(one, other) for one, other in combinations(some, 2))
            ]
            if groups:
                return groups[0] if len(groups) == 1 else None
        return None


def ballots(votes: Sequence[Vote], film: Facts, bounds: Bounds) -> dict[str, Ballot]:
    """By part, in the order: findings or class, grades, regions, points.

    A finding of yes or no that a reader leaves out was not judged by that reader, which is an answer; a grade, region
    or point that is left out is unknown, so that whoever names it stands alone.
    """
    answers = [vote.answer for vote in votes]
    found: dict[str, Ballot] = {}
    findings = asked_findings(answers)
    for name in findings:
        found[name] = _said(votes, name)
    if not findings and votes:
        found[CLASS] = _class(votes)
    for name in _names(answers, lambda answer: [one for one in answer.findings if one.startswith(AS_GRADE)]):
        found[name] = _said([vote for vote in votes if name in vote.answer.findings], name)
    for name in _names(answers, lambda answer: [*answer.masks, *answer.outlines]):
        found[name] = _region([vote for vote in votes if Drawn.by(vote.answer, name)], name, film, bounds)
    for name in _names(answers, lambda answer: list(answer.points)):
        found[name] = _point([vote for vote in votes if name in vote.answer.points], name, film, bounds)
    return found


def asked_findings(answers: Sequence[LabeledCase]) -> list[str]:
    """The findings of yes or no that any of these answers names."""
    return _names(answers, lambda answer: [one for one in answer.findings if not one.startswith(AS_GRADE)])


def _names(answers: Sequence[LabeledCase], of: Callable[[LabeledCase], Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for answer in answers for name in of(answer)))


def _class(votes: Sequence[Vote]) -> Ballot:
    labels = [vote.answer.label for vote in votes]

    def merge(some: Sequence[int]) -> Kept:
        return class_of([votes[place].answer for place in some], labels[some[0]])

    def told() -> str:
        return f"Readers say {_listed([label or CANNOT_BE_JUDGED for label in labels])}"

    return Ballot(tuple(votes), lambda one, other: labels[one] == labels[other], merge, told)


def class_of(answers: Sequence[LabeledCase], label: str | None) -> Kept:
    """A class with what those who gave it say besides: as sure as the least sure of them."""
    order = [one.certainty for one in answers if one.certainty]
    sure = max(order, key=lambda one: CERTAINTIES.index(one) if one in CERTAINTIES else -1, default=None)
    reasons = dict.fromkeys(reason for one in answers for reason in one.reasons)
    remarks = dict.fromkeys(one.remark for one in answers if one.remark)
    return {
        "label": label,
        "certainty": sure,
        "reasons": list(reasons) or None,
        "remark": " / ".join(remarks) or None,
    }


def _said(votes: Sequence[Vote], name: str) -> Ballot:
    """A finding or a grade. One that nobody could judge stays unnamed, which is unknown."""
    said = [vote.answer.findings.get(name) for vote in votes]

    def merge(some: Sequence[int]) -> Kept:
        value = said[some[0]]
        return {} if value is None else {"findings": {name: value}}

    def told() -> str:
        return f"{part_title(name)}: readers say {_listed([one or CANNOT_BE_JUDGED for one in said])}"

    return Ballot(tuple(votes), lambda one, other: said[one] == said[other], merge, told)


def _region(votes: Sequence[Vote], name: str, film: Facts, bounds: Bounds) -> Ballot:
    drawn = [one for vote in votes if (one := Drawn.by(vote.answer, name)) is not None]

    def alike(one: int, other: int) -> bool:
        far = apart(drawn[one], drawn[other], film)
        return not (far.dice < bounds.dice or far.boundary > bounds.distance(film))

    def merge(some: Sequence[int]) -> Kept:
        if len(some) > 1:
            return {"masks": {name: mask_to_json(joint_mask(tuple(drawn[place] for place in some), film))}}
        (one,) = (drawn[place] for place in some)
        polygons = [[list(point) for point in polygon] for polygon in one.polygons]
        return ({"masks": {name: mask_to_json(one.mask)}} if one.mask else {}) | (
            {"outlines": {name: polygons}} if polygons else {}
        )

    def told() -> str:
        pairs = [apart(one, other, film) for one, other in combinations(drawn, 2)]
        overlap = min(pair.dice for pair in pairs)
        far = max((pair.boundary for pair in pairs if pair.boundary == pair.boundary), default=np.nan)
        said = f"{part_title(name)}: outlines overlap by Dice {overlap:.2f}"
        said += f" and lie {far:.1f} {unit_of(film)} apart" if far == far else ""
        return f"{said}; the bounds are {bounds.dice:.2f} and {bounds.distance(film):.1f} {unit_of(film)}"

    return Ballot(tuple(votes), alike, merge, told)


@lru_cache(maxsize=4096)
def joint_mask(drawn: tuple[Drawn, ...], film: Facts) -> BitMask:
    """The consensus of several drawings of one region, as a mask of the whole film."""
    from evidence.statistics.consensus import consensus  # loads scipy

    width, height = size_of(film)
    patches = [patch for one in drawn if (patch := patch_of(one, (width, height))) is not None]
    if not patches:
        return BitMask(width, height, (width * height,))
    box = around([patch.box for patch in patches])
    empty = np.zeros((box[2] - box[0], box[3] - box[1]), bool)
    masks = [patch.within(box) for patch in patches] + [empty] * (len(drawn) - len(patches))
    return BitMask.of(Patch(box[0], box[1], consensus(masks)).within((0, 0, height, width)))


def _point(votes: Sequence[Vote], name: str, film: Facts, bounds: Bounds) -> Ballot:
    marks = [vote.answer.points[name] for vote in votes]

    def merge(some: Sequence[int]) -> Kept:
        x, y = np.mean([marks[place] for place in some], axis=0)
        return {"points": {name: [float(x), float(y)]}}

    def told() -> str:
        far = max(point_distance(one, other, film) for one, other in combinations(marks, 2))
        return (
            f"{part_title(name)}: marks lie {far:.1f} {unit_of(film)} apart; the bound is "
            f"{bounds.distance(film):.1f} {unit_of(film)}"
        )

    return Ballot(
        tuple(votes),
        lambda one, other: point_distance(marks[one], marks[other], film) <= bounds.distance(film),
        merge,
        told,
    )


def _listed(said: Sequence[str]) -> str:
    *others, last = said
    return f"{', '.join(others)} and {last}" if others else last
