"""Answers out of Label Studio into the ledger, each annotation once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from annotation.answers import labelled_cases
from annotation.label_studio import LabelStudio
from annotation.labelling import Question
from annotation.ledger import Ledger, State


@dataclass(frozen=True)
class PullProgress:
    """One more answered case looked at. `new`: answers taken in that were not known, or have been changed since."""

    done: int
    total: int
    case_id: str
    new: int


def pull(
    ledger: Ledger, studio: LabelStudio, question_of: Callable[[str], Question], pseudonym: Callable[[str], str]
) -> Iterator[PullProgress]:
    """Take in what experts answered, yielding after each case that has an answer.

    pseudonym: from an account of Label Studio to the name under which its answers are kept.
    Taking in is keyed by the annotation's own number, so that it can be broken off and repeated at will.
    Raises LabelStudioFault where Label Studio cannot be used.
    """
    entries = {
        (entry.project_id, entry.case_id, entry.recipe): entry for entry in ledger.entries(State.PUSHED, State.ANSWERED)
    }
    for project in sorted({project for project, _, _ in entries if project is not None}):
        tasks = [
            (entries[key], task)
            for task in studio.answered_tasks(project)
            if (key := (project, task["data"].get("case_id"), task["data"].get("recipe"))) in entries
        ]
        for done, (entry, task) in enumerate(tasks, start=1):
            question, new = question_of(entry.recipe), 0
            for annotation in task["annotations"]:
                who = annotation.get("completed_by")
                account = str(who.get("id") if isinstance(who, dict) else who)
                answers = labelled_cases(question, entry.case_id, annotation, pseudonym(account))
                new += ledger.take(entry.id, project, int(annotation["id"]), answers)
            yield PullProgress(done, len(tasks), entry.case_id, new)
