"""How far the answers of each project were pulled."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from annotation.ledger.database import Database
from annotation.ledger.tables import pulls


@dataclass(frozen=True)
class Pulled:
    """What was known of a project when its last pull began.

    until: everything that changed before this, by the clock of Label Studio, was taken in. others: its tasks that are
    not of the worklist. annotations: all its annotations, skipped ones too.
    """

    until: datetime
    others: int
    annotations: int


class Pulls(Database):
    """One mark a project, moved on by a pull that came to its end."""

    def pulled(self, project_id: int) -> Pulled | None:
        """How far this project was pulled; None where it never was."""
        with self._read() as connection:
            row = connection.execute(sa.select(pulls).where(pulls.c.project_id == project_id)).one_or_none()
        return None if row is None else Pulled(row.until, row.others, row.annotations)

    def pulled_until(self, project_id: int, mark: Pulled | None) -> None:
        """Put down how far this project was pulled; None makes the next pull look at everything."""
        with self._write() as connection:
            connection.execute(sa.delete(pulls).where(pulls.c.project_id == project_id))
            if mark is not None:
                connection.execute(sa.insert(pulls).values(project_id=project_id, **vars(mark)))
