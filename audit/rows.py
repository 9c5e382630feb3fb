"""The rows of a manifest, or the files of a folder, as they are; what is wrong with one is named."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.clinical import Clinical
from core.example import Example, ManifestError
from core.labels import CLASSES
from training.data.given_split import NAMES
from training.data.manifest import TABLES, example_of, table_rows

NO_FILM: Final = {".csv", ".parquet", ".json", ".jsonl", ".md", ".txt", ".html", ".xml", ".pdf", ".npy", ".npz", ".nii"}
WITHOUT: Final = {  # what cannot be checked without a column, by column
    "label": "classes, contradictions, shortcuts and doubtful labels",
    "patient": "whether one person stands in two parts",
    "split": "leaks between parts",
    "age_years": "whether age gives the label away",
    "sex": "whether sex gives the label away",
}


@dataclass(frozen=True)
class Problem:
    """A row or a file that something is wrong with. row: its line in the table, None for a file without one."""

    path: str
    row: int | None
    code: str
    message: str


@dataclass(frozen=True)
class Row:
    """One film, or one limb of it. name: its path as the source has it. line: in its table; None without one."""

    name: str
    line: int | None
    example: Example


@dataclass(frozen=True)
class Source:
    """What is audited. kind: `manifest` or `folder`. columns: those the table has."""

    name: str
    kind: str
    fingerprint: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    columns: tuple[str, ...]


def source_of(path: Path) -> Source:
    """A manifest, a folder with one, or a folder of films, whose subfolders may name classes (`osteoporosis/`), parts
    (`train/`) or hold manifests of their own. Raises ManifestError where there is nothing to look at."""
    if not path.exists():
        raise ManifestError(f"found nothing at {path}, expected a manifest (CSV or Parquet) or a folder of films")
    rows: list[Row] = []
    problems: list[Problem] = []
    columns: dict[str, None] = {}
    tables = [path] if path.is_file() else _tables(path)
    own = path.is_file() or any(table.parent == path for table in tables)
    root = path.parent if path.is_file() else path
    for table in tables:
        try:
            found = table_rows(table)
        except ManifestError as fault:
            if own:
                raise
            problems.append(Problem(table.relative_to(path).as_posix(), None, "no_manifest", str(fault)))
            continue
        columns |= dict.fromkeys(str(name) for _, row in found for name in row)
        for line, values in found:
            _of_line(table, root, line, values, rows, problems)
    if not own:
        rows += _files(path, {table.parent for table in tables})
    if not rows and not problems:
        raise ManifestError(f"found no film under {path}, expected films, or a table with a column path")
    print_of = hashlib.sha256("\n".join(f"{row.name}\t{row.example.label}" for row in rows).encode()).hexdigest()[:16]
    kind = "manifest" if own else "folder"
    return Source(path.name, kind, print_of, tuple(rows), tuple(problems), tuple(columns))


def lacking(rows: Sequence[Row]) -> dict[str, str]:
    """Columns that no row fills, nor its film's own tags, with what cannot be checked for want of them."""
    filled = {
        "label": any(row.example.label for row in rows),
        "patient": any(row.example.patient for row in rows),
        "split": any(row.example.split for row in rows),
        "age_years": any(row.example.clinical.age_years is not None for row in rows),
        "sex": any(row.example.clinical.sex for row in rows),
    }
    return {name: why for name, why in WITHOUT.items() if not filled[name]}


def _tables(folder: Path) -> list[Path]:
    """The folder's own table; without one, those of the folders below."""
    for name in TABLES:
        if (folder / name).is_file():
            return [folder / name]
    below: dict[Path, Path] = {}
    for name in TABLES:
        for table in sorted(folder.rglob(name)):
            below.setdefault(table.parent, table)
    return list(below.values())


def _of_line(
    table: Path, root: Path, line: int, values: dict[Any, Any], rows: list[Row], problems: list[Problem]
) -> None:
    said = values.get("path")
    film = table.parent / str(said)
    name = _name(film, root)
    if said is None or said != said:
        problems.append(Problem("", line, "no_path", "the row names no film; fill its column path"))
        return
    if not film.is_file():
        problems.append(Problem(name, line, "not_there", "no such file; paths are relative to the manifest"))
        return
    known = dict(values)
    for left_out in ((), ("label",), ("age_years", "sex", "bmi", "height_cm", "weight_kg")):
        for column in left_out:
            known.pop(column, None)
        try:
            rows.append(Row(name, line, example_of(table, line, known)))
            return
        except ManifestError as fault:
            sentence = str(fault).split(f"line {line}", 1)[-1].removeprefix(" has ").lstrip(": ")
            problems.append(Problem(name, line, "bad_value", f"{sentence}; the row is looked at without it"))


def _files(folder: Path, spoken_for: set[Path]) -> Iterator[Row]:
    for file in sorted(folder.rglob("*")):
        below = file.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts)
        if hidden or not file.is_file() or file.suffix.lower() in NO_FILM:
            continue
        if any(parent in spoken_for for parent in file.parents):
            continue
        words = [part.lower() for part in below.parts[:-1]]
        label = next((word for word in reversed(words) if word in CLASSES), None)
        part = next((word for word in words if word in NAMES), None)
        yield Row(below.as_posix(), None, Example(file, label, None, Clinical(), part, {}))


def _name(film: Path, root: Path) -> str:
    try:
        return film.relative_to(root).as_posix()
    except ValueError:
        return film.name
