"""Experts' answers: taken in once, with the history of those that no longer stand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.payload import columns, labeled_case
from annotation.ledger.tables import adjudications, answers, cases, set_aside, tasks, transitions, withdrawn
from annotation.ledger.tasks import settle
from core.case import LabeledCase

DROPPED: Final = "no longer in the annotation"
_DRAWN: Final = ("masks", "outlines", "points")


@dataclass(frozen=True)
class TakenAnswer:
    """An answer that stands, and where it came from.

    id: its number in the ledger. blind: whether the reader answered without the model's answer; None: not known.
    """

    id: int
    entry: int
    project_id: int
    annotation_id: int
    blind: bool | None
    taken_at: datetime
    answer: LabeledCase


@dataclass(frozen=True)
class Withdrawn:
    """An answer that no longer stands: since when, why, and by whom (None where Label Studio does not say)."""

    at: datetime
    because: str
    by: str | None
    project_id: int
    annotation_id: int
    blind: bool | None
    answer: LabeledCase


@dataclass(frozen=True)
class SetAside:
    """An annotation that could not be taken for an answer, and why. The next pull tries it again."""

    entry: int
    project_id: int
    annotation_id: int
    reason: str


class Answers(Database):
    """Taking answers in, withdrawing them, and telling which stand."""

    def take(
        self,
        id: int,
        project_id: int,
        annotation_id: int,
        given: Sequence[LabeledCase],
        now: datetime | None = None,
        by: str | None = None,
        because: str = DROPPED,
    ) -> int:
        """Take in one annotation of a case, whole or not at all; gives how many of its answers are new or changed.

        Taken in again, nothing changes; changed by the expert since, the later answer stands. by: the pseudonym of
        who last changed the annotation. because: why sides that it no longer answers are withdrawn.
        """
        now, new = now or now_utc(), 0
        with self._write() as connection:
            self._lock(connection, id)
            blind = connection.scalar(
                sa.select(tasks.c.blind).where(tasks.c.entry == id, tasks.c.project_id == project_id)
            )
            for answer in given:
                new += self._take_one(connection, (id, project_id, annotation_id), answer, blind, by, now)
            sides = {answer.side or "" for answer in given}
            before = self._of_annotation(connection, project_id, annotation_id)
            self._withdraw(connection, [row for row in before if row.side not in sides], because, by, now)
            connection.execute(
                sa.delete(set_aside).where(
                    set_aside.c.project_id == project_id, set_aside.c.annotation_id == annotation_id
                )
            )
            settle(self, connection, id, now)
        return new

    def _take_one(
        self,
        connection: sa.Connection,
        place: tuple[int, int, int],
        answer: LabeledCase,
        blind: bool | None,
        by: str | None,
        now: datetime,
    ) -> bool:
        entry, project_id, annotation_id = place
        values = {**columns(answer), "taken_at": now, "blind": blind}
        same = sa.and_(
            answers.c.project_id == project_id,
            answers.c.annotation_id == annotation_id,
            answers.c.side == (answer.side or ""),
        )
        known = connection.execute(sa.select(answers).where(same)).one_or_none()
        if known is None:
            key = {"entry": entry, "project_id": project_id, "annotation_id": annotation_id}
            connection.execute(sa.insert(answers).values(**key, side=answer.side or "", **values))
        elif known.answered_at < answer.answered_at:
            self._keep_in_history(connection, known, "changed by the expert", by, now)
            connection.execute(sa.update(answers).where(same).values(values))
        else:
            return False
        return True

    def set_aside(self, id: int, project_id: int, annotation_id: int, reason: str, now: datetime | None = None) -> None:
        """Put down why an annotation cannot be taken for an answer. What it said before no longer stands."""
        now = now or now_utc()
        same = sa.and_(set_aside.c.project_id == project_id, set_aside.c.annotation_id == annotation_id)
        with self._write() as connection:
            self._lock(connection, id)
            self._withdraw(connection, self._of_annotation(connection, project_id, annotation_id), reason, None, now)
            connection.execute(sa.delete(set_aside).where(same))
            connection.execute(
                sa.insert(set_aside).values(
                    entry=id, project_id=project_id, annotation_id=annotation_id, at=now, reason=reason
                )
            )
            settle(self, connection, id, now)

    def keep_only(self, id: int, project_id: int, annotations: Collection[int], now: datetime | None = None) -> int:
        """Withdraw the answers of annotations that are no longer among these; gives how many. History keeps them."""
        now = now or now_utc()
        with self._write() as connection:
            self._lock(connection, id)
            rows = connection.execute(
                sa.select(answers).where(answers.c.entry == id, answers.c.project_id == project_id)
            ).all()
            lost = [row for row in rows if row.annotation_id not in annotations]
            self._withdraw(connection, lost, "deleted in Label Studio", None, now)
            aside = sa.and_(set_aside.c.entry == id, set_aside.c.project_id == project_id)
            connection.execute(sa.delete(set_aside).where(aside, set_aside.c.annotation_id.not_in(tuple(annotations))))
            settle(self, connection, id, now)
            return len(lost)

    def aside(self) -> list[SetAside]:
        """The annotations that could not be taken for answers, in the order in which they came."""
        with self._read() as connection:
            rows = connection.execute(sa.select(set_aside).order_by(set_aside.c.id)).all()
        return [SetAside(row.entry, row.project_id, row.annotation_id, row.reason) for row in rows]

    def answers(self) -> list[LabeledCase]:
        """Every answer that stands, in the order in which they were given."""
        return [taken.answer for taken in self.taken()]

    def answers_of(self, case_id: str, recipe: str) -> list[LabeledCase]:
        """The answers to one case that stand, of all readers and sides, in the order in which they were given."""
        return [taken.answer for taken in self.taken(case_id, recipe)]

    def taken(self, case_id: str | None = None, recipe: str | None = None, drawn: bool = True) -> list[TakenAnswer]:
        """The answers that stand with where they came from: of one case, of one recipe, or all. drawn: with masks,
        outlines and points, which take most of the time."""
        wanted_columns = [one for one in answers.c if drawn or one.name not in _DRAWN]
        wanted = [column == value for column, value in ((cases.c.case_id, case_id), (cases.c.recipe, recipe)) if value]
        with self._read() as connection:
            rows = connection.execute(
                sa.select(*wanted_columns, cases.c.case_id, cases.c.recipe)
                .select_from(answers)
                .join(cases)
                .where(*wanted)
                .order_by(answers.c.answered_at, answers.c.id)
            ).all()
        return [
            TakenAnswer(
                id=row.id,
                entry=row.entry,
                project_id=row.project_id,
                annotation_id=row.annotation_id,
                blind=row.blind,
                taken_at=row.taken_at,
                answer=labeled_case(row.case_id, row.recipe, dict.fromkeys(_DRAWN) | row._asdict()),
            )
            for row in rows
        ]

    def stamp(self) -> tuple[Any, ...]:
        """Something that is another whenever an answer, a decision or the state of a case is."""
        asked = (
            sa.select(sa.func.count(), sa.func.max(answers.c.taken_at), sa.func.max(answers.c.id)),
            sa.select(sa.func.count(), sa.func.max(withdrawn.c.id)).select_from(withdrawn),
            sa.select(sa.func.count(), sa.func.sum(sa.cast(adjudications.c.stands, sa.Integer))),
            sa.select(sa.func.max(transitions.c.id)),
            sa.select(sa.func.count(), sa.func.sum(cases.c.readers)).select_from(cases),
        )
        with self._read() as connection:
            return tuple(tuple(connection.execute(one).one()) for one in asked)

    def history(self, id: int) -> list[tuple[str, str | None, str]]:
        """The withdrawn answers of a case, oldest first: side, label, and why each no longer stands."""
        return [(old.answer.side or "", old.answer.label, old.because) for old in self.withdrawn(id)]

    def withdrawn(self, id: int) -> list[Withdrawn]:
        """The answers of a case that were changed, cancelled or deleted, whole, oldest first."""
        with self._read() as connection:
            rows = connection.execute(
                sa.select(withdrawn, cases.c.case_id, cases.c.recipe)
                .join(cases, cases.c.id == withdrawn.c.entry)
                .where(withdrawn.c.entry == id)
                .order_by(withdrawn.c.id)
            ).all()
        return [
            Withdrawn(
                at=row.at,
                because=row.because,
                by=row.by,
                project_id=row.project_id,
                annotation_id=row.annotation_id,
                blind=row.blind,
                answer=labeled_case(row.case_id, row.recipe, row._asdict()),
            )
            for row in rows
        ]

    @staticmethod
    def _of_annotation(connection: sa.Connection, project_id: int, annotation_id: int) -> Sequence[sa.Row[Any]]:
        return connection.execute(
            sa.select(answers).where(answers.c.project_id == project_id, answers.c.annotation_id == annotation_id)
        ).all()

    def _withdraw(
        self, connection: sa.Connection, rows: Sequence[sa.Row[Any]], because: str, by: str | None, now: datetime
    ) -> None:
        for row in rows:
            self._keep_in_history(connection, row, because, by, now)
            connection.execute(sa.delete(answers).where(answers.c.id == row.id))

    @staticmethod
    def _keep_in_history(
        connection: sa.Connection, row: sa.Row[Any], because: str, by: str | None, now: datetime
    ) -> None:
        kept = {name: value for name, value in row._mapping.items() if name != "id"}
        connection.execute(sa.insert(withdrawn).values(at=now, because=because, by=by, **kept))
