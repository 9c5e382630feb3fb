"""The tasks of a case in Label Studio: one for each reader who is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.tables import answers, cases, set_aside, tasks
from annotation.state import State

_NUMBERS = 500  # in one statement; SQLite takes some thousands


@dataclass(frozen=True)
class Task:
    """One task in Label Studio. entry: the number of its case in the ledger.

    reader: which of several readers is asked, from 1; None where one is. blind: whether the reader answers without
    the model's answer; None where that is not known. state: pushed, answered or gone. seen: when Label Studio had last
    changed it, as it was last looked at, in the server's own words. annotations: how many it had then.
    """

    entry: int
    project_id: int
    task_id: int
    reader: int | None = None
    blind: bool | None = True
    state: State = State.PUSHED
    seen: str | None = None
    annotations: int = 0


class Tasks(Database):
    """Which case is asked where, and what became of each question."""

    def tasks_of_case(self, id: int) -> list[Task]:
        """The tasks of a case, deleted ones too, in the order in which they were made."""
        return self._tasks(tasks.c.entry == id)

    def tasks_by_case(self) -> dict[int, list[Task]]:
        """The tasks of every case, deleted ones too, by the case's number."""
        found: dict[int, list[Task]] = {}
        for task in self._tasks(sa.true()):
            found.setdefault(task.entry, []).append(task)
        return found

    def tasks_of_cases(self, ids: Collection[int]) -> dict[int, list[Task]]:
        """As `tasks_of_case`, of many cases at once, by the number of each."""
        found: dict[int, list[Task]] = {id: [] for id in ids}
        for task in self._tasks(tasks.c.entry.in_(tuple(ids))):
            found[task.entry].append(task)
        return found

    def projects(self) -> dict[int, int]:
        """How many tasks that are not known to be deleted each project has."""
        with self._read() as connection:
            rows = connection.execute(
                sa.select(tasks.c.project_id, sa.func.count().label("tasks"))
                .where(tasks.c.state != State.GONE)
                .group_by(tasks.c.project_id)
                .order_by(tasks.c.project_id)
            )
            return {row.project_id: row.tasks for row in rows}

    def recipes_of_project(self, project_id: int) -> list[str]:
        """The recipes whose cases are asked about there, by name."""
        asked = sa.select(cases.c.recipe).join(tasks, tasks.c.entry == cases.c.id)
        with self._read() as connection:
            return sorted(set(connection.scalars(asked.where(tasks.c.project_id == project_id).distinct())))

    def tasks_of_project(self, project_id: int, numbers: Collection[int] | None = None) -> dict[int, Task]:
        """Its tasks that are not known to be deleted, by Label Studio's number: those of these numbers, or all."""
        there = sa.and_(tasks.c.project_id == project_id, tasks.c.state != State.GONE)
        if numbers is None:
            return {task.task_id: task for task in self._tasks(there)}
        found: dict[int, Task] = {}
        wanted = sorted(numbers)
        for first in range(0, len(wanted), _NUMBERS):
            some = wanted[first : first + _NUMBERS]
            found |= {task.task_id: task for task in self._tasks(sa.and_(there, tasks.c.task_id.in_(some)))}
        return found

    def tasks_set_aside(self, project_id: int) -> dict[int, Task]:
        """The tasks of a project with an annotation that could not be taken for an answer."""
        odd = sa.select(set_aside.c.entry).where(set_aside.c.project_id == project_id)
        there = sa.and_(tasks.c.project_id == project_id, tasks.c.state != State.GONE, tasks.c.entry.in_(odd))
        return {task.task_id: task for task in self._tasks(there)}

    def _tasks(self, which: sa.ColumnElement[bool]) -> list[Task]:
        with self._read() as connection:
            rows = connection.execute(sa.select(tasks).where(which).order_by(tasks.c.id)).all()
        return [_task(row) for row in rows]

    def ask_more(self, id: int, readers: int, now: datetime | None = None, settling: bool = False) -> bool:
        """Have the case asked of so many readers in all: it waits for the next push, which makes the missing tasks.

        settling: the others are asked because those before disagree, so that their answers say nothing of how well
        readers agree in general. True if it waits now; False where so many are asked already, or where the case is not
        pushed yet and the next push will ask them anyway.
        """
        with self._write() as connection:
            state = self._lock(connection, id)
            asked = connection.scalar(
                sa.select(sa.func.count()).where(tasks.c.entry == id, tasks.c.state != State.GONE)
            )
            connection.execute(sa.update(cases).where(cases.c.id == id).values(readers=readers))
            if state not in (State.PUSHED, State.ANSWERED) or (asked or 0) >= readers:
                return False
            if settling:
                first = sa.func.coalesce(cases.c.asked_first, asked)
                connection.execute(sa.update(cases).where(cases.c.id == id).values(asked_first=first))
            self._move(connection, id, State.WAITING, now or now_utc(), note=f"{readers} readers are asked")
            return True

    def looked_at(self, project_id: int, found: Mapping[int, tuple[str, int]]) -> None:
        """Put down when Label Studio had last changed these tasks, and how many annotations each has."""
        with self._write() as connection:
            for task_id, (seen, annotations) in found.items():
                connection.execute(
                    sa.update(tasks)
                    .where(tasks.c.project_id == project_id, tasks.c.task_id == task_id)
                    .values(seen=seen, annotations=annotations)
                )

    def task_gone(self, project_id: int, task_id: int, sentence: str, now: datetime | None = None) -> bool:
        """Put down that a task was deleted in Label Studio; True if nobody had answered it.

        Answers it gave before stand: the question went, not they. A case that has other tasks goes on with those; one
        that has none, and no answer, is gone, for the reason that the sentence says.
        """
        now = now or now_utc()
        which = sa.and_(tasks.c.project_id == project_id, tasks.c.task_id == task_id)
        with self._write() as connection:
            row = connection.execute(sa.select(tasks).where(which)).one_or_none()
            if row is None or row.state == State.GONE:
                return False
            state = self._lock(connection, row.entry)
            connection.execute(sa.update(tasks).where(which).values(state=State.GONE))
            left = connection.execute(
                sa.select(tasks.c.project_id, tasks.c.task_id)
                .where(tasks.c.entry == row.entry, tasks.c.state != State.GONE)
                .order_by(tasks.c.id)
            ).first()
            if left is not None:
                connection.execute(
                    sa.update(cases)
                    .where(cases.c.id == row.entry)
                    .values(project_id=left.project_id, task_id=left.task_id)
                )
                settle(self, connection, row.entry, now)
            elif state == State.PUSHED:
                self._move(connection, row.entry, State.GONE, now, note=sentence, error=sentence)
            return bool(row.state != State.ANSWERED)

    def gone(self, id: int, sentence: str, now: datetime | None = None) -> bool:
        """Put down that every task of a case was deleted; True if it waited for an answer from one of them."""
        open_tasks = [task for task in self.tasks_of_case(id) if task.state != State.GONE]
        gone = [self.task_gone(task.project_id, task.task_id, sentence, now) for task in open_tasks]
        return any(gone)

    def answering(self) -> set[int]:
        """The cases from which an answer, or an annotation that was set aside, is at hand."""
        with self._read() as connection:
            return set(connection.scalars(sa.union(sa.select(answers.c.entry), sa.select(set_aside.c.entry))))


def add_tasks(connection: sa.Connection, made: Sequence[Task]) -> None:
    """Put tasks down; one that stands there is put down anew, for a push that forgot finds what there is."""
    numbers = {task.task_id for task in made}
    rows = connection.execute(sa.select(tasks).where(tasks.c.task_id.in_(numbers))).all()
    known = {(row.project_id, row.task_id): row for row in rows}
    fresh = []
    for task in made:
        values: dict[str, Any] = {
            "entry": task.entry,
            "reader": task.reader,
            "blind": task.blind,
            "state": State(task.state),
        }
        row = known.get((task.project_id, task.task_id))
        if row is None:
            fresh.append({"project_id": task.project_id, "task_id": task.task_id, "annotations": 0, **values})
        elif row.entry != task.entry or row.state == State.GONE:
            connection.execute(sa.update(tasks).where(tasks.c.id == row.id).values(seen=None, **values))
    if fresh:
        connection.execute(sa.insert(tasks), fresh)


def settle(ledger: Database, connection: sa.Connection, id: int, now: datetime) -> None:
    """Bring a case's state in line with its answers: answered when every task of it is, and one at the least."""
    state = connection.scalar(sa.select(cases.c.state).where(cases.c.id == id))
    answered = _answered_projects(connection, id)
    open_tasks = 0
    for row in connection.execute(sa.select(tasks).where(tasks.c.entry == id, tasks.c.state != State.GONE)).all():
        is_answered = row.project_id in answered
        open_tasks += not is_answered
        wanted = State.ANSWERED if is_answered else State.PUSHED
        if row.state != wanted:
            connection.execute(sa.update(tasks).where(tasks.c.id == row.id).values(state=wanted))
    if state == State.PUSHED and answered and not open_tasks:
        ledger._move(connection, id, State.ANSWERED, now)
    elif state == State.ANSWERED and (open_tasks or not answered):
        ledger._move(connection, id, State.PUSHED, now)


def _answered_projects(connection: sa.Connection, id: int) -> Collection[int]:
    return set(connection.scalars(sa.select(answers.c.project_id).where(answers.c.entry == id)))


def _task(row: sa.Row[Any]) -> Task:
    return Task(
        entry=row.entry,
        project_id=row.project_id,
        task_id=row.task_id,
        reader=row.reader,
        blind=row.blind,
        state=State(row.state),
        seen=row.seen,
        annotations=row.annotations,
    )
