"""Real films at hand (setting OSTEOLENS_DATA), with what is known of them. None of them enters the project."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.clinical import Clinical
from core.radiograph import Side
from core.settings import settings

# What a film of `pelvis_ap` has marked on either hip, by the names of the manifest.
MARKS = ("outer_acetabulum", "teardrop", "inner_sclerosis", "head_centre", "head_edge")
SIDES: Mapping[Side, str] = {"R": "right", "L": "left"}
Half = Literal["develop", "report"]


@dataclass(frozen=True)
class RealFilm:
    """One film of one person. marks: by side, landmarks (x, y) in pixels as others placed them."""

    path: Path
    person: Clinical
    pixel_mm: float
    marks: Mapping[Side, Mapping[str, tuple[float, float]]]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def half(self) -> Half:
        """Half of the persons serve to develop on, half to report on; by name, so that a new film moves no other."""
        return "develop" if hashlib.sha256(self.name.encode()).digest()[0] % 2 else "report"


def pelves() -> list[RealFilm]:
    """The AP pelves of adults, in the manifest's order. Raises FileNotFoundError where they are not at hand."""
    folder = settings().data / "pelvis_ap"
    table = folder / "manifest.csv"
    if not table.exists():
        raise FileNotFoundError(f"found no {table}, expected the real pelves; set OSTEOLENS_DATA to where they are")
    with table.open(newline="", encoding="utf-8") as file:
        return [_film(folder, row) for row in csv.DictReader(file)]


def _film(folder: Path, row: Mapping[str, str]) -> RealFilm:
    age = row["age_years"].strip()
    person = Clinical(age_years=float(age) if age else None, sex=row["sex"] or None)  # type: ignore[arg-type]
    marks = {
        side: {name: _place(row[f"{word}_{name}"]) for name in MARKS if row[f"{word}_{name}"].strip()}
        for side, word in SIDES.items()
    }
    return RealFilm(folder / row["path"], person, float(row["pixel_mm"]), marks)


def _place(text: str) -> tuple[float, float]:
    x, y = text.split()
    return float(x), float(y)


def files(folder: str, pattern: str = "**/*") -> list[Path]:
    """Films of another folder, in order; none where it is not at hand."""
    found = (path for path in (settings().data / folder).glob(pattern) if path.is_file())
    return sorted(path for path in found if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".dcm"))
