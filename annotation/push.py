"""Hard cases into Label Studio, each as exactly one task, whatever dies and whenever.

For each case, in this order:
1. the ledger puts down who is about to push it (`claim`), and nobody else can;
2. Label Studio is asked whether it has the case, for an earlier push may have got that far;
3. if not, the film goes up, the claim is made sure of, and the task is made, by a request that is never repeated;
4. Label Studio is asked again: should there be two tasks by now, the older stays, and whoever made the younger takes
   it away;
5. the ledger puts down the task.

Killed in between, the case stands at `pushing` in the name of a dead holder; the next push takes it over and 2 finds
what there is. What 2 cannot see is a request that the dead one sent and that Label Studio is still at work on, so a
case taken over rests first until that must be done. 4 is for a process that slept between 3's claim and its request,
so long that another took the case over meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from annotation.films import film_path
from annotation.holder import Holder, bury, is_gone
from annotation.label_studio import LabelStudio, LabelStudioFault, TaskRefused
from annotation.labelling import Question
from annotation.ledger import Ledger, LostClaim, State, WorklistEntry

_SETTLE_S = 5.0  # Label Studio makes a task in well under a second; none is still being made after this


class NoSuchRecipe(Exception):
    """A case of a recipe that this version does not have; the message is one sentence for a person."""


@dataclass(frozen=True)
class PushProgress:
    """One more case dealt with: `link` leads to its task, or `error` says in a sentence why there is none.

    Neither is there for a case that another process is pushing at the same time.
    """

    done: int
    total: int
    case_id: str
    link: str | None = None
    error: str | None = None


def push(
    ledger: Ledger, studio: LabelStudio, title: str, home: Path, question_of: Callable[[str], Question]
) -> Iterator[PushProgress]:
    """Push every case that waits, yielding after each. Any number of processes may do so at once.

    question_of: the question that a recipe asks, by its name; ValueError or KeyError where there is no such recipe.
    Raises LabelStudioFault where Label Studio cannot be used; the cases not yet pushed go on waiting.
    """
    entries = ledger.entries(State.WAITING, State.FAILED, State.PUSHING)
    projects: dict[Question, int] = {}
    with Holder(home) as holder:
        gone = {name for name in ledger.holders() if is_gone(home, name)}
        for done, entry in enumerate(entries, start=1):
            if ledger.claim(entry.id, holder.name, gone) is None:
                yield PushProgress(done, len(entries), entry.case_id, link=_link_by_now(ledger, studio, entry))
                continue
            try:
                question = _asked(question_of, entry)
                if question not in projects:
                    projects[question] = studio.project(question, title)
                task = _one_task(ledger, studio, holder.name, home, entry, projects[question], question)
                ledger.pushed(entry.id, holder.name, projects[question], task)
                yield PushProgress(done, len(entries), entry.case_id, link=studio.link(projects[question], task))
            except LabelStudioFault as fault:
                with suppress(LostClaim):
                    ledger.put_back(entry.id, holder.name, str(fault))
                raise
            except (TaskRefused, OSError, NoSuchRecipe) as error:
                sentence = _sentence(error, entry)
                with suppress(LostClaim):
                    ledger.failed(entry.id, holder.name, sentence)
                yield PushProgress(done, len(entries), entry.case_id, error=sentence)
            except LostClaim:
                yield PushProgress(done, len(entries), entry.case_id, link=_link_by_now(ledger, studio, entry))
        for name in gone:
            bury(home, name)


def _one_task(
    ledger: Ledger, studio: LabelStudio, holder: str, home: Path, entry: WorklistEntry, project: int, question: Question
) -> int:
    """The one task of this case: found, or made."""
    if entry.attempts and entry.state != State.FAILED:  # what failed was answered; what was not may be under way
        time.sleep(_rest(datetime.now(UTC), entry.changed_at))
    tasks = studio.tasks_of(project, entry.case_id, entry.recipe)
    if not tasks:
        film = studio.upload(project, entry.case_id, film_path(home, entry.case_id).read_bytes())
        ledger.renew(entry.id, holder)
        made = studio.create(project, question, entry.case_id, film)
        tasks = studio.tasks_of(project, entry.case_id, entry.recipe)
        if made in tasks[1:]:
            studio.delete(made)
    return tasks[0]


def _rest(now: datetime, changed_at: datetime) -> float:
    """Seconds until what a dead pusher sent must be done; never more than `_SETTLE_S`, though a clock was set back."""
    return min(_SETTLE_S, max(0.0, _SETTLE_S - (now - changed_at).total_seconds()))


def _asked(question_of: Callable[[str], Question], entry: WorklistEntry) -> Question:
    try:
        return question_of(entry.recipe)
    except (KeyError, ValueError) as error:
        raise NoSuchRecipe(
            f"There is no recipe {entry.recipe} in this version, so nothing can be asked about case {entry.case_id}"
        ) from error


def _link_by_now(ledger: Ledger, studio: LabelStudio, entry: WorklistEntry) -> str | None:
    """Where another process has put the case, if it is done."""
    now = ledger.entry(entry.case_id, entry.recipe)
    return studio.link(now.project_id, now.task_id) if now and now.project_id and now.task_id else None


def _sentence(error: Exception, entry: WorklistEntry) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The film of case {entry.case_id} is no longer under home/films; read it again to put it back"
    if isinstance(error, OSError):
        return f"The film of case {entry.case_id} cannot be read ({error.strerror}); check home/films"
    return str(error)
