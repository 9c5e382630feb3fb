"""Films that are held until a person has looked at them."""

import sqlalchemy as sa
from alembic import op

from annotation.ledger.tables import Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("cases", sa.Column("suspected", sa.JSON))
    op.add_column("cases", sa.Column("cleared_at", Utc))
