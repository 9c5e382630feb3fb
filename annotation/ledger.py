"""The worklist: one row a case, every change of state with its time.

A case is one film as one recipe asks about it: the expert opens the film once and judges each limb on it, so a pelvis
whose two hips are both hard is one row, with the readings of both sides. Nothing that identifies a person enters: the
row of a reading is kept without the name of its file, and notices are kept by code alone.

    waiting -> pushing -> pushed -> answered
       ^          |
       +--failed<-+        a pusher that died leaves `pushing`; the next one takes the case over

A task deleted in Label Studio makes a pushed case `gone`; entered again, it waits again.

SQLite by default, any database of SQLAlchemy by its address; what only SQLite needs is in `_tell_sqlite`.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from annotation.state import State as State
from core.case import LabeledCase, Polygon

_BUSY_MS = 5000  # how long to wait for another writer, each of whose transactions takes milliseconds
LEASE = timedelta(minutes=10)  # far longer than any request to Label Studio may take


class LedgerFault(Exception):
    """The worklist cannot be opened or used; the message is one sentence for a person."""


class LostClaim(Exception):
    """Another process has taken the case over since it was claimed."""


@dataclass(frozen=True)
class WorklistEntry:
    """One case of the worklist. `readings` holds one line of readings.jsonl for each side, without the file's name."""

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


class _Utc(sa.types.TypeDecorator[datetime]):
    """A moment in UTC; databases without time zones give it back without one, so it is put on again."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


_metadata = sa.MetaData()
_cases = sa.Table(
    "cases",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.String(24), nullable=False),
    sa.Column("recipe", sa.String(100), nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("difficulty", sa.Float),
    sa.Column("model", sa.String(200)),
    sa.Column("readings", sa.JSON, nullable=False),
    sa.Column("project_id", sa.Integer),
    sa.Column("task_id", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("holder", sa.String(100)),
    sa.Column("lease_until", _Utc),
    sa.Column("entered_at", _Utc, nullable=False),
    sa.Column("changed_at", _Utc, nullable=False),
    sa.UniqueConstraint("case_id", "recipe"),
)
_transitions = sa.Table(
    "transitions",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("at", _Utc, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("note", sa.Text),
)
_answers = sa.Table(
    "answers",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("project_id", sa.Integer, nullable=False),
    sa.Column("annotation_id", sa.Integer, nullable=False),
    sa.Column("side", sa.String(10), nullable=False),  # "" where the film is judged as one
    sa.Column("label", sa.String(100)),
    sa.Column("annotator", sa.String(100), nullable=False),
    sa.Column("answered_at", _Utc, nullable=False),
    sa.Column("taken_at", _Utc, nullable=False),
    sa.Column("outlines", sa.JSON(none_as_null=True)),
    sa.Column("remark", sa.Text),
    sa.UniqueConstraint("project_id", "annotation_id", "side"),
)


# Tables that came later stand apart, so that a ledger made before them opens and gets them.
_withdrawn = sa.Table(
    "withdrawn_answers",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", _Utc, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    *(
        sa.Column(column.name, column.type, nullable=column.nullable)
        for column in _answers.columns
        if column.name != "id"
    ),
)
_set_aside = sa.Table(
    "set_aside",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("project_id", sa.Integer, nullable=False),
    sa.Column("annotation_id", sa.Integer, nullable=False),
    sa.Column("at", _Utc, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("project_id", "annotation_id"),
)


@dataclass(frozen=True)
class SetAside:
    """An annotation that could not be taken for an answer, and why. The next pull tries it again."""

    entry: int
    project_id: int
    annotation_id: int
    reason: str


class Ledger:
    """The worklist in a database. Safe for many processes at once; each method is one transaction."""

    def __init__(self, url: str) -> None:
        self._place = url.rpartition("@")[2]  # an address may carry a password before the @
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=True)
            if self._engine.dialect.name == "sqlite":
                _tell_sqlite(self._engine)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise self._fault(error) from error
        self._make_tables()

    def close(self) -> None:
        self._engine.dispose()

    # -- entering -----------------------------------------------------------------------------------------------

    def enter(
        self, case_id: str, recipe: str, reasons: Collection[str], row: dict[str, Any], now: datetime | None = None
    ) -> bool:
        """Take a case in; True if it is new. Known already: its reasons, and a side not yet kept, are added.

        The reading kept is the one by which the case was chosen: a later model's answer does not replace it.
        """
        now = now or _now()
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
                sa.select(_cases).where(_cases.c.case_id == case_id, _cases.c.recipe == recipe).with_for_update()
            ).one()
            readings = known.readings
            if kept.get("side") not in [row.get("side") for row in readings]:
                readings = [*readings, kept]
            if known.state == State.GONE:
                self._move(connection, known.id, State.WAITING, now, project_id=None, task_id=None, error=None)
            scores = [score for score in (known.difficulty, new["difficulty"]) if score is not None]
            connection.execute(
                sa.update(_cases)
                .where(_cases.c.id == known.id)
                .values(
                    reasons=list(dict.fromkeys([*known.reasons, *reasons])),
                    readings=readings,
                    difficulty=max(scores, default=None),
                )
            )
            return False

    # -- looking ------------------------------------------------------------------------------------------------

    def entries(self, *states: State) -> list[WorklistEntry]:
        """The cases in these states (in all, when none is named), in the order in which they came."""
        wanted = _cases.c.state.in_(states) if states else sa.true()
        with self._read() as connection:
            rows = connection.execute(sa.select(_cases).where(wanted).order_by(_cases.c.id)).all()
            times: dict[int, dict[str, datetime]] = {}
            for change in connection.execute(
                sa.select(_transitions).join(_cases).where(wanted).order_by(_transitions.c.id)
            ):
                times.setdefault(change.entry, {})[change.state] = change.at
        return [_entry(row, times.get(row.id, {})) for row in rows]

    def entry(self, case_id: str, recipe: str) -> WorklistEntry | None:
        with self._read() as connection:
            row = connection.execute(
                sa.select(_cases).where(_cases.c.case_id == case_id, _cases.c.recipe == recipe)
            ).one_or_none()
            if row is None:
                return None
            changes = connection.execute(
                sa.select(_transitions).where(_transitions.c.entry == row.id).order_by(_transitions.c.id)
            )
            return _entry(row, {change.state: change.at for change in changes})

    def counts(self) -> dict[State, int]:
        """Cases by state, every state named."""
        with self._read() as connection:
            found = connection.execute(sa.select(_cases.c.state, sa.func.count()).group_by(_cases.c.state))
            return dict.fromkeys(State, 0) | {State(state): count for state, count in found}

    def holders(self) -> set[str]:
        """The processes in whose hands cases are."""
        with self._read() as connection:
            return set(connection.scalars(sa.select(_cases.c.holder).where(_cases.c.state == State.PUSHING)))

    # -- pushing ------------------------------------------------------------------------------------------------

    def claim(self, id: int, holder: str, gone: Collection[str] = (), now: datetime | None = None) -> str | None:
        """Put down that this process is about to push the case, before it does so.

        gone: holders known to be dead, whose cases may be taken over at once; others' only when their lease is over.
        Returns the state the case was in, or None where it is another's, or pushed by now.
        """
        now = now or _now()
        free = sa.or_(
            _cases.c.state.in_((State.WAITING, State.FAILED)),
            sa.and_(
                _cases.c.state == State.PUSHING, sa.or_(_cases.c.lease_until < now, _cases.c.holder.in_(tuple(gone)))
            ),
        )
        with self._write() as connection:
            state = connection.scalar(sa.select(_cases.c.state).where(_cases.c.id == id, free).with_for_update())
            if state is None:
                return None
            self._move(
                connection,
                id,
                State.PUSHING,
                now,
                note="taken over" if state == State.PUSHING else None,
                holder=holder,
                lease_until=now + LEASE,
                attempts=_cases.c.attempts + 1,
            )
            return str(state)

    def renew(self, id: int, holder: str, now: datetime | None = None) -> None:
        """Make sure that the case is still this process's, and for how long. Raises LostClaim."""
        now = now or _now()
        with self._write() as connection:
            done = connection.execute(
                sa.update(_cases)
                .where(_cases.c.id == id, _cases.c.state == State.PUSHING, _cases.c.holder == holder)
                .values(lease_until=now + LEASE, changed_at=now)  # the last sign of life of whoever holds it
            )
            if done.rowcount != 1:
                raise LostClaim(f"case {id} is no longer in the hands of {holder}")

    def pushed(self, id: int, holder: str, project_id: int, task_id: int, now: datetime | None = None) -> None:
        """Put down that Label Studio has the case, as which task. Raises LostClaim."""
        self._finish(id, holder, State.PUSHED, now, project_id=project_id, task_id=task_id, error=None)

    def failed(self, id: int, holder: str, error: str, now: datetime | None = None) -> None:
        """Put down in one sentence why Label Studio would not have the case. Raises LostClaim."""
        self._finish(id, holder, State.FAILED, now, note=error, error=error)

    def put_back(self, id: int, holder: str, error: str | None, now: datetime | None = None) -> None:
        """Put down that the push never came to a decision: the case waits as before. Raises LostClaim."""
        self._finish(id, holder, State.WAITING, now, note=error, error=error)

    def _finish(
        self, id: int, holder: str, state: State, now: datetime | None, note: str | None = None, **values: Any
    ) -> None:
        with self._write() as connection:
            mine = sa.and_(_cases.c.id == id, _cases.c.state == State.PUSHING, _cases.c.holder == holder)
            if connection.scalar(sa.select(_cases.c.id).where(mine).with_for_update()) is None:
                raise LostClaim(f"case {id} is no longer in the hands of {holder}")
            self._move(connection, id, state, now or _now(), note, holder=None, lease_until=None, **values)

    # -- answers ------------------------------------------------------------------------------------------------

    def take(
        self, id: int, project_id: int, annotation_id: int, answers: Sequence[LabeledCase], now: datetime | None = None
    ) -> int:
        """Take in one annotation of a case, whole or not at all; gives how many of its answers are new or changed.

        Taken in again, nothing changes; changed by the expert since, the later answer stands.
        """
        now, new = now or _now(), 0
        with self._write() as connection:
            state = connection.scalar(sa.select(_cases.c.state).where(_cases.c.id == id).with_for_update())
            for answer in answers:
                values = {
                    "label": answer.label,
                    "annotator": answer.annotator,
                    "answered_at": answer.answered_at,
                    "taken_at": now,
                    "outlines": dict(answer.outlines) or None,
                    "remark": answer.remark,
                }
                same = sa.and_(
                    _answers.c.project_id == project_id,
                    _answers.c.annotation_id == annotation_id,
                    _answers.c.side == (answer.side or ""),
                )
                known = connection.execute(sa.select(_answers.c.answered_at).where(same)).one_or_none()
                if known is None:
                    key = {"entry": id, "project_id": project_id, "annotation_id": annotation_id}
                    connection.execute(sa.insert(_answers).values(**key, side=answer.side or "", **values))
                elif known.answered_at < answer.answered_at:
                    old = connection.execute(sa.select(_answers).where(same)).one()
                    kept = {name: value for name, value in old._mapping.items() if name != "id"}
                    connection.execute(sa.insert(_withdrawn).values(at=now, because="changed by the expert", **kept))
                    connection.execute(sa.update(_answers).where(same).values(values))
                else:
                    continue
                new += 1
            given = {answer.side or "" for answer in answers}
            before = connection.execute(
                sa.select(_answers).where(
                    _answers.c.project_id == project_id, _answers.c.annotation_id == annotation_id
                )
            ).all()
            self._withdraw(
                connection, [row for row in before if row.side not in given], "no longer in the annotation", now
            )
            connection.execute(
                sa.delete(_set_aside).where(
                    _set_aside.c.project_id == project_id, _set_aside.c.annotation_id == annotation_id
                )
            )
            if new and state == State.PUSHED:
                self._move(connection, id, State.ANSWERED, now)
            else:
                self._unanswer(connection, id, now)
        return new

    def set_aside(self, id: int, project_id: int, annotation_id: int, reason: str, now: datetime | None = None) -> None:
        """Put down why an annotation cannot be taken for an answer. What it said before no longer stands."""
        now = now or _now()
        same = sa.and_(_set_aside.c.project_id == project_id, _set_aside.c.annotation_id == annotation_id)
        with self._write() as connection:
            connection.execute(sa.select(_cases.c.id).where(_cases.c.id == id).with_for_update())
            before = connection.execute(
                sa.select(_answers).where(
                    _answers.c.project_id == project_id, _answers.c.annotation_id == annotation_id
                )
            ).all()
            self._withdraw(connection, before, reason, now)
            connection.execute(sa.delete(_set_aside).where(same))
            connection.execute(
                sa.insert(_set_aside).values(
                    entry=id, project_id=project_id, annotation_id=annotation_id, at=now, reason=reason
                )
            )
            self._unanswer(connection, id, now)

    def keep_only(self, id: int, project_id: int, annotations: Collection[int], now: datetime | None = None) -> int:
        """Withdraw the answers of annotations that are no longer among these; gives how many. History keeps them."""
        now = now or _now()
        with self._write() as connection:
            connection.execute(sa.select(_cases.c.id).where(_cases.c.id == id).with_for_update())
            rows = connection.execute(
                sa.select(_answers).where(_answers.c.entry == id, _answers.c.project_id == project_id)
            ).all()
            lost = [row for row in rows if row.annotation_id not in annotations]
            self._withdraw(connection, lost, "deleted in Label Studio", now)
            aside = sa.and_(_set_aside.c.entry == id, _set_aside.c.project_id == project_id)
            connection.execute(
                sa.delete(_set_aside).where(aside, _set_aside.c.annotation_id.not_in(tuple(annotations)))
            )
            self._unanswer(connection, id, now)
            return len(lost)

    def gone(self, id: int, sentence: str, now: datetime | None = None) -> bool:
        """Put down that the task of a case was deleted. Answers it gave before stand: the question went, not they."""
        with self._write() as connection:
            pushed = sa.and_(_cases.c.id == id, _cases.c.state == State.PUSHED)
            if connection.scalar(sa.select(_cases.c.id).where(pushed).with_for_update()) is None:
                return False
            self._move(connection, id, State.GONE, now or _now(), note=sentence, error=sentence)
            return True

    def answering(self) -> set[int]:
        """The cases from which an answer, or an annotation that was set aside, is at hand."""
        with self._read() as connection:
            return set(connection.scalars(sa.union(sa.select(_answers.c.entry), sa.select(_set_aside.c.entry))))

    def aside(self) -> list[SetAside]:
        """The annotations that could not be taken for answers, in the order in which they came."""
        with self._read() as connection:
            rows = connection.execute(sa.select(_set_aside).order_by(_set_aside.c.id)).all()
        return [SetAside(row.entry, row.project_id, row.annotation_id, row.reason) for row in rows]

    def history(self, id: int) -> list[tuple[str, str | None, str]]:
        """The withdrawn answers of a case, oldest first: side, label, and why each no longer stands."""
        with self._read() as connection:
            rows = connection.execute(sa.select(_withdrawn).where(_withdrawn.c.entry == id).order_by(_withdrawn.c.id))
            return [(row.side, row.label, row.because) for row in rows]

    def _withdraw(self, connection: sa.Connection, rows: Sequence[sa.Row[Any]], because: str, now: datetime) -> None:
        for row in rows:
            kept = {name: value for name, value in row._mapping.items() if name != "id"}
            connection.execute(sa.insert(_withdrawn).values(at=now, because=because, **kept))
            connection.execute(sa.delete(_answers).where(_answers.c.id == row.id))

    def _unanswer(self, connection: sa.Connection, id: int, now: datetime) -> None:
        """A case none of whose answers stands waits for the expert again."""
        state = connection.scalar(sa.select(_cases.c.state).where(_cases.c.id == id))
        left = connection.scalar(sa.select(sa.func.count()).where(_answers.c.entry == id))
        if state == State.ANSWERED and not left:
            self._move(connection, id, State.PUSHED, now)

    def answers(self) -> list[LabeledCase]:
        """Every answer taken in, in the order in which they were given."""
        with self._read() as connection:
            rows = connection.execute(
                sa.select(_answers, _cases.c.case_id, _cases.c.recipe)
                .join(_cases)
                .order_by(_answers.c.answered_at, _answers.c.id)
            ).all()
        return [
            LabeledCase(
                case_id=row.case_id,
                label=row.label,
                annotator=row.annotator,
                answered_at=row.answered_at,
                recipe=row.recipe,
                side=row.side or None,
                outlines={region: _pieces(drawn) for region, drawn in (row.outlines or {}).items()},
                remark=row.remark,
            )
            for row in rows
        ]

    # -- how it is kept -----------------------------------------------------------------------------------------

    def _make_tables(self) -> None:
        try:
            with self._write() as connection:
                _metadata.create_all(connection)
        except LedgerFault:  # two processes at the first start: the other may have made them between look and make
            with self._write() as connection:
                _metadata.create_all(connection)

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._fault(error) from error

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise self._fault(error) from error

    def _fault(self, error: BaseException) -> LedgerFault:
        return LedgerFault(
            f"The worklist at {self._place} cannot be used ({_first_line(error)}); "
            "check OSTEOLENS_LEDGER_URL, or leave it out to use a file under OSTEOLENS_HOME"
        )

    def _insert_or_none(self, connection: sa.Connection, new: dict[str, Any]) -> bool:
        try:
            with connection.begin_nested():
                id = connection.scalar(sa.insert(_cases).values(new).returning(_cases.c.id))
        except sa.exc.IntegrityError:
            return False
        connection.execute(sa.insert(_transitions).values(entry=id, at=new["entered_at"], state=State.WAITING))
        return True

    def _move(
        self, connection: sa.Connection, id: int, state: State, now: datetime, note: str | None = None, **values: Any
    ) -> None:
        connection.execute(sa.update(_cases).where(_cases.c.id == id).values(state=state, changed_at=now, **values))
        connection.execute(sa.insert(_transitions).values(entry=id, at=now, state=state, note=note))


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


def _pieces(drawn: list[Any]) -> tuple[Polygon, ...]:
    """The polygons of one region; a ledger written before regions came in pieces holds the points of one."""
    pieces = drawn if drawn and isinstance(drawn[0][0], list) else [drawn]
    return tuple(tuple((x, y) for x, y in piece) for piece in pieces)


def _tell_sqlite(engine: sa.Engine) -> None:
    """What SQLite alone needs: readers beside one writer, waiting, safe on power loss, locks taken first.

    A transaction that reads and then writes must say so at its start: SQLite refuses to turn a reader into a writer
    when another has written in between, however long it is told to wait.
    """
    if engine.url.database and engine.url.database != ":memory:":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in (f"busy_timeout = {_BUSY_MS}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
