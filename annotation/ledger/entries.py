"""Cases of the worklist: entering and looking."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.tables import cases, transitions
from annotation.state import State


@dataclass(frozen=True)
class WorklistEntry:
    """One case of the worklist. `readings` holds one line of readings.jsonl for each side, without the file's name.

    project_id, task_id and link are those of its first task; `Ledger.tasks_of_case` gives the others, where several
    readers were asked.
    """

    id: int
    case_id: str
    recipe: str
    state: State
    reasons: tuple[str, ...]
    difficulty: float | None
    model: str | None
    readings: tuple[dict[str, Any], ...]
    project_id: int | None
    task_id: int | None
    error: str | None
    attempts: int
    entered_at: datetime
    changed_at: datetime
    times: dict[str, datetime] = field(default_factory=dict)  # when it last came into each state
    link: str | None = None  # where the task can be seen; set by whoever knows the address of Label Studio
    readers: int | None = None  # how many readers were asked for this case; None: as many as the push asks

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(row["side"] for row in self.readings if row.get("side"))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, times in ISO 8601."""
        times = {state: at.isoformat() for state, at in self.times.items()}
        return vars(self) | {
            "times": times,
            "entered_at": self.entered_at.isoformat(),
            "changed_at": self.changed_at.isoformat(),
        }


class Entries(Database):
    """What enters the worklist, and what stands in it."""

    def enter(
        self, case_id: str, recipe: str, reasons: Collection[str], row: dict[str, Any], now: datetime | None = None
    ) -> bool:
        """Take a case in; True if it is new. Known already: its reasons, and a side not yet kept, are added.

        The reading kept is the one by which the case was chosen: a later model's answer does not replace it. A case
        whose tasks were deleted in Label Studio waits again.
        """
        now = now or now_utc()
        kept = without_names(row, case_id)
        difficulty, model = kept.get("difficulty") or {}, kept.get("model") or {}
        new = {
            "case_id": case_id,
            "recipe": recipe,
            "state": State.WAITING,
            "reasons": list(dict.fromkeys(reasons)),
            "difficulty": difficulty.get("score"),
            "model": f"{model['name']}@{model['version']}" if model else None,
            "readings": [kept],
            "entered_at": now,
            "changed_at": now,
        }
        with self._write() as connection:
            if self._insert_or_none(connection, new):
                return True
            known = connection.execute(
                sa.select(cases).where(cases.c.case_id == case_id, cases.c.recipe == recipe).with_for_update()
            ).one()
            readings = known.readings
            if kept.get("side") not in [row.get("side") for row in readings]:
                readings = [*readings, kept]
            if known.state == State.GONE:
                self._move(connection, known.id, State.WAITING, now, project_id=None, task_id=None, error=None)
            scores = [score for score in (known.difficulty, new["difficulty"]) if score is not None]
            connection.execute(
                sa.update(cases)
                .where(cases.c.id == known.id)
                .values(
                    reasons=list(dict.fromkeys([*known.reasons, *reasons])),
                    readings=readings,
                    difficulty=max(scores, default=None),
                )
            )
            return False

    def entries(self, *states: State) -> list[WorklistEntry]:
        """The cases in these states (in all, when none is named), in the order in which they came."""
        wanted = cases.c.state.in_(states) if states else sa.true()
        with self._read() as connection:
            rows = connection.execute(sa.select(cases).where(wanted).order_by(cases.c.id)).all()
            times: dict[int, dict[str, datetime]] = {}
            for change in connection.execute(
                sa.select(transitions).join(cases).where(wanted).order_by(transitions.c.id)
            ):
                times.setdefault(change.entry, {})[change.state] = change.at
        return [_entry(row, times.get(row.id, {})) for row in rows]

    def entry(self, case_id: str, recipe: str) -> WorklistEntry | None:
        return self._one(sa.and_(cases.c.case_id == case_id, cases.c.recipe == recipe))

    def entry_numbered(self, id: int) -> WorklistEntry | None:
        """The case of this number in the ledger."""
        return self._one(cases.c.id == id)

    def _one(self, which: sa.ColumnElement[bool]) -> WorklistEntry | None:
        with self._read() as connection:
            row = connection.execute(sa.select(cases).where(which)).one_or_none()
            if row is None:
                return None
            changes = connection.execute(
                sa.select(transitions).where(transitions.c.entry == row.id).order_by(transitions.c.id)
            )
            return _entry(row, {change.state: change.at for change in changes})

    def counts(self) -> dict[State, int]:
        """Cases by state, every state named."""
        with self._read() as connection:
            found = connection.execute(sa.select(cases.c.state, sa.func.count()).group_by(cases.c.state))
            return dict.fromkeys(State, 0) | {State(state): count for state, count in found}

    @staticmethod
    def _insert_or_none(connection: sa.Connection, new: dict[str, Any]) -> bool:
        try:
            with connection.begin_nested():
                id = connection.scalar(sa.insert(cases).values(new).returning(cases.c.id))
        except sa.exc.IntegrityError:
            return False
        connection.execute(sa.insert(transitions).values(entry=id, at=new["entered_at"], state=State.WAITING))
        return True


def without_names(row: dict[str, Any], case_id: str) -> dict[str, Any]:
    """A line of readings.jsonl with nothing of the file it came from.

    The file's name may be a patient's, so the opaque name stands in its place; a notice's sentence may quote the
    file, so its code alone is kept.
    """
    return {
        **{name: value for name, value in row.items() if name != "timing_ms"},
        "path": f"{case_id}.png",
        "warnings": [{"code": notice["code"]} for notice in row.get("warnings") or ()],
    }


def _entry(row: sa.Row[Any], times: dict[str, datetime]) -> WorklistEntry:
    return WorklistEntry(
        id=row.id,
        case_id=row.case_id,
        recipe=row.recipe,
        state=State(row.state),
        reasons=tuple(row.reasons),
        difficulty=row.difficulty,
        model=row.model,
        readings=tuple(row.readings),
        project_id=row.project_id,
        task_id=row.task_id,
        error=row.error,
        attempts=row.attempts,
        entered_at=row.entered_at,
        changed_at=row.changed_at,
        times=times,
        readers=row.readers,
    )
