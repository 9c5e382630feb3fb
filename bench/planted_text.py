"""Lines of text planted on films: what is written, in which letters, how it looks, how it lies, and on what."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

TEXTS: Final = {
    "Latin": (
        "MUELLER, ANNA", "Schmidt Maria", "ID 47110815", "12.03.1951", "1951-03-12", "DOE^JANE F", "*27.03.1951",
        "Garcia Lopez", "PID: 0042318", "Zwetschgenbaum 7391846250", "St. Mary Hospital", "O'Brien, K.", "Dr. Weber",
    ),
    "Cyrillic": ("Иванова Мария", "ПЕТРОВ А.С.", "Больница 12", "Дата 12.03.1951"),
    "Chinese": ("王小明 男", "患者 李娜", "东京病院", "张伟 19510312"),
}  # fmt: skip
LOOKS: Final = (
    "white", "black", "grey", "white, thin black outline", "black, thin white outline", "faint", "on a black band",
    "on a white label",
)  # fmt: skip
_BEHIND: Final = {
    "white, thin black outline": 0, "black, thin white outline": 255, "on a black band": 0, "on a white label": 255,
}  # fmt: skip
PLACES: Final = ("bone", "soft tissue", "air")
SIZES: Final = (14, 18, 24, 32, 48)  # pixels of the font on a film of 1500; more on a larger film
_FONTS: Final = ("dejavu", "liberation", "freefont", "hack", "noto/NotoSans-", "crosextra")
_FAINT: Final = 0.6  # share of the ink in a faint line
_LEGIBLE: Final = 40  # levels of 255 between ink and ground; less cannot be read by a person either
Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Planted:
    """A film with a line on it. ink: bool [H, W]. box: left, top, right, bottom."""

    film: Grey
    ink: Mask
    box: tuple[int, int, int, int]
    script: str
    look: str
    place: str
    size: int
    angle: int


def fonts(script: str) -> list[Path]:
    """Those of Debian's font packages that are installed, and the ones that matplotlib brings."""
    if script == "Chinese":
        return sorted(Path("/usr/share/fonts").rglob("wqy-*.ttc"))
    own = sorted((Path(matplotlib.get_data_path()) / "fonts/ttf").glob("DejaVu*.ttf"))
    plain = [path for path in own if "Display" not in path.name]
    there = [path for path in sorted(Path("/usr/share/fonts/truetype").rglob("*.ttf")) if _wanted(path)]
    return plain + [path for path in there if script == "Latin" or "dejavu" in str(path) or "NotoSans-R" in path.name]


def _wanted(path: Path) -> bool:
    return any(word in str(path) for word in _FONTS) and not any(word in path.name for word in ("Symbol", "Math"))


def planted(film: Grey, rng: np.random.Generator) -> Planted | None:
    """The film with a line drawn at random; None where no such line fits it, or none could be read."""
    for _ in range(20):
        made = _tried(film, rng)
        if made is not None:
            return made
    return None


def _tried(film: Grey, rng: np.random.Generator) -> Planted | None:
    script = str(rng.choice(list(TEXTS), p=(0.6, 0.2, 0.2)))
    look, place = str(rng.choice(LOOKS)), str(rng.choice(PLACES))
    size = round(int(rng.choice(SIZES)) * max(1.0, max(film.shape) / 1500))
    angle = int(rng.choice([0, 0, 0, 90, 270, 180, int(rng.integers(-45, 46)), int(rng.integers(-8, 9))]))
    faces = fonts(script)
    if not faces:
        return None
    ink, rim = _drawn(str(rng.choice(TEXTS[script])), faces[int(rng.integers(len(faces)))], size, look, angle)
    (height, width), (rows, columns) = ink.shape, film.shape
    if height >= rows - 4 or width >= columns - 4:
        return None
    top, left = _spot(film, ink.shape, place, rng)
    spot = slice(top, top + height), slice(left, left + width)
    ground = film[spot].astype(float)
    tone = 0 if look.startswith("black") or look == "on a white label" else 255
    tone = int(rng.integers(170, 235)) if look == "grey" else tone
    share = ink * (_FAINT if look == "faint" else 1)
    below = ground * (1 - rim) + _BEHIND[look] * rim if look in _BEHIND else ground
    inked = below * (1 - share) + tone * share
    if abs(inked - below)[ink > 0.5].mean() < _LEGIBLE:
        return None
    written, where = film.copy(), np.zeros(film.shape, bool)
    written[spot], where[spot] = np.rint(inked), ink > 0.5
    if rng.random() < 0.5:
        written = _compressed(written, int(rng.integers(75, 96)))
    return Planted(written, where, (left, top, left + width, top + height), script, look, place, size, angle)


def _drawn(text: str, face: Path, size: int, look: str, angle: int) -> tuple[npt.NDArray[np.float64], ...]:
    """Ink, and what lies around or behind it, 0 to 1."""
    font = ImageFont.truetype(str(face), size)
    left, top, right, bottom = font.getbbox(text)
    whole = (round(right - left) + 8, round(bottom - top) + 8)
    ink, rim = Image.new("L", whole), Image.new("L", whole, 255 if look.startswith("on a") else 0)
    ImageDraw.Draw(ink).text((4 - left, 4 - top), text, 255, font)
    ImageDraw.Draw(rim).text((4 - left, 4 - top), text, 255, font, stroke_width=max(1, size // 16))
    return tuple(np.asarray(one.rotate(angle, Image.Resampling.BICUBIC, expand=True)) / 255 for one in (ink, rim))


def _spot(film: Grey, shape: tuple[int, ...], place: str, rng: np.random.Generator) -> tuple[int, int]:
    """Where to write: the brightest of forty places drawn at random, one of the middle, or the darkest."""
    corners = [
        (int(rng.integers(film.shape[0] - shape[0])), int(rng.integers(film.shape[1] - shape[1]))) for _ in range(40)
    ]
    tones = [float(film[top : top + shape[0] : 3, left : left + shape[1] : 3].mean()) for top, left in corners]
    order = np.argsort(tones)
    chance = int(rng.integers(5))
    return corners[int(order[{"bone": -1 - chance, "soft tissue": len(order) // 2, "air": chance}[place]])]


def _compressed(film: Grey, quality: int) -> Grey:
    stream = BytesIO()
    Image.fromarray(film).save(stream, "JPEG", quality=quality)
    return np.array(Image.open(stream))


def real_films(data: Path) -> Iterator[Path]:
    """The real films on which lines are planted: pelves, hips, knees, spines and chests, pictures all."""
    for folder in ("pelvis_ap/films", "knee_qus/images", "spine_lateral", "wrong_site", "hip_metal", "hip_inverted"):
        for path in sorted((data / folder).rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                yield path
