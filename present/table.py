"""The lines of `readings.jsonl` as a table, CSV or Parquet: a row a limb, a column a value."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from core.system.whole import draft_of

Row = dict[str, Any]
ROWS = 1000  # at a time, so that memory stays as it is however many there are


def write_table(lines: Path, table: Path) -> None:
    """Write what `lines` holds as a table, whole or not at all; `.parquet` is Parquet, anything else CSV.

    Nested values are named by their path: `probabilities_osteopenia`, `bmd_t_score`, `refusal_code`. Outlines stay in
    the lines: they are many numbers a limb.
    """
    columns = list(dict.fromkeys(name for row in _rows(lines) for name in row))
    with draft_of(table) as draft:
        (_as_parquet if table.suffix.lower() == ".parquet" else _as_csv)(lines, columns, draft)


def flat(reading: Row) -> Row:
    """One line as one row: numbers, words and truths; several words are joined by semicolons."""
    row: Row = {}
    for name, value in reading.items():
        if name == "warnings":
            row[name] = ";".join(one["code"] for one in value)
        elif name not in ("regions", "densities", "vertebrae"):
            row.update(_spread(name, value))
    for one in reading.get("densities") or ():
        row.update(_spread(f"density_{one['region']}", {key: one[key] for key in one if key != "region"}))
    return row


def _spread(name: str, value: Any) -> Row:
    if isinstance(value, dict):
        return {key: one for part, inner in value.items() for key, one in _spread(f"{name}_{part}", inner).items()}
    if isinstance(value, list | tuple):
        if all(isinstance(one, int | float) for one in value) and len(value) == 2:
            return {f"{name}_low": value[0], f"{name}_high": value[1]}
        return {name: ";".join(map(str, value))}
    return {name: value}


def _rows(lines: Path) -> Iterator[Row]:
    with lines.open(encoding="utf-8") as file:
        yield from (flat(json.loads(line)) for line in file)


def _as_csv(lines: Path, columns: list[str], draft: Path) -> None:
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(_rows(lines))


def _as_parquet(lines: Path, columns: list[str], draft: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = dict.fromkeys(columns, pa.null())
    for row in _rows(lines):
        for name, value in row.items():
            kinds[name] = _wider(kinds[name], value, pa)
    schema = pa.schema([pa.field(name, kind) for name, kind in kinds.items()])
    rows = _rows(lines)
    with pq.ParquetWriter(draft, schema) as writer:
        while some := list(islice(rows, ROWS)):
            writer.write_table(pa.Table.from_pylist(some, schema))


def _wider(kind: Any, value: Any, pa: Any) -> Any:
    if value is None:
        return kind
    known = {bool: pa.bool_(), str: pa.string()}.get(type(value), pa.float64())
    return known if kind in (pa.null(), known) else pa.string()
