"""All cases that experts were asked about, in the order in which a person should look at them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from annotation.readers.doubts import Doubt
from annotation.readers.settled import ADJUDICATED, Settled

Kind = Literal["differs", "doubt", "other"]


@dataclass(frozen=True)
class Listed:
    """One case. kind: `differs` where readers disagree on something, `doubt` where the model contradicts what is
    settled, else `other`. sides: what is settled of each. doubts: of this case."""

    entry: int
    case_id: str
    recipe: str
    kind: Kind
    sides: tuple[Settled, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do; a side that none of its readers judged asks for nothing."""
        return all(one.is_settled or not (one.readers or one.how) for one in self.sides)

    @property
    def is_decided(self) -> bool:
        """Whether a person has decided something of it."""
        return any(ADJUDICATED in one.how.values() for one in self.sides)


def overview(truths: Iterable[Settled], doubts: Iterable[Doubt] = ()) -> list[Listed]:
    """Cases on which readers differ first, those that were sent to one more reader last among them; then doubtful
    answers, the most doubtful first; then all others that anybody has answered, in the order in which they came."""
    sides: dict[int, list[Settled]] = {}
    for one in truths:
        if one.readers or one.how:
            sides.setdefault(one.entry, []).append(one)
    doubted: dict[int, list[Doubt]] = {}
    for doubt in doubts:
        doubted.setdefault(doubt.entry, []).append(doubt)
    found = []
    for entry, several in sides.items():
        differs = any(one.differs for one in several)
        kind: Kind = "differs" if differs else "doubt" if entry in doubted else "other"
        first = several[0]
        found.append(Listed(entry, first.case_id, first.recipe, kind, tuple(several), tuple(doubted.get(entry, ()))))
    order = {"differs": 0, "doubt": 1, "other": 2}
    return sorted(found, key=lambda one: (order[one.kind], _place(one)))


def _place(one: Listed) -> float:
    if one.kind == "differs":
        return float(any(side.asked for side in one.sides))
    return min((doubt.quality for doubt in one.doubts), default=0.0)
