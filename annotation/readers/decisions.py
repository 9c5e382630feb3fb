"""What a person may decide of one side of a case, as the answer that the ledger puts down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from annotation.answers import joined as joined_label
from annotation.films import Facts
from annotation.ledger.payload import CLASS, joined, labeled_case
from annotation.question.names import REASONS
from annotation.readers.ballots import ballots
from annotation.readers.bounds import Bounds
from annotation.readers.opened import Opened
from annotation.readers.votes import Vote
from core.case import LabeledCase

SOMETHING_ELSE: Final = REASONS[-1]


def as_said_by(vote: Vote, by: str) -> LabeledCase:
    """All that one reader says."""
    return _whole(replace(vote.answer, annotator=by, answered_at=datetime.now(UTC)))


def consensus_of(votes: Sequence[Vote], film: Facts, bounds: Bounds, case: LabeledCase) -> LabeledCase | None:
    """What readers say together: outlines by consensus and points by their mean, however far apart they lie, and the
    class, findings and grades that more than half of them give. None where nothing of it is said by two. case: whose
    name, recipe, side and adjudicator the answer bears."""
    kept: list[Mapping[str, Any]] = []
    for part, ballot in ballots(votes, film, bounds).items():
        drawn = part != CLASS and not any(part in vote.answer.findings for vote in votes)
        agreeing = tuple(range(len(ballot.voters))) if drawn else ballot.agreeing()
        if agreeing is not None and len(ballot.voters) > 1:
            kept.append(ballot.merge(agreeing))
    if not kept:
        return None
    mine = {"annotator": case.annotator, "answered_at": case.answered_at, "side": case.side or ""}
    return labeled_case(case.case_id, case.recipe, {**joined(kept), **mine})


def own(
    opened: Opened,
    side: str | None,
    by: str,
    label: str | None,
    findings: Mapping[str, str] | None = None,
    drawn: LabeledCase | None = None,
    reasons: Sequence[str] = (),
    remark: str | None = None,
) -> LabeledCase:
    """An answer of one's own. label: None where the film cannot be judged, for these reasons. findings: of yes or no;
    their class follows from them where all are given. drawn: whose outlines and points are taken along."""
    entry, answers = opened.entry, dict(findings or {})
    named = joined_label(answers) if answers and label is not None else label
    whole = LabeledCase(
        entry.case_id, named, by, datetime.now(UTC), entry.recipe, side, reasons=tuple(reasons), findings=answers,
        remark=remark or None,
    )  # fmt: skip
    if drawn is not None:
        grades = {name: value for name, value in drawn.findings.items() if name not in answers and "_" in name}
        grades = {name: value for name, value in grades.items() if name.startswith("genant_")}
        whole = replace(
            whole, masks=drawn.masks, outlines=drawn.outlines, points=drawn.points, findings={**answers, **grades}
        )
    return _whole(whole)


def _whole(answer: LabeledCase) -> LabeledCase:
    """With a reason where it cannot be judged: without any the ledger takes what is drawn for all that is decided."""
    if answer.label is None and not answer.reasons and not answer.certainty:
        return replace(answer, reasons=(SOMETHING_ELSE,))
    return answer
