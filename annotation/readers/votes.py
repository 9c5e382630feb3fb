"""Whose answer counts for what: the readers of one case, side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import ascii_uppercase

from annotation.ledger import TakenAnswer, Task, WorklistEntry
from annotation.state import State
from core.case import LabeledCase


@dataclass(frozen=True)
class Vote:
    """What one reader says of one side of a case.

    letter: A for whoever was asked first, and so on. project_id: where it was asked. late: whether this reader was
    asked because others disagree. blind: without the model's answer; None where that is not known.
    """

    letter: str
    project_id: int
    blind: bool | None
    late: bool
    answer: LabeledCase

    @property
    def annotator(self) -> str:
        return self.answer.annotator

    @property
    def at(self) -> datetime:
        return self.answer.answered_at


def votes_of(
    entry: WorklistEntry, tasks: Sequence[Task], taken: Iterable[TakenAnswer]
) -> dict[str | None, tuple[Vote, ...]]:
    """The votes on each side of a case, in the order of the readers; `None` is a film that is judged as one.

    taken: the answers to this very case. A person who answers in two readers' projects has two votes, and one who
    answers twice in one project has the later. The letters are the same on both sides.
    """
    number = {task.project_id: task.reader or 1 for task in tasks}
    last = {(one.project_id, one.answer.annotator, one.answer.side): one for one in taken}  # the later stands
    readers = sorted({key[:2] for key in last}, key=lambda reader: (number.get(reader[0], 1), *reader))
    votes: dict[str | None, list[Vote]] = {}
    for place, (project, annotator) in enumerate(readers):
        late = entry.asked_first is not None and number.get(project, 1) > entry.asked_first
        letter = ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)
        for (where, who, side), one in last.items():
            if (where, who) == (project, annotator):
                votes.setdefault(side, []).append(Vote(letter, project, one.blind, late, one.answer))
    return {side: tuple(several) for side, several in votes.items()}


def by_case(taken: Iterable[TakenAnswer]) -> dict[int, list[TakenAnswer]]:
    """Answers by the number of their case."""
    found: dict[int, list[TakenAnswer]] = {}
    for one in taken:
        found.setdefault(one.entry, []).append(one)
    return found


def waits_for(entry: WorklistEntry, tasks: Sequence[Task], votes: int) -> str | None:
    """Who of those that were asked from the start has still to answer, in a sentence; None where all have."""
    if entry.state == State.GONE and not votes:
        return "Its task was deleted in Label Studio before anybody answered"
    if entry.state == State.HELD:
        return "It may show a name, and goes nowhere until a person has looked at it"
    there = [task for task in tasks if task.state != State.GONE]
    first = [task for task in there if entry.asked_first is None or (task.reader or 1) <= entry.asked_first]
    silent = [task.reader for task in first if task.state != State.ANSWERED]
    if not there and not votes:
        return "It has not been sent to Label Studio yet"
    if silent:
        named = " and ".join(f"reader {reader}" if reader else "the reader" for reader in silent)
        return f"{named[0].upper()}{named[1:]} {'has' if len(silent) == 1 else 'have'} not answered yet"
    if entry.asked_first is None and (entry.readers or 0) > len(there):
        return "More readers are asked at the next push"
    return None if votes else "Nobody has answered yet"


def one_more_is_asked(entry: WorklistEntry, tasks: Sequence[Task]) -> bool:
    """Whether a reader who was sent for to settle a disagreement has still to answer."""
    if entry.asked_first is None:
        return False
    there = [task for task in tasks if task.state != State.GONE]
    silent = any(task.state != State.ANSWERED and (task.reader or 1) > entry.asked_first for task in there)
    return silent or (entry.readers or 0) > len(there)
