"""What is true of one side of a case, how that was settled, or why it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.answers import joined as joined_label
from annotation.films import Facts
from annotation.ledger import Adjudication, WorklistEntry
from annotation.ledger.payload import CLASS, joined, labeled_case, parts
from annotation.readers.ballots import asked_findings, ballots, class_of
from annotation.readers.bounds import Bounds
from annotation.readers.votes import Vote
from core.case import LabeledCase

How = Literal["single", "agreed", "majority", "adjudicated"]
SINGLE: How = "single"
AGREED: How = "agreed"
MAJORITY: How = "majority"
ADJUDICATED: How = "adjudicated"
_TOLD = 3  # differences that a sentence names


@dataclass(frozen=True)
class Settled:
    """The truth about one side of a case, as far as there is one. side: None where the film is judged as one.

    answer: all that is settled, in one; None where nothing is. Its annotator names whoever said so, its masks of
    several readers are their consensus. A class that is not settled is None in it as one that cannot be judged is: only
    `how` tells them apart. how: by part (`class`, or the name of a finding, region or point) how it was settled: by a
    single reader (one was asked, or only one names it), agreed, by most of the readers, or adjudicated.
    differs: by part, how readers differ, a sentence each; such a part has no truth until somebody decides. waits: why
    the side has no truth yet, where an answer is still to come. asked: whether one more reader is asked about what
    differs. readers: the pseudonyms of those who answered, each once.
    """

    entry: int
    case_id: str
    recipe: str
    side: str | None
    answer: LabeledCase | None
    how: Mapping[str, How]
    differs: Mapping[str, str]
    waits: str | None = None
    asked: bool = False
    readers: tuple[str, ...] = ()
    adjudicator: str | None = None

    @property
    def has_class(self) -> bool:
        """Whether its class is settled, be it that it cannot be judged."""
        return CLASS in self.how

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to decide or to wait for."""
        return bool(self.how) and not self.differs and self.waits is None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; of what was drawn, the names alone."""
        label = self.answer.label if self.answer is not None and self.has_class else None
        drawn = [] if self.answer is None else [*self.answer.masks, *self.answer.outlines, *self.answer.points]
        told = {name: value for name, value in vars(self).items() if name != "answer"}
        return told | {"label": label, "drawn": drawn, "settled": self.is_settled, "why_not": self.why_not}

    @property
    def why_not(self) -> str | None:
        """Why something of it is not settled, in a few sentences; None where all is."""
        if self.is_settled:
            return None
        said = list(self.differs.values())[:_TOLD] or [self.waits or "Nobody has answered yet"]
        if len(self.differs) > _TOLD:
            said.append(f"{len(self.differs) - _TOLD} more parts differ")
        return ". ".join(said) + ("; one more reader is asked." if self.differs and self.asked else ".")


def settled(
    entry: WorklistEntry,
    side: str | None,
    votes: Sequence[Vote],
    decided: Mapping[str, Adjudication],
    film: Facts,
    bounds: Bounds,
    waits: str | None = None,
    asked: bool = False,
    drawn: bool = True,
) -> Settled:
    """Settle one side: what was adjudicated first, then what the readers agree on.

    votes: on this side. decided: the adjudications of it that stand, by part. waits: who has still to answer, of those
    asked from the start; until then nothing but what was adjudicated is settled. drawn: whether outlines are joined,
    which takes time; without, the answer lacks them.
    """
    how: dict[str, How] = {}
    differs: dict[str, str] = {}
    kept: list[Mapping[str, Any]] = []
    findings = asked_findings([vote.answer for vote in votes])
    overruled = bool(findings) and CLASS in decided  # the class of findings says what each of them is
    for part, ballot in {} if waits else ballots(votes, film, bounds).items():
        if part in decided or (overruled and part in findings):
            continue
        agreeing = ballot.agreeing()
        if agreeing is None:
            differs[part] = ballot.told()
            continue
        how[part] = _how(len(ballot.voters), len(agreeing))
        if drawn or not any(part in vote.answer.masks or part in vote.answer.outlines for vote in votes):
            kept.append(ballot.merge(agreeing))
    for part, decision in decided.items():
        how[part] = ADJUDICATED
        kept.append(parts(decision.answer)[part])
    if findings and CLASS not in decided and not differs.keys() & set(findings) and not waits:
        said = joined(kept)["findings"] or {}
        # A reader who left a finding open gave no label: what nobody looked for is not absent.
        whole = set(findings) <= said.keys() and any(vote.answer.label is not None for vote in votes)
        label = joined_label({name: said[name] for name in findings}) if whole else None
        kept.append(class_of([vote.answer for vote in votes], label))
        how[CLASS] = max((how[name] for name in findings if name in how), key=_WEAKEST.index, default=ADJUDICATED)
    return Settled(
        entry.id,
        entry.case_id,
        entry.recipe,
        side,
        _answer(entry, side, votes, decided, joined(kept)) if how else None,
        how,
        differs,
        waits,
        asked,
        tuple(dict.fromkeys(vote.annotator for vote in votes)),
        next((one.answer.annotator for one in reversed(list(decided.values()))), None),
    )


_WEAKEST: tuple[How, ...] = (ADJUDICATED, AGREED, MAJORITY, SINGLE)


def _how(voters: int, agreeing: int) -> How:
    if voters == 1:
        return SINGLE
    return AGREED if agreeing == voters else MAJORITY


def _answer(
    entry: WorklistEntry,
    side: str | None,
    votes: Sequence[Vote],
    decided: Mapping[str, Adjudication],
    kept: Mapping[str, Any],
) -> LabeledCase:
    by = dict.fromkeys([*(vote.annotator for vote in votes), *(one.answer.annotator for one in decided.values())])
    at = max([*(vote.at for vote in votes), *(one.at for one in decided.values())])
    return labeled_case(
        entry.case_id, entry.recipe, {**kept, "annotator": "+".join(by), "answered_at": at, "side": side or ""}
    )
