"""The tables as they were before versions were kept. What is there already is left as it is."""

import sqlalchemy as sa
from alembic import op

from annotation.ledger.tables import Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    there = sa.inspect(op.get_bind()).get_table_names()
    for name, make in (
        ("cases", _cases),
        ("transitions", _transitions),
        ("answers", _answers),
        ("withdrawn_answers", _withdrawn_answers),
        ("set_aside", _set_aside),
    ):
        if name not in there:
            make()


def _cases() -> None:
    op.create_table(
        "cases",
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
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(100)),
        sa.Column("lease_until", Utc),
        sa.Column("entered_at", Utc, nullable=False),
        sa.Column("changed_at", Utc, nullable=False),
        sa.UniqueConstraint("case_id", "recipe"),
    )


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("note", sa.Text),
    )


def _answer() -> list[sa.Column]:
    return [
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("annotation_id", sa.Integer, nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("label", sa.String(100)),
        sa.Column("annotator", sa.String(100), nullable=False),
        sa.Column("answered_at", Utc, nullable=False),
        sa.Column("taken_at", Utc, nullable=False),
        sa.Column("outlines", sa.JSON),
        sa.Column("remark", sa.Text),
    ]


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        *_answer(),
        sa.UniqueConstraint("project_id", "annotation_id", "side"),
    )


def _withdrawn_answers() -> None:
    op.create_table(
        "withdrawn_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        *_answer(),
    )


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("annotation_id", sa.Integer, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("project_id", "annotation_id"),
    )
