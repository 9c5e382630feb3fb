"""Looking after the ledger's file: a copy of it while it is used, and whether it is whole."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from annotation.ledger.database import Database, LedgerFault
from annotation.ledger.entries import DAMAGED
from annotation.ledger.tables import cases


class Upkeep(Database):
    """What a person does for the ledger now and then."""

    def backup(self, out: Path) -> None:
        """Copy the ledger as it stands to a new file, whole or not at all, while others use it. Raises LedgerFault."""
        if self._engine.dialect.name != "sqlite":
            raise LedgerFault("The worklist is no SQLite file; use its database's own tool, such as pg_dump")
        if out.exists():
            raise LedgerFault(f"{out} is there already; name a new file for the copy")
        draft = out.with_name(f"{out.name}.part")
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(draft)) as copy, self._read() as connection:
                source = connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)
                source.backup(copy)
                found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise LedgerFault(f"The worklist is damaged ({found}), so its copy is too; restore an earlier copy")
            draft.replace(out)
        except (OSError, sqlite3.Error) as error:
            raise LedgerFault(f"The worklist cannot be copied to {out} ({error}); choose another place") from error
        finally:
            draft.unlink(missing_ok=True)

    def check(self) -> list[str]:
        """A sentence for each thing that is wrong with the ledger; nothing where it is whole."""
        wrong: list[str] = []
        with self._read() as connection:
            if self._engine.dialect.name == "sqlite":
                found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
                wrong += [f"The file is damaged: {one}; restore a copy" for one in found if one != "ok"]
                orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                wrong += [f"Row {row[1]} of {row[0]} belongs to no case; restore a copy" for row in orphans]
            rows = connection.execute(sa.select(cases.c.case_id, cases.c.reasons, cases.c.readings))
            wrong += [f"Case {row.case_id}: {DAMAGED}" for row in rows if None in (row.reasons, row.readings)]
        return wrong
