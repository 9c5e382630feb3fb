"""A table of scores and of what became of people: CSV or Parquet, no films needed."""

from pathlib import Path
from typing import Any

import pandas as pd

from evidence.statistics import prognosis as statistics
from simulation.xray.scanner import SCANNERS
from training.data.manifest import ManifestError

SCORE = "score_"


def read_followup(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The table and its columns of scores (`score_<name>`). Raises ManifestError in one sentence for one without."""
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"patient": "string"})
    except (OSError, ValueError, UnicodeDecodeError) as fault:
        raise ManifestError(
            f"{path} cannot be read as a table ({fault}); expected CSV with a header, or Parquet"
        ) from fault
    scores = [str(name) for name in table.columns if str(name).startswith(SCORE)]
    if not scores:
        raise ManifestError(
            f"{path} has columns {', '.join(map(str, table.columns))}, expected one {SCORE}<name> or more; "
            "`python cli.py evaluate spine_vertex` writes such a table"
        )
    return table, scores


def prognosis(table: Path, horizon: float) -> dict[str, Any]:
    """What the scores of a table say of fractures within `horizon` years, in plain values."""
    people, scores = read_followup(table)
    virtual = "scanner" in people and set(people["scanner"].dropna()) <= set(SCANNERS)
    return {"data": table.name, "virtual": virtual, **statistics.prognosis(people, scores, horizon)}
