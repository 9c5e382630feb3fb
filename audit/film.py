"""What the audit takes from one film: who it is, plain facts with which a network could cheat, and its sketch."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from core.radiograph import Pixels, Radiograph
from core.refusal import NoticeCode, Refused
from evidence.copies import Sketch, sketch
from evidence.statistics.baselines import TRIVIAL, trivial_features
from imaging.margins import frame_of
from imaging.read import read_radiograph
from imaging.thumbnail import thumbnail

MARKS_SIDE: Final = 256  # px of the longer side, at which letters and stickers are looked for
BRIGHT: Final = 0.98  # of the film's range: as bright as print or lead, and as few bones are
EDGE: Final = 0.2  # of the film, within which markers stand
# The facts by family; each family is tried by itself (audit.shortcuts).
FAMILIES: Final = {
    "size of the film": ("height", "width", "ratio"),
    "grey": ("mean", "contrast", "5th percentile", "median", "95th percentile"),
    "margins": ("margin above", "margin below", "margin left", "margin right", "black"),
    "marks near the edge": ("marks", "marked"),
    "file": ("bytes a pixel", "bits", "bone was dark", "in colours"),
}


@dataclass(frozen=True, eq=False)
class Film:
    """One readable file. digest: of its bytes. case_id: of its pixels. facts: numbers by name, of every family.
    kind: the file's, such as JPEG. maker: the scanner's, where the file says. patient: keyed, where the file says."""

    digest: str
    case_id: str
    facts: dict[str, float]
    kind: str
    maker: str | None = None
    patient: str | None = None
    age_years: float | None = None
    sex: str | None = None
    sketch: Sketch | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Unread:
    """A file that is no film, or none that can be read: a code of `core.refusal.Code`, and one sentence."""

    code: str
    message: str


def look(path: Path) -> Film | Unread:
    """Read a film. Text is not looked for: that takes most of a second and tells nothing about copies or labels; what
    the report shows is searched when it is shown."""
    try:
        data = path.read_bytes()
        film = read_radiograph(data, path.name, look_for_text=False)
    except Refused as refused:
        return Unread(refused.refusal.code.value, refused.refusal.message)
    except OSError as fault:
        return Unread("unreadable", f"The file cannot be opened ({fault.strerror or type(fault).__name__}).")
    about = film.acquisition
    maker = " ".join(filter(None, (about.manufacturer, about.model))) or None
    return Film(
        hashlib.sha256(data).hexdigest(),
        film.case_id,
        _facts(film, len(data)),
        about.encoding or "unknown",
        maker,
        film.patient,
        film.clinical.age_years,
        film.clinical.sex,
        sketch(film.pixels),
    )


def _facts(film: Radiograph, size: int) -> dict[str, float]:
    facts = dict(zip(TRIVIAL, map(float, trivial_features(film)), strict=True))
    frame, pixels = frame_of(film.pixels), film.pixels
    marks, marked = _marks(pixels)
    said = {notice.code for notice in film.notices}
    return facts | {
        "ratio": film.height / film.width,
        "margin above": frame.top / film.height,
        "margin below": frame.bottom / film.height,
        "margin left": frame.left / film.width,
        "margin right": frame.right / film.width,
        "black": float((pixels < 0.02).mean()),
        "marks": float(marks),
        "marked": marked,
        "bytes a pixel": size / pixels.size,
        "bits": float(film.acquisition.bits_stored or 8),
        "bone was dark": float(NoticeCode.POLARITY in said),
        "in colours": float(NoticeCode.PSEUDO_COLOUR in said),
    }


def _marks(pixels: Pixels) -> tuple[int, float]:
    """Small things as bright as print near the edge: how many, and the share of the film they take."""
    small, _ = thumbnail(pixels, MARKS_SIDE)
    bright = (small >= BRIGHT).astype(np.uint8)
    count, _, boxes, centres = cv2.connectedComponentsWithStats(bright, connectivity=8)
    height, width = small.shape
    found, area = 0, 0
    for number in range(1, count):
        x, y = centres[number] / (width, height)
        pixels_of, wide, high = boxes[number, 4], boxes[number, 2], boxes[number, 3]
        beside = min(x, 1 - x, y, 1 - y) <= EDGE
        if beside and pixels_of >= 4 and max(wide / width, high / height) < 0.15:
            found, area = found + 1, area + int(pixels_of)
    return found, area / small.size
