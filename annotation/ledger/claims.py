"""Who is pushing which case, so that no two processes ever push the same one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.tables import answers, cases, tasks
from annotation.ledger.tasks import Task, add_tasks, settle
from annotation.state import State

LEASE = timedelta(minutes=10)  # far longer than any request to Label Studio may take


class LostClaim(Exception):
    """Another process has taken the case over since it was claimed."""


class Claims(Database):
    """Claiming a case, and deciding what became of it."""

    def owners(self) -> set[str]:
        """The processes that are pushing cases, or died while doing so."""
        with self._read() as connection:
            return set(connection.scalars(sa.select(cases.c.owner).where(cases.c.state == State.PUSHING)))

    def claim(self, id: int, owner: str, dead: Collection[str] = (), now: datetime | None = None) -> str | None:
        """Put down that this process is about to push the case, before it does so.

        dead: owners known to be dead, whose cases may be taken over at once; others' only when their lease is over.
        Returns the state the case was in, or None where it is another's, or pushed by now.
        """
        return self.claim_all([id], owner, dead, now).get(id)

    def claim_all(
        self, ids: Sequence[int], owner: str, dead: Collection[str] = (), now: datetime | None = None
    ) -> dict[int, str]:
        """Claim as many of these cases as are free, in one transaction: the state each was in, by its number."""
        now = now or now_utc()
        overdue = sa.or_(cases.c.lease_until < now, cases.c.owner.in_(tuple(dead)))
        free = sa.or_(
            cases.c.state.in_((State.WAITING, State.FAILED)), sa.and_(cases.c.state == State.PUSHING, overdue)
        )
        with self._write() as connection:
            found = connection.execute(
                sa.select(cases.c.id, cases.c.state)
                .where(cases.c.id.in_(tuple(ids)), free)
                .order_by(cases.c.id)  # in one order, so that two who claim the same do not wait for one another
                .with_for_update()
            ).all()
            claim: dict[str, Any] = {"owner": owner, "lease_until": now + LEASE, "attempts": cases.c.attempts + 1}
            over = [row.id for row in found if row.state == State.PUSHING]
            free_ones = [row.id for row in found if row.state != State.PUSHING]
            self._move_all(connection, free_ones, State.PUSHING, now, None, **claim)
            self._move_all(connection, over, State.PUSHING, now, "taken over", **claim)
        return {row.id: str(row.state) for row in found}

    def renew(self, id: int, owner: str, now: datetime | None = None) -> None:
        """Make sure that the case is still this process's, and for how long. Raises LostClaim."""
        if id not in self.renew_all([id], owner, now):
            raise LostClaim(f"case {id} is no longer in the hands of {owner}")

    def renew_all(self, ids: Sequence[int], owner: str, now: datetime | None = None) -> set[int]:
        """Which of these cases are still this process's; their lease begins anew."""
        now = now or now_utc()
        mine = sa.and_(cases.c.id.in_(tuple(ids)), cases.c.state == State.PUSHING, cases.c.owner == owner)
        with self._write() as connection:
            kept = set(connection.scalars(sa.select(cases.c.id).where(mine).order_by(cases.c.id).with_for_update()))
            connection.execute(
                sa.update(cases).where(mine).values(lease_until=now + LEASE, changed_at=now)  # the last sign of life
            )
        return kept

    def pushed(self, id: int, owner: str, project_id: int, task_id: int, now: datetime | None = None) -> None:
        """Put down that Label Studio has the case, as which one task. Raises LostClaim."""
        if not self.pushed_all({id: [Task(id, project_id, task_id)]}, owner, now):
            raise LostClaim(f"case {id} is no longer in the hands of {owner}")

    def pushed_all(self, made: Mapping[int, Sequence[Task]], owner: str, now: datetime | None = None) -> set[int]:
        """Put down, in one transaction, the tasks of these cases; gives those that were still this process's."""
        now = now or now_utc()
        with self._write() as connection:
            mine = sa.and_(cases.c.id.in_(tuple(made)), cases.c.state == State.PUSHING, cases.c.owner == owner)
            ids = connection.scalars(sa.select(cases.c.id).where(mine).order_by(cases.c.id).with_for_update()).all()
            add_tasks(connection, [task for id in ids for task in made[id]])
            there = sa.and_(tasks.c.entry.in_(ids), tasks.c.state != State.GONE)
            first: dict[int, tuple[int, int]] = {}
            for row in connection.execute(sa.select(tasks).where(there).order_by(tasks.c.id)):
                first.setdefault(row.entry, (row.project_id, row.task_id))
            free: dict[str, Any] = {
                "owner": None,
                "lease_until": None,
                "error": None,
                "project_id": None,
                "task_id": None,
            }
            self._move_all(connection, ids, State.PUSHED, now, None, **free)
            places = [{"id_": id, "project": project, "task": task} for id, (project, task) in first.items()]
            if places:
                where: dict[str, Any] = {"project_id": sa.bindparam("project"), "task_id": sa.bindparam("task")}
                connection.execute(sa.update(cases).where(cases.c.id == sa.bindparam("id_")).values(where), places)
            answered = sa.select(answers.c.entry).where(answers.c.entry.in_(ids)).distinct()
            for id in connection.scalars(answered).all():  # a reader more was asked
                settle(self, connection, id, now)
            return set(ids)

    def failed(self, id: int, owner: str, error: str, now: datetime | None = None) -> None:
        """Put down in one sentence why Label Studio would not have the case. Raises LostClaim."""
        self._finish(id, owner, State.FAILED, now, note=error, error=error)

    def put_back(self, id: int, owner: str, error: str | None, now: datetime | None = None) -> None:
        """Put down that the push never came to a decision: the case waits as before. Raises LostClaim."""
        self._finish(id, owner, State.WAITING, now, note=error, error=error)

    def _finish(
        self, id: int, owner: str, state: State, now: datetime | None, note: str | None = None, **values: Any
    ) -> None:
        with self._write() as connection:
            if not self._mine(connection, id, owner):
                raise LostClaim(f"case {id} is no longer in the hands of {owner}")
            self._decide(connection, id, state, now or now_utc(), note, **values)

    def _decide(
        self, connection: sa.Connection, id: int, state: State, now: datetime, note: str | None = None, **values: Any
    ) -> None:
        self._move(connection, id, state, now, note, owner=None, lease_until=None, **values)

    @staticmethod
    def _mine(connection: sa.Connection, id: int, owner: str) -> bool:
        mine = sa.and_(cases.c.id == id, cases.c.state == State.PUSHING, cases.c.owner == owner)
        return connection.scalar(sa.select(cases.c.id).where(mine).with_for_update()) is not None
