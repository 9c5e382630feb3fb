"""The tables of the ledger, as the newest migration leaves them."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment in UTC; databases without time zones give it back without one, so it is put on again."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class SoundJson(sa.types.TypeDecorator[Any]):
    """JSON of which a damaged value is None, so that one row costs the others nothing."""

    impl = sa.JSON
    cache_ok = True

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        read = super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:
            try:
                return read(value) if read is not None else value
            except ValueError:
                return None

        return process


metadata = sa.MetaData()


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


def _answer_columns() -> list[sa.Column[Any]]:
    """What is kept of one answer, whether it stands or was withdrawn."""
    return [
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("annotation_id", sa.Integer, nullable=False),
        sa.Column("side", sa.String(10), nullable=False),  # "" where the film is judged as one
        sa.Column("label", sa.String(100)),
        sa.Column("annotator", sa.String(100), nullable=False),  # the reader's pseudonym
        sa.Column("answered_at", Utc, nullable=False),
        sa.Column("taken_at", Utc, nullable=False),
        sa.Column("outlines", _json()),
        sa.Column("remark", sa.Text),
        sa.Column("certainty", sa.String(100)),
        sa.Column("reasons", _json()),
        sa.Column("findings", _json()),
        sa.Column("masks", _json()),  # run lengths by region
        sa.Column("points", _json()),
        sa.Column("blind", sa.Boolean),  # None: not known, from before it was kept
    ]


cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.String(24), nullable=False),
    sa.Column("recipe", sa.String(100), nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("reasons", SoundJson, nullable=False),
    sa.Column("difficulty", sa.Float),
    sa.Column("model", sa.String(200)),
    sa.Column("readings", SoundJson, nullable=False),
    sa.Column("project_id", sa.Integer),  # of the first task, for lists that show one link a case
    sa.Column("task_id", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("owner", sa.String(100)),  # the process that pushes it
    sa.Column("lease_until", Utc),
    sa.Column("readers", sa.Integer),  # how many were asked for this case; None: as many as the push asks
    sa.Column("suspected", _json()),  # boxes (left, top, right, bottom) that may be text
    sa.Column("cleared_at", Utc),  # when a person had looked at the film and let it go
    sa.Column("asked_first", sa.Integer),  # of these, before others were sent for to settle what they disagree on
    sa.Column("entered_at", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.UniqueConstraint("case_id", "recipe"),
)
transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("note", sa.Text),
)
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("project_id", sa.Integer, nullable=False),
    sa.Column("task_id", sa.Integer, nullable=False),
    sa.Column("reader", sa.Integer),  # which of the blind readers, from 1; None where one is asked
    sa.Column("blind", sa.Boolean),
    sa.Column("state", sa.String(20), nullable=False),  # pushed, answered or gone
    sa.Column("seen", sa.String(40)),  # when Label Studio had last changed it, as it was last looked at
    sa.Column("annotations", sa.Integer, nullable=False, default=0),  # how many it had then, skipped ones too
    sa.UniqueConstraint("project_id", "task_id"),
)
answers = sa.Table(
    "answers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    *_answer_columns(),
    sa.UniqueConstraint("project_id", "annotation_id", "side"),
)
withdrawn = sa.Table(
    "withdrawn_answers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column(
        "by", sa.String(100)
    ),  # the pseudonym of whoever changed or cancelled it; None: Label Studio does not say
    sa.Column("entry", sa.Integer, nullable=False),
    *_answer_columns(),
)
set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("project_id", sa.Integer, nullable=False),
    sa.Column("annotation_id", sa.Integer, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("project_id", "annotation_id"),
)
adjudications = sa.Table(
    "adjudications",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("side", sa.String(10), nullable=False),
    sa.Column("part", sa.String(100), nullable=False),  # "class", or the name of a region, point or finding
    sa.Column("value", sa.JSON, nullable=False),  # of the answer, what it decides: see annotation.ledger.payload
    sa.Column("by", sa.String(100), nullable=False),  # the adjudicator's pseudonym
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("from_answers", sa.JSON, nullable=False),  # the answers that stood: project, annotation, reader, label
    sa.Column("stands", sa.Boolean, nullable=False, index=True),  # False once a later one took its place
)
pulls = sa.Table(
    "pulls",
    metadata,
    sa.Column("project_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("until", Utc, nullable=False),  # by the clock of Label Studio
    sa.Column("others", sa.Integer, nullable=False),  # tasks of the project that are not of the worklist
    sa.Column("annotations", sa.Integer, nullable=False),  # all annotations of the project, skipped ones too
)
