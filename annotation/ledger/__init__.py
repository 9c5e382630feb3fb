"""The worklist: one row a case, every change of state with its time.

A case is one film as one recipe asks about it: the expert opens the film once and judges each limb on it, so a pelvis
whose two hips are both hard is one row, with the readings of both sides. Nothing that identifies a person enters: the
row of a reading is kept without the name of its file, and notices are kept by code alone.

    waiting -> pushing -> pushed -> answered
       ^          |
       +--failed<-+        a pusher that died leaves `pushing`; the next one takes the case over

A film that may show a name begins as `held`, and no push takes it: a person looks at it, and it waits, or is `dropped`.

A case has a task in Label Studio for each reader who is asked, and is answered once each of them has answered. A case
all of whose tasks were deleted there is `gone`; entered again, it waits again.

SQLite by default, any database of SQLAlchemy by its address; what only SQLite needs is in `database.py`. Its tables
are brought to the newest version as it is opened (`schema.py`).
"""

from annotation.ledger.adjudications import Adjudication as Adjudication, Adjudications
from annotation.ledger.answers import (
    DROPPED as DROPPED,
    Answers,
    SetAside as SetAside,
    TakenAnswer as TakenAnswer,
    Withdrawn as Withdrawn,
)
from annotation.ledger.claims import LEASE as LEASE, Claims, LostClaim as LostClaim
from annotation.ledger.database import LedgerFault as LedgerFault
from annotation.ledger.entries import Entries, WorklistEntry as WorklistEntry, without_names as without_names
from annotation.ledger.held import Held
from annotation.ledger.pulls import Pulled as Pulled, Pulls
from annotation.ledger.tasks import Task as Task, Tasks
from annotation.ledger.upkeep import Upkeep
from annotation.state import State as State


class Ledger(Entries, Held, Claims, Tasks, Answers, Adjudications, Pulls, Upkeep):
    """The worklist in a database. Safe for many processes at once; each method is one transaction."""
