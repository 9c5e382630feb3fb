"""The films of the worklist, under opaque names.

    <case>.png                            what the expert sees: 8 bits, nothing beside the pixels
    <case>.film.png, <case>.json          the film as it was read: 16 bits, and what was known of it
    <case>.<recipe>.<side>.outlines.json  what the model drew on it

Each is written whole or not at all. A worklist of before the second and third line has the first alone.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.clinical import Clinical, Sex
from core.mask import BitMask
from core.radiograph import Pixels, Radiograph, Side, Site, SpacingOrigin, View
from core.system.whole import write_whole

_OPAQUE = re.compile(r"[0-9a-f]{24}")
_WORD = re.compile(r"[a-z0-9_]{1,100}")
_OLDEST = 90.0  # ages above are few enough to tell who somebody is, as in de-identified files
_SIDES = ("R", "L", "both", None)


@dataclass(frozen=True)
class Facts:
    """What was known of a film when it was read; None where it was not.

    patient: a pseudonym, the same for every film of one person, or the case's own name where nobody could tell whose it
    is. age_years: 90 for anyone older. spacing_mm: (row, column) millimetres a pixel, in the plane that spacing_origin
    names. width, height: in pixels.
    """

    case_id: str
    patient: str
    width: int
    height: int
    spacing_mm: tuple[float, float] | None = None
    spacing_origin: SpacingOrigin = "none"
    pixel_aspect: float = 1.0
    site: Site | None = None
    view: View | None = None
    side: Side | None = None
    orientation: tuple[str, str] | None = None
    age_years: float | None = None
    sex: str | None = None
    bmi: float | None = None

    @classmethod
    def of(cls, film: Radiograph) -> "Facts":
        return cls(
            case_id=film.case_id,
            patient=film.patient or film.case_id,
            width=film.width,
            height=film.height,
            spacing_mm=film.spacing_mm,
            spacing_origin=film.spacing_origin,
            pixel_aspect=film.pixel_aspect,
            site=film.site,
            view=film.view,
            side=film.side,
            orientation=film.orientation,
            age_years=None if film.clinical.age_years is None else min(film.clinical.age_years, _OLDEST),
            sex=film.clinical.sex,
            bmi=film.clinical.bmi,
        )

    def and_then(self, later: "Facts") -> "Facts":
        """The same, with what a later reading of the same film knows besides: a file that says more, a marker."""
        known = self
        if known.spacing_mm is None:
            known = replace(known, spacing_mm=later.spacing_mm, spacing_origin=later.spacing_origin)
        if known.patient == known.case_id:
            known = replace(known, patient=later.patient)
        missing = {name: value for name, value in vars(later).items() if getattr(known, name) is None}
        return replace(known, **missing)


@dataclass(frozen=True, eq=False)
class Kept:
    """A film as it was read. pixels: float32 [H, W] in 0..1, bone bright. bits: how finely; 8 in an old worklist."""

    pixels: Pixels
    facts: Facts
    bits: int = 16

    @classmethod
    def load(cls, home: Path, case_id: str) -> "Kept":
        """Raises FileNotFoundError where no film of the case is kept."""
        path = kept_path(home, case_id)
        bits = 8 if path == film_path(home, case_id) else 16
        return cls(_grey(path, (1 << bits) - 1), facts_of(home, case_id), bits)

    @property
    def film(self) -> Radiograph:
        """The film as it was read, as far as it was kept."""
        known = self.facts
        return Radiograph(
            pixels=self.pixels,
            case_id=known.case_id,
            spacing_mm=known.spacing_mm,
            spacing_origin=known.spacing_origin,
            site=known.site,
            view=known.view,
            side=known.side,
            clinical=Clinical(known.age_years, cast(Sex | None, known.sex), known.bmi),
            orientation=known.orientation,
            pixel_aspect=known.pixel_aspect,
        )

    @staticmethod
    def save(home: Path, film: Radiograph, anew: bool = False) -> None:
        """Keep the film and what is known of it. A film that lies there is left alone, as the same case has the same
        pixels, unless it is to be kept anew; of its facts, those that were not known are added."""
        path = _path(home, film.case_id, "film.png")
        if anew or not path.exists():
            stored = np.floor(
                film.pixels.astype(np.float32) * np.float32(65535) + np.float32(0.5)
            )  # as its name is made
            stream = BytesIO()
            Image.fromarray(stored.astype(np.uint16)).save(stream, "PNG", compress_level=1)
            write_whole(path, stream.getvalue())
        facts, beside = Facts.of(film), _path(home, film.case_id, "json")
        known = _facts(beside).and_then(facts) if beside.exists() else None
        if known is None or known != _facts(beside):
            write_whole(beside, json.dumps(asdict(known or facts), indent=1).encode())


def facts_of(home: Path, case_id: str) -> Facts:
    """What is known of the film of a case, without opening its pixels where that is written beside it. Raises
    FileNotFoundError where no film of the case is kept."""
    beside = _path(home, case_id, "json")
    if beside.exists():
        return _facts(beside)
    with Image.open(film_path(home, case_id)) as picture:
        return Facts(case_id, case_id, *picture.size)


def kept_path(home: Path, case_id: str) -> Path:
    """Where the film of a case lies as finely as it is kept: 16 bits, or in an old worklist the 8 that experts see."""
    film = _path(home, case_id, "film.png")
    return film if film.exists() else film_path(home, case_id)


def film_path(home: Path, case_id: str) -> Path:
    """Where the film of a case lies as the expert sees it. Raises ValueError for anything but 24 hex digits, so that no
    name escapes."""
    return _path(home, case_id, "png")


def keep_film(home: Path, case_id: str, png: bytes) -> Path:
    """Write what the expert sees. The same case has the same pixels, so one that lies there is left alone."""
    path = film_path(home, case_id)
    if not path.exists():
        write_whole(path, png)
    return path


def keep_painted(home: Path, film: Radiograph, png: bytes) -> None:
    """Put the film in place of the one that is kept: what a person says is text was painted over on it."""
    Kept.save(home, film, anew=True)
    write_whole(film_path(home, film.case_id), png)


def erase_film(home: Path, case_id: str) -> None:
    """Delete the film of a case and all that lies beside it."""
    for path in _path(home, case_id, "png").parent.glob(f"{case_id}.*"):
        path.unlink(missing_ok=True)


def keep_outlines(
    home: Path, case_id: str, recipe: str, side: str | None, model: str, masks: Mapping[str, npt.NDArray[np.bool_]]
) -> None:
    """Put down what a model drew on the film, as bool [H, W] by region, in place of what was drawn there before."""
    drawn = {name: asdict(BitMask.of(mask)) for name, mask in masks.items() if mask.any()}
    write_whole(_outlines(home, case_id, recipe, side), json.dumps({"model": model, "regions": drawn}).encode())


def outlines(home: Path, case_id: str, recipe: str, side: str | None, model: str | None) -> dict[str, BitMask]:
    """What this model (`name@version`) drew on the film, by region; nothing where that was not kept."""
    path = _outlines(home, case_id, recipe, side)
    if not path.exists():
        return {}
    kept = json.loads(path.read_bytes())
    if kept["model"] != model:
        return {}
    return {name: BitMask(mask["width"], mask["height"], tuple(mask["runs"])) for name, mask in kept["regions"].items()}


def _path(home: Path, case_id: str, ending: str) -> Path:
    if not _OPAQUE.fullmatch(case_id):
        raise ValueError(f"{case_id!r} is not a case name, expected 24 hex digits")
    return home / "films" / f"{case_id}.{ending}"


def _outlines(home: Path, case_id: str, recipe: str, side: str | None) -> Path:
    if not _WORD.fullmatch(recipe) or side not in _SIDES:
        raise ValueError(f"{recipe!r}, {side!r} are not a recipe and a side, expected such as 'hip_vit' and 'R'")
    return _path(home, case_id, ".".join(filter(None, (recipe, side, "outlines.json"))))


def _facts(path: Path) -> Facts:
    values: dict[str, Any] = json.loads(path.read_bytes())
    for name in ("spacing_mm", "orientation"):
        values[name] = tuple(values[name]) if values.get(name) else None
    return Facts(**{name: value for name, value in values.items() if name in Facts.__dataclass_fields__})


def _grey(path: Path, most: int) -> Pixels:
    with Image.open(path) as picture:
        return cast(Pixels, np.asarray(picture).astype(np.float32) / np.float32(most))
