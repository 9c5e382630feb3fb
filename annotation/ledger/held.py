"""Films that are held because they may show a name: let go, or taken out, by a person."""

from datetime import datetime

import sqlalchemy as sa

from annotation.ledger.database import Database, now_utc
from annotation.ledger.tables import cases
from annotation.state import State


class Held(Database):
    """A film is looked at once, whichever recipes ask about it: what is decided holds for all its cases."""

    def clear(self, case_id: str, note: str, now: datetime | None = None) -> int:
        """A person has looked at the film and lets it go: its cases wait for the next push. Gives how many."""
        now = now or now_utc()
        return self._decide_held(case_id, State.WAITING, note, now, cleared_at=now)

    def drop(self, case_id: str, note: str, now: datetime | None = None) -> int:
        """A person takes the film out: nothing of it is sent. Gives how many cases."""
        return self._decide_held(case_id, State.DROPPED, note, now or now_utc())

    def _decide_held(self, case_id: str, state: State, note: str, now: datetime, **values: object) -> int:
        held = sa.select(cases.c.id).where(cases.c.case_id == case_id, cases.c.state == State.HELD)
        with self._write() as connection:
            found = connection.scalars(held.order_by(cases.c.id).with_for_update()).all()
            for id in found:
                self._move(connection, id, state, now, note, error=None, **values)
        return len(found)
