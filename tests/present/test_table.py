"""The lines as a table: a row a limb, in CSV and in Parquet."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from present.table import write_table
from tests.readings import hip_film, hip_readings


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Both hips of a film, and a file that was refused."""
    refused = {
        "path": "b.dcm",
        "status": "refused",
        "refusal": {"code": "unreadable", "message": "Sent; it is, a PDF."},
    }
    rows = [*(one.row() for one in hip_readings(*hip_film())), refused]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def test_csv_and_parquet_hold_the_same(lines: Path, tmp_path: Path) -> None:
    write_table(lines, tmp_path / "r.csv")
    write_table(lines, tmp_path / "r.parquet")
    with (tmp_path / "r.csv").open(newline="") as file:
        as_csv = list(csv.DictReader(file))
    as_parquet = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert len(as_csv) == len(as_parquet) == 3
    assert [*as_csv[0]] == [*as_parquet[0]]
    assert [row["side"] for row in as_parquet] == ["R", "L", None]
    first = json.loads(lines.read_text().splitlines()[0])
    assert as_parquet[0]["label"] == as_csv[0]["label"] == first["label"]
    for name, share in first["probabilities"].items():
        assert as_parquet[0][f"probabilities_{name}"] == share == float(as_csv[0][f"probabilities_{name}"])
    assert as_parquet[2]["refusal_message"] == as_csv[2]["refusal_message"] == "Sent; it is, a PDF."
    assert not list(tmp_path.glob(".*"))


def test_a_table_that_cannot_be_made_leaves_the_old_one(lines: Path, tmp_path: Path) -> None:
    table = tmp_path / "r.csv"
    table.write_text("old")
    lines.write_text("{")
    with pytest.raises(ValueError):
        write_table(lines, table)
    assert table.read_text() == "old"
