"""Tasks of their own, whole answers, adjudications, and how far each project was pulled."""

import sqlalchemy as sa
from alembic import op

from annotation.ledger.tables import Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE cases RENAME COLUMN holder TO owner")
    op.add_column("cases", sa.Column("readers", sa.Integer))
    for table in ("answers", "withdrawn_answers"):
        op.add_column(table, sa.Column("certainty", sa.String(100)))
        for name in ("reasons", "findings", "masks", "points"):
            op.add_column(table, sa.Column(name, sa.JSON))
        op.add_column(table, sa.Column("blind", sa.Boolean))
    op.add_column("withdrawn_answers", sa.Column("by", sa.String(100)))
    _make_tasks()
    op.create_table(
        "adjudications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("part", sa.String(100), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("from_answers", sa.JSON, nullable=False),
        sa.Column("stands", sa.Boolean, nullable=False, index=True),
    )
    op.create_table(
        "pulls",
        sa.Column("project_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("until", Utc, nullable=False),
        sa.Column("others", sa.Integer, nullable=False),
        sa.Column("annotations", sa.Integer, nullable=False),
    )


def _make_tasks() -> None:
    """Until now a case was one task, whose numbers stood with the case. Every question was blind."""
    tasks = op.create_table(
        "tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("task_id", sa.Integer, nullable=False),
        sa.Column("reader", sa.Integer),
        sa.Column("blind", sa.Boolean),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("seen", sa.String(40)),
        sa.Column("annotations", sa.Integer, nullable=False),
        sa.UniqueConstraint("project_id", "task_id"),
    )
    cases = sa.table("cases", *(sa.column(name) for name in ("id", "project_id", "task_id", "state")))
    numbers = sa.and_(cases.c.project_id.is_not(None), cases.c.task_id.is_not(None))
    state = sa.case((cases.c.state.in_(("answered", "gone")), cases.c.state), else_="pushed")
    first = sa.select(sa.func.min(cases.c.id)).where(numbers).group_by(cases.c.project_id, cases.c.task_id)
    op.execute(
        tasks.insert().from_select(
            ["entry", "project_id", "task_id", "blind", "state", "annotations"],
            sa.select(cases.c.id, cases.c.project_id, cases.c.task_id, sa.true(), state, sa.literal(0)).where(
                cases.c.id.in_(first)
            ),
        )
    )
    op.execute("UPDATE answers SET blind = " + ("true" if op.get_bind().dialect.name == "postgresql" else "1"))
