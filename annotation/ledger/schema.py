"""Which version of the tables a database has, and how it is brought to the newest.

The migrations lie in `migrations/`, for alembic, which is loaded only where there is something to bring up to date. A
ledger from before versions were kept has its tables and no version; the first migration makes what is missing and
leaves the rest, so that such a ledger goes the same way as an empty one and loses no row.
"""

import logging
from pathlib import Path
from typing import Final

import sqlalchemy as sa

VERSIONS: Final = ("0001", "0002", "0003", "0004")  # oldest first; tests hold them to the scripts
_LOCK_KEY: Final = 0x05EE01E5  # an arbitrary number that all processes of the same PostgreSQL database share


class NewerSchema(Exception):
    """The database was written by a later version of this program."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found, self.known = found, VERSIONS[-1]


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables to the newest version within this transaction, which writes. Raises NewerSchema."""
    found = version(connection)
    if found == VERSIONS[-1]:
        return
    if connection.dialect.name == "postgresql":  # SQLite's writer is alone already
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        found = version(connection)  # by now another may have done it
    if found is not None and found not in VERSIONS:
        raise NewerSchema(found)
    if found != VERSIONS[-1]:
        _migrate(connection)


def version(connection: sa.Connection) -> str | None:
    """The version that the database says it has; None for an empty one, or one from before versions were kept."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)  # its steps are no news to whoever opens a worklist
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
