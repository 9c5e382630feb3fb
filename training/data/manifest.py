"""A table of films with answers: CSV or Parquet, paths relative to it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.clinical import Clinical
from core.example import Example, ManifestError
from core.labels import CLASSES

_TEXT = dict.fromkeys(("patient", "case_id", "patient_key"), "string")  # names, though made of digits
TABLES = ("manifest.csv", "manifest.parquet", "truth.csv")  # what a folder that is a training set calls its table
SIMULATED = "cohort.json"  # what the simulator leaves beside the table it writes


@dataclass(frozen=True)
class Manifest:
    """All rows, and a fingerprint of the table as it was read.

    folder: what its paths are relative to. table: the file. simulated: whether the simulator wrote it, so that no two
    films are copies of one another.
    """

    examples: tuple[Example, ...]
    fingerprint: str
    name: str
    folder: Path
    simulated: bool = False
    table: Path | None = None


def table_of(path: Path) -> Path:
    """The table that a path names: itself, or that of a training set's folder. Raises ManifestError for neither."""
    if not path.is_dir():
        return path
    found = [path / name for name in TABLES if (path / name).is_file()]
    if not found:
        raise ManifestError(f"found no table in the folder {path}, expected one of {', '.join(TABLES)}; name the table")
    return found[0]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, or that of a training set's folder. Raises ManifestError naming the column, row and value that
    is wrong."""
    path = table_of(path)
    rows = table_rows(path)
    _refuse_missing(path, [row["path"] for _, row in rows])
    examples = tuple(example_of(path, line, row) for line, row in rows)
    if not examples:
        raise ManifestError(f"{path} has a header and no rows, expected a row a film")
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    simulated = (path.parent / SIMULATED).is_file() and path.name == "truth.csv"
    return Manifest(examples, fingerprint, path.parent.name, path.parent, simulated, path)


def table_rows(path: Path) -> list[tuple[int, dict[Any, Any]]]:
    """The rows of a table with their lines. Raises ManifestError for what is no table, or has no column path."""
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=_TEXT)
    except (OSError, ValueError, UnicodeDecodeError) as fault:
        raise ManifestError(
            f"{path} cannot be read as a table ({fault}); expected CSV with a header, or Parquet"
        ) from fault
    if "path" not in table:
        raise ManifestError(f"{path} has columns {', '.join(map(str, table.columns))}, expected one named path")
    return list(enumerate(table.to_dict("records"), start=2))


def _refuse_missing(manifest: Path, films: list[Any]) -> None:
    """Raises ManifestError for films that are not there, with how many."""
    missing = [
        (line, manifest.parent / str(film))
        for line, film in enumerate(films, start=2)
        if pd.isna(film) or not (manifest.parent / str(film)).is_file()
    ]
    if missing:
        (line, film), *more = missing
        others = f", and so do {len(more)} other rows" if more else ""
        raise ManifestError(
            f"{manifest} line {line} names {film.name}, which is not there{others}; paths are relative to the manifest"
        )


def example_of(manifest: Path, line: int, row: dict[Any, Any]) -> Example:
    """A row as it was read. Raises ManifestError naming the line, the column and the value that is wrong."""
    known = {str(key): None if pd.isna(value) else value for key, value in row.items()}
    film = manifest.parent / str(known.pop("path"))
    label = known.pop("label", None)
    if label is not None and label not in CLASSES:
        raise ManifestError(f"{manifest} line {line} has label {label!r}, expected {', '.join(CLASSES)} or nothing")
    try:
        clinical = Clinical.from_row(known)
    except ValueError as fault:
        raise ManifestError(f"{manifest} line {line}: {fault}") from fault
    patient, split = known.pop("patient", None), known.pop("split", None)
    return Example(
        path=film,
        label=label,
        patient=None if patient is None else str(patient),
        clinical=clinical,
        split=None if split is None else str(split),
        others=known,
    )
