"""Answers out of Label Studio into the ledger, each annotation once.

A pull asks each project only for what changed since the pull before: Label Studio moves the time of a task whenever one
of its annotations comes, changes or goes. The mark is the server's own clock at the beginning of the last pull, less
an overlap for what was under way then; a task that stands as it was last looked at is not asked for again. What leaves
no time behind (a deleted task, an annotation deleted past the server's own page) shows in the project's counts: where
they do not add up, everything is looked at.

The task's number decides whose answer it is: what its data say can be edited by hand. What cannot be taken for an
answer is set aside with its reason and tried again once it is changed; nothing of one case, task or project ends the
pull for the others.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from annotation.answers import NotAnAnswer, labelled_cases
from annotation.label_studio import ChangedTask, LabelStudio, ProjectGone, ProjectNow, missing_controls
from annotation.ledger import DROPPED, Ledger, Pulled, State, Task, WorklistEntry
from annotation.question import Question

OVERLAP: Final = timedelta(minutes=1)  # far longer than Label Studio takes from setting a time to keeping it
_PORTION = 100  # tasks whose annotations are asked for at a time


@dataclass(frozen=True)
class PullProgress:
    """One more case looked at. `new`: answers taken in that were not known, or have been changed since.

    withdrawn: answers that no longer stand. said: a sentence for each thing that a person should know of this case.
    """

    done: int
    total: int
    case_id: str
    new: int
    withdrawn: int = 0
    said: tuple[str, ...] = ()


def pull(
    ledger: Ledger,
    studio: LabelStudio,
    question_of: Callable[[str], Question],
    pseudonym: Callable[[str], str],
    only: Collection[int] | None = None,
) -> Iterator[PullProgress]:
    """Take in what experts answered, yielding after each case that has an answer, lost one, or lost its task.

    pseudonym: from an account of Label Studio to the name under which its answers are kept. only: the projects to look
    at, of those that the worklist has tasks in; all of them unless told.
    Taking in is keyed by the annotation's own number, so that it can be broken off and repeated at will.
    Raises LabelStudioFault where Label Studio cannot be used.
    """
    for project, count in ledger.projects().items():
        if only is not None and project not in only:
            continue
        try:
            yield from _Project(ledger, studio, project, count, question_of, pseudonym).pull()
        except ProjectGone:
            lost = list(ledger.tasks_of_project(project).values())
            yield from _gone(ledger, lost, f"Its project {project} was deleted in Label Studio")


class _Project:
    """The pull of one project. What it costs goes by what changed, not by how many tasks the project has."""

    def __init__(
        self,
        ledger: Ledger,
        studio: LabelStudio,
        project: int,
        count: int,
        question_of: Callable[[str], Question],
        pseudonym: Callable[[str], str],
    ) -> None:
        self._ledger, self._studio, self._project, self._count = ledger, studio, project, count
        self._question_of, self._pseudonym = question_of, pseudonym
        self._warned: set[str] = set()

    def pull(self) -> Iterator[PullProgress]:
        now = self._studio.project_now(self._project)
        before = self._ledger.pulled(self._project)
        others = before.others if before else 0
        changed = self._studio.changed_tasks(self._project, before.until - OVERLAP if before else None)
        known = self._ledger.tasks_of_project(self._project, [task.id for task in changed])
        if before is not None and not self._adds_up(now, before, changed, known):
            changed = self._studio.changed_tasks(self._project, None)
            known = self._ledger.tasks_of_project(self._project)
        waits = yield from self._take_changed(changed, known, now)
        yield from self._without_doubles([task for task in changed if task.id not in known])
        if now.tasks != self._count + others:
            known = self._ledger.tasks_of_project(self._project)
            there = self._studio.task_numbers(self._project)
            lost = [task for number, task in known.items() if number not in there]
            yield from _gone(self._ledger, lost, "Its task was deleted in Label Studio")
            others = len(there - known.keys())
        if not waits:
            self._ledger.pulled_until(self._project, Pulled(now.at, others, now.annotations))

    def _adds_up(self, now: ProjectNow, before: Pulled, changed: list[ChangedTask], known: dict[int, Task]) -> bool:
        """Whether what changed makes the difference between the project's counts, then and now."""
        if any(task.id not in known for task in changed):
            return False  # of tasks that are not ours nobody knows how many annotations they had
        more = sum(task.annotations - known[task.id].annotations for task in changed)
        return now.tasks == self._count + before.others and now.annotations == before.annotations + more

    def _take_changed(
        self, changed: list[ChangedTask], known: dict[int, Task], now: ProjectNow
    ) -> Generator[PullProgress, None, bool]:
        """Take in what these tasks hold; gives whether an answer waits for a recipe that this version lacks."""
        fresh = [task for task in changed if task.id in known and _is_new(task, known[task.id])]
        odd = self._ledger.tasks_set_aside(self._project)
        fresh += [
            ChangedTask(number, task.seen or "", task.annotations, None)
            for number, task in odd.items()
            if number not in {one.id for one in fresh}
        ]
        known = known | odd
        answering = self._ledger.answering() if fresh else set()
        telling = [task for task in fresh if task.annotations or known[task.id].entry in answering]
        numbers = {task.id for task in telling}
        self._seen([task for task in fresh if task.id not in numbers])
        waits = False
        for first in range(0, len(telling), _PORTION):
            portion = telling[first : first + _PORTION]
            found = self._studio.annotations_of(self._project, [task.id for task in portion])
            for place, task in enumerate(portion, start=first + 1):
                entry = self._ledger.entry_numbered(known[task.id].entry)
                if task.id not in found or entry is None:
                    continue  # deleted in this moment
                try:
                    question = self._question_of(entry.recipe)
                except (KeyError, ValueError):
                    waits = True
                    yield PullProgress(place, len(telling), entry.case_id, 0, said=(_no_such_recipe(entry),))
                    continue
                yield self._take(entry, found[task.id], question, now.config, (place, len(telling)))
                self._seen([task])
        return waits

    def _seen(self, tasks: list[ChangedTask]) -> None:
        if tasks:
            self._ledger.looked_at(self._project, {task.id: (task.changed, task.annotations) for task in tasks})

    def _take(
        self,
        entry: WorklistEntry,
        annotations: list[dict[str, Any]],
        question: Question,
        config: str,
        place: tuple[int, int],
    ) -> PullProgress:
        """Take in all annotations of one task; those that are no longer there are withdrawn."""
        new, said = 0, []
        for annotation in annotations:
            number, who = int(annotation["id"]), self._pseudonym(_account(annotation.get("completed_by")))
            changed_by = annotation.get("updated_by")
            by = self._pseudonym(_account(changed_by)) if changed_by is not None else None
            try:
                answers = labelled_cases(question, entry.case_id, annotation, who)
            except NotAnAnswer as fault:
                self._ledger.set_aside(entry.id, self._project, number, str(fault))
                said.append(str(fault))
            else:
                because = "cancelled by the expert" if annotation.get("was_cancelled") else DROPPED
                new += self._ledger.take(entry.id, self._project, number, answers, by=by, because=because)
        there = [int(annotation["id"]) for annotation in annotations]
        withdrawn = self._ledger.keep_only(entry.id, self._project, there)
        said += self._changed_interface(question, config)
        return PullProgress(*place, entry.case_id, new, withdrawn, tuple(said))

    def _changed_interface(self, question: Question, config: str) -> list[str]:
        """A sentence, once a pull, where the project no longer asks all that answers are read from."""
        if question.recipe in self._warned:
            return []
        self._warned.add(question.recipe)
        lacks = missing_controls(config, question)
        if not lacks:
            return []
        where = f"The labelling interface of project {self._project} was changed and lacks {lacks}"
        return [f"{where}; answers that fit are taken in, restore it so that all can be given"]

    def _without_doubles(self, others: list[ChangedTask]) -> Iterator[PullProgress]:
        """A second task of a case, from a push that died and whose request was carried out long after, is taken away.

        Not where somebody has answered it, or where the first one is gone: that is for a person to see.
        """
        for task in others:
            entry = self._ledger.entry(*task.case) if task.case else None
            first = (
                [one for one in self._ledger.tasks_of_case(entry.id) if _is_there(one, self._project)] if entry else []
            )
            if entry is None or not first or not self._studio.has_task(first[0].task_id):
                continue
            if task.annotations:
                said = f"Label Studio has a second task {task.id} of this case, whose answer is not taken in"
            else:
                self._studio.delete(task.id)
                said = f"Label Studio had a second task {task.id} of this case without an answer; it was deleted"
            yield PullProgress(1, 1, entry.case_id, 0, said=(said,))


def _is_new(task: ChangedTask, known: Task) -> bool:
    return task.changed != known.seen or task.annotations != known.annotations


def _is_there(task: Task, project: int) -> bool:
    return task.project_id == project and task.state != State.GONE


def _no_such_recipe(entry: WorklistEntry) -> str:
    return f"There is no recipe {entry.recipe} in this version, so the answer to case {entry.case_id} waits"


def _gone(ledger: Ledger, tasks: Sequence[Task], why: str) -> Iterator[PullProgress]:
    anew = f"{why}; add the film again to ask anew"
    for done, task in enumerate(tasks, start=1):
        entry = ledger.entry_numbered(task.entry) if ledger.task_gone(*_numbers(task), anew) else None
        if entry is not None:
            said = anew if entry.state == State.GONE else f"{why}; the case goes on with its other readers"
            yield PullProgress(done, len(tasks), entry.case_id, 0, said=(said,))


def _numbers(task: Task) -> tuple[int, int]:
    return task.project_id, task.task_id


def _account(who: Any) -> str:
    return str(who.get("id") if isinstance(who, dict) else who)
