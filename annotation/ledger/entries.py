"""Cases of the worklist: entering and looking."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.tables import cases, transitions
from annotation.state import State
from core.radiograph import Box


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
    suspected: tuple[Box, ...] = ()  # what may be text on the film, left, top, right, bottom in its pixels
    cleared_at: datetime | None = None  # when a person had looked at such a film and let it go
    asked_first: int | None = None  # of these, before others were sent for to settle what they disagree on

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
            "cleared_at": self.cleared_at and self.cleared_at.isoformat(),
        }


class Entries(Database):
    """What enters the worklist, and what stands in it."""

    def enter(
        self,
        case_id: str,
        recipe: str,
        reasons: Collection[str],
        row: dict[str, Any],
        now: datetime | None = None,
        suspected: Collection[Box] = (),
    ) -> bool:
        """Take a case in; True if it is new. Known already: its reasons, and a side not yet kept, are added.

        The reading kept is the one by which the case was chosen: a later model's answer does not replace it. A case
        whose tasks were deleted in Label Studio waits again. suspected: what may be text on its film; the case is held
        unless a person has let that film go before, or it has left already.
        """
        now = now or now_utc()
        kept, boxes = without_names(row, case_id), [list(box) for box in suspected] or None
        difficulty, model = kept.get("difficulty") or {}, kept.get("model") or {}
        new = {
            "case_id": case_id,
            "recipe": recipe,
            "state": State.HELD if suspected else State.WAITING,
            "reasons": list(dict.fromkeys(reasons)),
            "difficulty": difficulty.get("score"),
            "model": f"{model['name']}@{model['version']}" if model else None,
            "readings": [kept],
            "suspected": boxes,
            "entered_at": now,
            "changed_at": now,
        }
        with self._write() as connection:
            cleared = connection.scalar(sa.select(sa.func.max(cases.c.cleared_at)).where(cases.c.case_id == case_id))
            holds = bool(suspected) and cleared is None
            if suspected and cleared is not None:  # for another recipe: the film is the same
                new |= {"state": State.WAITING, "cleared_at": cleared}
            if holds:
                self._hold(connection, case_id, boxes, now)
            if self._insert_or_none(connection, new):
                return True
            known = connection.execute(
                sa.select(cases).where(cases.c.case_id == case_id, cases.c.recipe == recipe).with_for_update()
            ).one()
            readings = known.readings or []  # of a damaged row, this mends it
            if kept.get("side") not in [row.get("side") for row in readings]:
                readings = [*readings, kept]
            if known.state in (State.GONE, State.DROPPED):
                again = State.HELD if holds else State.WAITING
                self._move(connection, known.id, again, now, project_id=None, task_id=None, error=None, suspected=boxes)
            scores = [score for score in (known.difficulty, new["difficulty"]) if score is not None]
            connection.execute(
                sa.update(cases)
                .where(cases.c.id == known.id)
                .values(
                    reasons=list(dict.fromkeys([*(known.reasons or ()), *reasons])),
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

    def places(self, ids: Collection[int]) -> dict[int, tuple[int, int]]:
        """The project and number of the first task of these cases, of those that have one, by the case's number."""
        pushed = sa.and_(cases.c.id.in_(tuple(ids)), cases.c.task_id.is_not(None))
        with self._read() as connection:
            rows = connection.execute(sa.select(cases.c.id, cases.c.project_id, cases.c.task_id).where(pushed))
            return {row.id: (row.project_id, row.task_id) for row in rows}

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

    def _hold(self, connection: sa.Connection, case_id: str, boxes: list[list[int]] | None, now: datetime) -> None:
        """Hold the film's cases that have not been sent yet: they came in before it was known what may be on it."""
        open_states = sa.and_(cases.c.case_id == case_id, cases.c.state.in_((State.WAITING, State.FAILED)))
        for id in connection.scalars(sa.select(cases.c.id).where(open_states).with_for_update()).all():
            self._move(connection, id, State.HELD, now, suspected=boxes)

    @staticmethod
    def _insert_or_none(connection: sa.Connection, new: dict[str, Any]) -> bool:
        try:
            with connection.begin_nested():
                id = connection.scalar(sa.insert(cases).values(new).returning(cases.c.id))
        except sa.exc.IntegrityError:
            return False
        connection.execute(sa.insert(transitions).values(entry=id, at=new["entered_at"], state=new["state"]))
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


DAMAGED = "What the worklist kept of this case is damaged; add the film again to mend it"


def _entry(row: sa.Row[Any], times: dict[str, datetime]) -> WorklistEntry:
    damaged = row.reasons is None or row.readings is None
    return WorklistEntry(
        id=row.id,
        case_id=row.case_id,
        recipe=row.recipe,
        state=State(row.state),
        reasons=tuple(row.reasons or ()),
        difficulty=row.difficulty,
        model=row.model,
        readings=tuple(row.readings or ()),
        project_id=row.project_id,
        task_id=row.task_id,
        error=DAMAGED if damaged else row.error,
        attempts=row.attempts,
        entered_at=row.entered_at,
        changed_at=row.changed_at,
        times=times,
        readers=row.readers,
        suspected=tuple((box[0], box[1], box[2], box[3]) for box in row.suspected or ()),
        cleared_at=row.cleared_at,
        asked_first=row.asked_first,
    )
