"""The truth of every case, by what the ledger holds at this moment."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from annotation.films import facts_of
from annotation.ledger import Adjudication, Ledger, State, TakenAnswer, Task, WorklistEntry
from annotation.readers.bounds import Bounds
from annotation.readers.settled import Settled, settled
from annotation.readers.votes import by_case, one_more_is_asked, votes_of, waits_for


def truths(
    ledger: Ledger,
    home: Path,
    bounds: Bounds,
    recipe: str | None = None,
    case_id: str | None = None,
    drawn: bool = True,
    classes_only: bool = False,
) -> list[Settled]:
    """What is settled of every case and side that was ever asked about, and why the others are not, in the order in
    which the cases came.

    home: where the films lie. recipe, case_id: of these alone. drawn: whether outlines are joined, which takes time.
    classes_only: whether what readers drew is left out altogether: for lists. A side that no
    reader has answered, and a case whose film is no longer kept, stand with why.
    """
    taken, decided, tasks = (
        by_case(ledger.taken(case_id, recipe, drawn=not classes_only)),
        _decisions(ledger.adjudications()),
        ledger.tasks_by_case(),
    )
    found: list[Settled] = []
    for entry in ledger.entries():
        if entry.state == State.DROPPED:
            continue
        if recipe in (None, entry.recipe) and case_id in (None, entry.case_id):
            found += truths_of(entry, tasks.get(entry.id, ()), taken.get(entry.id, ()), decided, home, bounds, drawn)
    return found


def truths_of(
    entry: WorklistEntry,
    tasks: Iterable[Task],
    taken: Iterable[TakenAnswer],
    decided: Mapping[tuple[int, str | None], Mapping[str, Adjudication]],
    home: Path,
    bounds: Bounds,
    drawn: bool,
) -> list[Settled]:
    """The sides of one case."""
    asked = list(tasks)
    votes = votes_of(entry, asked, taken)
    waits, more = waits_for(entry, asked, len(votes)), one_more_is_asked(entry, asked)
    fixed = {side: parts for (at, side), parts in decided.items() if at == entry.id}
    if not votes and not fixed:
        return [_nothing(entry, waits)]
    try:
        film = facts_of(home, entry.case_id)
    except FileNotFoundError:
        return [_nothing(entry, "Its film is no longer under home/films; read it again to put it back")]
    sides = dict.fromkeys([*votes, *fixed])
    if None not in sides:  # judged a side at a time: those that nobody has judged are told as well
        sides |= dict.fromkeys(entry.sides)
    found = []
    for side in sorted(sides, key=lambda side: (side != "R", str(side))):  # the right one first, as films are read
        some, parts = votes.get(side, ()), fixed.get(side, {})
        silent = waits or (None if some or parts else "No reader has judged this side")
        try:
            found.append(settled(entry, side, some, parts, film, bounds, silent, more, drawn))
        except ValueError as fault:  # a drawing that does not fit its film; the other cases go on
            found.append(_nothing(entry, str(fault), side))
    return found


def _nothing(entry: WorklistEntry, why: str | None, side: str | None = None) -> Settled:
    return Settled(entry.id, entry.case_id, entry.recipe, side, None, {}, {}, why)


def _decisions(all_of_them: Iterable[Adjudication]) -> dict[tuple[int, str | None], dict[str, Adjudication]]:
    found: dict[tuple[int, str | None], dict[str, Adjudication]] = {}
    for one in all_of_them:
        if one.stands:
            found.setdefault((one.entry, one.answer.side), {})[one.part] = one
    return found
