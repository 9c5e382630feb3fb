"""One more reader for what the others disagree on."""

from collections.abc import Iterable

from annotation.ledger import Ledger, State
from annotation.readers.settled import Settled


def ask_one_more(ledger: Ledger, found: Iterable[Settled]) -> list[int]:
    """Have the cases of these sides asked of one reader more at the next push, where readers differ and none is asked
    yet; gives the numbers of the cases that wait now."""
    open_cases = dict.fromkeys(one.entry for one in found if one.differs and not one.asked)
    waiting = []
    for entry in open_cases:
        there = [task for task in ledger.tasks_of_case(entry) if task.state != State.GONE]
        if ledger.ask_more(entry, len(there) + 1, settling=True):
            waiting.append(entry)
    return waiting
