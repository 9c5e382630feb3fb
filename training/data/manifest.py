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
SIMULATED = "cohort.json"  # what the simulator leaves beside the table it writes


@dataclass(frozen=True)
class Manifest:
    """All rows, and a fingerprint of the table as it was read.

    folder: what its paths are relative to. simulated: whether the simulator wrote it, so that no two films are copies
    of one another.
    """

    examples: tuple[Example, ...]
    fingerprint: str
    name: str
    folder: Path
    simulated: bool = False


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises ManifestError naming the column, row and value that is wrong."""
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=_TEXT)
    except (OSError, ValueError, UnicodeDecodeError) as fault:
        raise ManifestError(
            f"{path} cannot be read as a table ({fault}); expected CSV with a header, or Parquet"
        ) from fault
    if "path" not in table:
        raise ManifestError(f"{path} has columns {', '.join(map(str, table.columns))}, expected one named path")
    examples = tuple(_example(path, line, row) for line, row in enumerate(table.to_dict("records"), start=2))
    if not examples:
        raise ManifestError(f"{path} has a header and no rows, expected a row a film")
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    simulated = (path.parent / SIMULATED).is_file() and path.name == "truth.csv"
    return Manifest(examples, fingerprint, path.parent.name, path.parent, simulated)


def _example(manifest: Path, line: int, row: dict[Any, Any]) -> Example:
    known = {str(key): None if pd.isna(value) else value for key, value in row.items()}
    film = manifest.parent / str(known.pop("path"))
    if not film.is_file():
        raise ManifestError(
            f"{manifest} line {line} names {film.name}, which is not there; paths are relative to the manifest"
        )
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
