"""Hard cases into Label Studio in batches, each as exactly one task a reader, whatever dies and whenever.

For each batch of cases of one recipe, in this order:
1. the ledger puts down who is about to push them (`claim_all`), and nobody else can;
2. Label Studio is asked which of them it has, for an earlier push may have got that far;
3. for the others the films go up, the claims are made sure of, and the tasks are made, all or none, by one request that
   is never repeated;
4. Label Studio is asked again: should a case have two tasks by now, the older stays, and whoever made the younger takes
   it away;
5. the ledger puts down the tasks.

Killed in between, the cases stand at `pushing` in the name of a dead owner; the next push takes them over and 2 finds
what there is. What 2 cannot see is a request that the dead one sent and that Label Studio is still at work on, so cases
taken over rest first until that must be done; should it take longer still, the next pull finds the double. 4 is for a
process that slept between 3's claim and its request, so long that another took the cases over meanwhile.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from annotation.films import film_path
from annotation.label_studio import (
    InterfaceChanged,
    LabelStudio,
    LabelStudioFault,
    ProjectGone,
    TaskRefused,
    project_title,
)
from annotation.ledger import Ledger, LostClaim, State, Task, WorklistEntry
from annotation.ledger.lock_owner import LockOwner, clear_stale_lock, is_dead
from annotation.predictions import about, asked, is_blind, predictions
from annotation.question import Question

BATCH: Final = 50  # cases a batch: a second or two of Label Studio's time
_SETTLE_S = 5.0  # Label Studio makes a batch of tasks in well under a second; none is still being made after this


@dataclass(frozen=True)
class PushProgress:
    """One more case dealt with: `link` leads to its first task, or `error` says in a sentence why there is none.

    Neither is there for a case that another process is pushing at the same time.
    """

    done: int
    total: int
    case_id: str
    link: str | None = None
    error: str | None = None


def push(
    ledger: Ledger,
    studio: LabelStudio,
    title: str,
    home: Path,
    question_of: Callable[[str], Question],
    readers: int = 1,
    preannotate: bool = False,
) -> Iterator[PushProgress]:
    """Push every case that waits, yielding after each. Any number of processes may do so at once.

    question_of: the question that a recipe asks, by its name; ValueError or KeyError where there is no such recipe.
    readers: how many experts are asked about each case, each in a project of its own, unless the ledger names another
    number for the case. preannotate: whether experts see the model's answers and correct them; cases of the control arm
    are asked blind all the same. Raises LabelStudioFault where Label Studio cannot be used; the cases not yet pushed go
    on waiting. Raises ValueError for fewer readers than one.
    """
    if readers < 1:
        raise ValueError(f"{readers} readers are to be asked, expected 1 or more")
    entries = ledger.entries(State.WAITING, State.FAILED, State.PUSHING)
    done, total = 0, len(entries)
    with LockOwner(home) as owner:
        dead = {name for name in ledger.owners() if is_dead(home, name)}
        pusher = _Pusher(ledger, studio, owner.name, title, home, preannotate)
        for batch in _batches(entries, preannotate):
            states = ledger.claim_all([entry.id for entry in batch], owner.name, dead)
            mine = [entry for entry in batch if entry.id in states]
            ends: dict[int, str | None] = {entry.id: "elsewhere" for entry in batch if entry.id not in states}
            try:
                ends |= pusher.push(mine, question_of, readers)
            except LabelStudioFault as fault:
                for entry in mine:
                    with suppress(LostClaim):
                        ledger.put_back(entry.id, owner.name, str(fault))
                raise
            places = ledger.places([entry.id for entry in batch if ends.get(entry.id) in (None, "elsewhere")])
            for entry in batch:
                done += 1
                error = ends.get(entry.id)
                link = studio.link(*places[entry.id]) if entry.id in places else None
                yield PushProgress(done, total, entry.case_id, link, None if error == "elsewhere" else error)
        for name in dead:
            clear_stale_lock(home, name)


def _batches(entries: Sequence[WorklistEntry], preannotate: bool) -> Iterator[list[WorklistEntry]]:
    """Cases that are put the same question, in the order in which they came."""
    alike: dict[tuple[str, str | None], list[WorklistEntry]] = {}
    for entry in entries:
        shown = None if is_blind(entry, preannotate) else entry.model or ""
        alike.setdefault((entry.recipe, shown), []).append(entry)
    for some in alike.values():
        for first in range(0, len(some), BATCH):
            yield some[first : first + BATCH]


class _Pusher:
    """What one process does to the batches of cases that it has claimed."""

    def __init__(
        self,
        ledger: Ledger,
        studio: LabelStudio,
        owner: str,
        title: str,
        home: Path,
        preannotate: bool,
    ) -> None:
        self._ledger, self._studio, self._owner = ledger, studio, owner
        self._title, self._home = title, home
        self._preannotate = preannotate
        self._projects: dict[tuple[Question, int | None], int] = {}

    def push(
        self, entries: list[WorklistEntry], question_of: Callable[[str], Question], readers: int
    ) -> dict[int, str | None]:
        """What became of each case: None where it has its tasks, `elsewhere`, or a sentence why not."""
        if not entries:
            return {}
        try:
            question = asked(question_of(entries[0].recipe), entries[0], self._preannotate)
        except (KeyError, ValueError):
            return {entry.id: self._failed(entry, _no_such_recipe(entry)) for entry in entries}
        try:
            return self._in_parts(entries, question, readers)
        except InterfaceChanged as changed:  # says nothing of the projects of other recipes
            return {entry.id: self._failed(entry, str(changed)) for entry in entries}

    def _in_parts(self, entries: list[WorklistEntry], question: Question, readers: int) -> dict[int, str | None]:
        """The whole batch; where Label Studio refuses it, each half for itself, down to the case it will not have."""
        try:
            return self._whole(entries, question, readers)
        except TaskRefused as refused:
            if len(entries) == 1:
                return {entries[0].id: self._failed(entries[0], str(refused))}
            half = len(entries) // 2
            return self._in_parts(entries[:half], question, readers) | self._in_parts(entries[half:], question, readers)

    def _whole(self, entries: list[WorklistEntry], question: Question, readers: int) -> dict[int, str | None]:
        ends: dict[int, str | None] = {}
        films: dict[str, bytes] = {}
        for entry in entries:
            try:
                films[entry.case_id] = film_path(self._home, entry.case_id).read_bytes()
            except OSError as error:
                ends[entry.id] = self._failed(entry, _sentence(error, entry))
        left = [entry for entry in entries if entry.id not in ends]
        tried = [entry for entry in left if entry.attempts and entry.state != State.FAILED]
        if tried:  # what failed was answered; what was not may be under way
            time.sleep(max(_rest(datetime.now(UTC), entry.changed_at) for entry in tried))
        made: dict[int, list[Task]] = {entry.id: [] for entry in left}
        for reader, wanted in self._by_reader(left, readers):
            for task in self._tasks_of_reader(wanted, films, question, reader):
                made[task.entry].append(task)
        done = self._ledger.pushed_all(made, self._owner)
        return ends | {entry.id: None if entry.id in done else "elsewhere" for entry in left}

    def _by_reader(
        self, entries: list[WorklistEntry], readers: int
    ) -> Iterator[tuple[int | None, list[WorklistEntry]]]:
        """Which cases each reader is still to be asked: the only one (None), or from 1 on."""
        wanted: dict[int | None, list[WorklistEntry]] = {}
        before = self._ledger.tasks_of_cases([entry.id for entry in entries])
        for entry in entries:
            asked = [task for task in before[entry.id] if task.state != State.GONE]
            by = {task.reader or 1 for task in asked}
            number = entry.readers or readers
            for reader in range(1, number + 1):
                if reader not in by:
                    wanted.setdefault(reader if number > 1 else None, []).append(entry)
        yield from wanted.items()

    def _tasks_of_reader(
        self, entries: list[WorklistEntry], films: dict[str, bytes], question: Question, reader: int | None
    ) -> Iterator[Task]:
        """The one task of each case for this reader: found, or made."""
        elsewhere = self._asked_before(entries, question, reader)
        yield from elsewhere
        left = [entry for entry in entries if entry.id not in {task.entry for task in elsewhere}]
        if not left:
            return
        for again in (True, False):
            project = self._project(question, reader)
            try:
                found = self._found_or_made(project, left, films, question)
                break
            except ProjectGone as gone:  # deleted under our hands: it is made anew, once
                self._projects.clear()
                if not again:
                    raise LabelStudioFault(f"Label Studio lost project {project} while cases were pushed") from gone
        for entry in left:
            if entry.case_id in found:
                yield Task(entry.id, project, found[entry.case_id][0], reader, question.blind)

    def _project(self, question: Question, reader: int | None) -> int:
        key = (question, reader)
        if key not in self._projects:
            self._projects[key] = self._studio.project(question, self._title, reader)
        return self._projects[key]

    def _asked_before(self, entries: list[WorklistEntry], question: Question, reader: int | None) -> list[Task]:
        """Tasks in projects of the other kind, where an earlier push that died was told to show answers, or not."""
        tried: dict[Question, list[WorklistEntry]] = {}
        for entry in entries:
            if entry.attempts:
                tried.setdefault(asked(question, entry, not self._preannotate), []).append(entry)
        before: list[Task] = []
        for other, some in tried.items():
            title = project_title(other, self._title, reader)
            project = self._studio.find_project(title) if other.blind != question.blind else None
            if project is None:
                continue
            found = self._studio.tasks_of_cases(project, [entry.case_id for entry in some], question.recipe)
            for entry in some:
                gone = {task.task_id for task in self._ledger.tasks_of_case(entry.id) if task.state == State.GONE}
                if entry.case_id in found and found[entry.case_id][0] not in gone:
                    before.append(Task(entry.id, project, found[entry.case_id][0], reader, other.blind))
        return before

    def _found_or_made(
        self, project: int, entries: list[WorklistEntry], films: dict[str, bytes], question: Question
    ) -> dict[str, list[int]]:
        cases = [entry.case_id for entry in entries]
        found = self._studio.tasks_of_cases(project, cases, question.recipe)
        missing = [entry for entry in entries if entry.case_id not in found]
        if not missing:
            return found
        addresses = self._studio.upload(project, {entry.case_id: films[entry.case_id] for entry in missing})
        kept = self._ledger.renew_all([entry.id for entry in missing], self._owner)
        tasks = [self._task(entry, addresses[entry.case_id], question) for entry in missing if entry.id in kept]
        made = set(self._studio.create(project, tasks) if tasks else ())
        found = self._studio.tasks_of_cases(project, cases, question.recipe)
        for numbers in found.values():
            for younger in made.intersection(numbers[1:]):
                self._studio.delete(younger)
        return found

    def _task(self, entry: WorklistEntry, film: str, question: Question) -> dict[str, Any]:
        said = about(question, entry)
        data = {"image": film, "case_id": entry.case_id, "recipe": question.recipe, "about": said}
        shown = predictions(question, entry, self._home)
        return {"data": data, **({"predictions": shown} if shown else {})}

    def _failed(self, entry: WorklistEntry, sentence: str) -> str:
        with suppress(LostClaim):
            self._ledger.failed(entry.id, self._owner, sentence)
        return sentence


def _rest(now: datetime, changed_at: datetime) -> float:
    """Seconds until what a dead pusher sent must be done; never more than `_SETTLE_S`, though a clock was set back."""
    return min(_SETTLE_S, max(0.0, _SETTLE_S - (now - changed_at).total_seconds()))


def _no_such_recipe(entry: WorklistEntry) -> str:
    return f"There is no recipe {entry.recipe} in this version, so nothing can be asked about case {entry.case_id}"


def _sentence(error: OSError, entry: WorklistEntry) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The film of case {entry.case_id} is no longer under home/films; read it again to put it back"
    return f"The film of case {entry.case_id} cannot be read ({error.strerror}); check home/films"
