"""Answers out of Label Studio into the ledger, each annotation once.

The task's number decides whose answer it is: what its data say can be edited by hand. What cannot be taken for an
answer is set aside with its reason and tried again by the next pull; nothing of one case, task or project ends the
pull for the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from annotation.answers import NotAnAnswer, labelled_cases
from annotation.label_studio import LabelStudio, ProjectGone
from annotation.labelling import Question
from annotation.ledger import Ledger, State, WorklistEntry


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
    ledger: Ledger, studio: LabelStudio, question_of: Callable[[str], Question], pseudonym: Callable[[str], str]
) -> Iterator[PullProgress]:
    """Take in what experts answered, yielding after each case that has an answer, lost one, or lost its task.

    pseudonym: from an account of Label Studio to the name under which its answers are kept.
    Taking in is keyed by the annotation's own number, so that it can be broken off and repeated at will.
    Raises LabelStudioFault where Label Studio cannot be used.
    """
    by_project: dict[int, dict[int, WorklistEntry]] = {}
    for entry in ledger.entries(State.PUSHED, State.ANSWERED):
        if entry.project_id is not None and entry.task_id is not None:
            by_project.setdefault(entry.project_id, {})[entry.task_id] = entry
    for project, entries in sorted(by_project.items()):
        try:
            tasks = {task["id"]: task for task in studio.answered_tasks(project)}
        except ProjectGone:
            yield from _gone(ledger, list(entries.values()), f"Its project {project} was deleted in Label Studio")
            continue
        answering = ledger.answering()
        looked_at = [task for task, entry in entries.items() if task in tasks or entry.id in answering]
        for done, task in enumerate(looked_at, start=1):
            entry = entries[task]
            if task in tasks or studio.has_task(task):
                annotations = tasks[task]["annotations"] if task in tasks else []
                yield _take(ledger, entry, project, annotations, question_of, pseudonym, (done, len(looked_at)))
        there = studio.task_numbers(project)
        lost = [entry for task, entry in entries.items() if task not in there and entry.state == State.PUSHED]
        yield from _gone(ledger, lost, "Its task was deleted in Label Studio")


def _take(
    ledger: Ledger,
    entry: WorklistEntry,
    project: int,
    annotations: list[dict[str, Any]],
    question_of: Callable[[str], Question],
    pseudonym: Callable[[str], str],
    place: tuple[int, int],
) -> PullProgress:
    """Take in all annotations of one task; those that are no longer there are withdrawn."""
    try:
        question = question_of(entry.recipe)
    except (KeyError, ValueError):
        said = f"There is no recipe {entry.recipe} in this version, so the answer to case {entry.case_id} waits"
        return PullProgress(*place, entry.case_id, 0, said=(said,))
    new, faults = 0, []
    for annotation in annotations:
        who = annotation.get("completed_by")
        account = str(who.get("id") if isinstance(who, dict) else who)
        try:
            answers = labelled_cases(question, entry.case_id, annotation, pseudonym(account))
        except NotAnAnswer as fault:
            ledger.set_aside(entry.id, project, int(annotation["id"]), str(fault))
            faults.append(str(fault))
        else:
            new += ledger.take(entry.id, project, int(annotation["id"]), answers)
    withdrawn = ledger.keep_only(entry.id, project, [int(annotation["id"]) for annotation in annotations])
    return PullProgress(*place, entry.case_id, new, withdrawn, tuple(faults))


def _gone(ledger: Ledger, entries: list[WorklistEntry], why: str) -> Iterator[PullProgress]:
    sentence = f"{why}; add the film again to ask anew"
    for done, entry in enumerate(entries, start=1):
        if ledger.gone(entry.id, sentence):
            yield PullProgress(done, len(entries), entry.case_id, 0, said=(sentence,))
