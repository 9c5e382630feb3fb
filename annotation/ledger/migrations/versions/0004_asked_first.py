"""How many readers a case had before one more was sent for to settle what they disagree on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("cases", sa.Column("asked_first", sa.Integer))
