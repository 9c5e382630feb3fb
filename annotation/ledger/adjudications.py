"""What was decided where readers disagree: the answer that a case is taught with, and its history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.payload import joined, labeled_case, parts
from annotation.ledger.tables import adjudications, answers, cases
from core.case import LabeledCase


@dataclass(frozen=True)
class Adjudication:
    """One decision on one part of a case.

    part: `class`, or the name of a region, point or finding; `answer` holds that part alone. from_answers: those that
    stood when it was made, each with `answer` (its number in the ledger), `project`, `annotation`, `annotator` and
    `label`. stands: False once a later decision took its place, or it was taken back.
    """

    entry: int
    part: str
    answer: LabeledCase
    because: str
    at: datetime
    from_answers: tuple[dict[str, Any], ...]
    stands: bool


class Adjudications(Database):
    """Decisions on a case, by side and part; the last one stands, earlier ones are kept."""

    def adjudicate(self, entry_id: int, answer: LabeledCase, because: str, now: datetime | None = None) -> None:
        """Record what is decided on a case, from the answers that stand at this moment.

        answer: of this case, with its side; `annotator` is the adjudicator's pseudonym. Its class (label, certainty,
        reasons, remark) and each region, point and finding that it names are decided apart: what it does not name
        keeps the decision it had. An answer without label, certainty and reasons that names regions decides those
        alone. because: why, in a person's words. Raises ValueError for an answer to another case, or without a why.
        """
        now = now or now_utc()
        if not because.strip():
            raise ValueError(f"The decision on case {answer.case_id} has no reason, expected one in a few words")
        with self._write() as connection:
            state = self._lock(connection, entry_id)
            row = connection.execute(sa.select(cases.c.case_id, cases.c.recipe).where(cases.c.id == entry_id)).first()
            if state is None or row is None or (row.case_id, row.recipe) != (answer.case_id, answer.recipe):
                raise ValueError(
                    f"The decision is on case {answer.case_id} of {answer.recipe}, expected the one that stands in the "
                    f"worklist as number {entry_id}"
                )
            side = answer.side or ""
            stood = connection.execute(
                sa.select(answers)
                .where(answers.c.entry == entry_id, answers.c.side == side)
                .order_by(answers.c.answered_at, answers.c.id)
            ).all()
            for part, value in parts(answer).items():
                self._let_go(connection, entry_id, side, part)
                connection.execute(
                    sa.insert(adjudications).values(
                        entry=entry_id,
                        side=side,
                        part=part,
                        value=value,
                        by=answer.annotator,
                        because=because.strip(),
                        at=now,
                        from_answers=[_source(one) for one in stood],
                        stands=True,
                    )
                )

    def reopen(self, entry_id: int, side: str | None, part: str | None = None) -> int:
        """Take decisions back, of one part or of all; history keeps them. Gives how many stood."""
        with self._write() as connection:
            self._lock(connection, entry_id)
            return self._let_go(connection, entry_id, side or "", part)

    def adjudicated(self) -> list[LabeledCase]:
        """The decisions that stand, one answer a case and side, in the order in which they were last decided.

        Whose and when: of the last part that was decided. Where only regions, points or findings were decided, label
        is None as where a film cannot be judged: `adjudications` tells the two apart, by whether a part is `class`.
        """
        with self._read() as connection:
            rows = connection.execute(_with_case().where(adjudications.c.stands)).all()
        found: dict[tuple[int, str], list[sa.Row[Any]]] = {}
        for row in rows:
            found.setdefault((row.entry, row.side), []).append(row)
        ordered = sorted(found.values(), key=lambda decided: decided[-1].id)
        return [_answer(decided) for decided in ordered]

    def adjudications(self, entry_id: int | None = None) -> list[Adjudication]:
        """All decisions on a case, or on all cases, in the order in which they were made; overruled ones too."""
        wanted = adjudications.c.entry == entry_id if entry_id is not None else sa.true()
        with self._read() as connection:
            rows = connection.execute(_with_case().where(wanted)).all()
        return [
            Adjudication(
                entry=row.entry,
                part=row.part,
                answer=_answer([row]),
                because=row.because,
                at=row.at,
                from_answers=tuple(row.from_answers),
                stands=row.stands,
            )
            for row in rows
        ]

    @staticmethod
    def _let_go(connection: sa.Connection, entry_id: int, side: str, part: str | None) -> int:
        which = [adjudications.c.entry == entry_id, adjudications.c.side == side, adjudications.c.stands]
        if part is not None:
            which.append(adjudications.c.part == part)
        return connection.execute(sa.update(adjudications).where(*which).values(stands=False)).rowcount


def _with_case() -> sa.Select[Any]:
    return sa.select(adjudications, cases.c.case_id, cases.c.recipe).join(cases).order_by(adjudications.c.id)


def _answer(decided: list[sa.Row[Any]]) -> LabeledCase:
    last = decided[-1]
    whole = joined([row.value for row in decided])
    by = {"annotator": last.by, "answered_at": last.at, "side": last.side}
    return labeled_case(last.case_id, last.recipe, {**whole, **by})


def _source(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "answer": row.id,
        "project": row.project_id,
        "annotation": row.annotation_id,
        "annotator": row.annotator,
        "label": row.label,
    }
