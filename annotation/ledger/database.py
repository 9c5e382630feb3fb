"""One database, opened safely by many processes; faults in a sentence."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from annotation.ledger.schema import NewerSchema, upgrade
from annotation.ledger.tables import cases, transitions
from annotation.state import State

_BUSY_MS = 5000  # how long to wait for another writer, each of whose transactions takes milliseconds


class LedgerFault(Exception):
    """The worklist cannot be opened or used; the message is one sentence for a person."""


class Database:
    """The connection that the parts of the ledger share."""

    def __init__(self, url: str) -> None:
        self._place = url.rpartition("@")[2]  # an address may carry a password before the @
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=True)
            if self._engine.dialect.name == "sqlite":
                _tell_sqlite(self._engine)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise self._fault(error) from error
        self._bring_up_to_date()

    def close(self) -> None:
        self._engine.dispose()

    def _bring_up_to_date(self) -> None:
        try:
            try:
                with self._write() as connection:
                    upgrade(connection)
            except LedgerFault:  # two processes at the first start: the other may have come between look and make
                with self._write() as connection:
                    upgrade(connection)
        except NewerSchema as newer:
            raise LedgerFault(
                f"The worklist at {self._place} is of schema {newer.found}, written by a newer version of Osteolens, "
                f"expected {newer.known} or older; update Osteolens, or name another ledger in OSTEOLENS_LEDGER_URL"
            ) from newer

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

    @staticmethod
    def _move(
        connection: sa.Connection, id: int, state: State, now: datetime, note: str | None = None, **values: Any
    ) -> None:
        Database._move_all(connection, [id], state, now, note, **values)

    @staticmethod
    def _move_all(
        connection: sa.Connection, ids: Sequence[int], state: State, now: datetime, note: str | None, **values: Any
    ) -> None:
        """All of these cases at once: two statements, however many they are."""
        if ids:
            moved = sa.update(cases).where(cases.c.id.in_(ids)).values(state=state, changed_at=now, **values)
            connection.execute(moved)
            steps = [{"entry": id, "at": now, "state": state, "note": note} for id in ids]
            connection.execute(sa.insert(transitions), steps)

    @staticmethod
    def _lock(connection: sa.Connection, id: int) -> str | None:
        """The state of a case, which nobody else changes until this transaction ends."""
        state = connection.scalar(sa.select(cases.c.state).where(cases.c.id == id).with_for_update())
        return None if state is None else str(state)


def now_utc() -> datetime:
    return datetime.now(UTC)


def _tell_sqlite(engine: sa.Engine) -> None:
    """What SQLite alone needs: readers beside one writer, waiting, safe on power loss, locks taken first.

    A transaction that reads and then writes must say so at its start: SQLite refuses to turn a reader into a writer
    when another has written in between, however long it is told to wait.
    """
    if engine.url.database and engine.url.database != ":memory:":
        _own(Path(engine.url.database))

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in (f"busy_timeout = {_BUSY_MS}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _own(file: Path) -> None:
    """Make the file, and the folder it stands in, for this account alone; what SQLite writes beside it follows."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):  # what cannot be opened is said by whoever uses it
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
