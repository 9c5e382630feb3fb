"""Everything that can be said against a film before a network sees it: one small function a check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from core.radiograph import Pixels, Radiograph
from core.refusal import Code, Notice, NoticeCode, Refused
from core.settings import settings

_SIDE: Final = 512
WHITE, BLACK = 0.995, 0.005  # of full scale: what a display shows as nothing but white or black
MOST_WHITE: Final = 0.5  # share of the field without any drawing in the white: burnt out
LEAST_SPREAD: Final = 0.08  # of full scale between the 1st and 99th percentile: a film as good as blank
LEAST_SHARP: Final = (
    0.12  # fine detail as a share of coarse: real films from 0.14 on, blurred by a 250th of their width 0.1
)
LEAST_FIELD: Final = 0.12  # share of the film that the collimator leaves
METAL_WHITE: Final = 0.93  # of the brightest there is
METAL_AREA: Final = 0.004  # share of the field: two screws and more; lead letters are smaller
METAL_LARGE: Final = 0.022  # a prosthesis; so much of it need not stand out as sharply
METAL_AROUND: Final = 0.14  # of full scale: what lies around metal is body, around a letter mostly air
LIMB_WIDTH: Final = 0.12  # share of the field's width that a limb takes at least
GAP_WIDTH: Final = 0.03  # and the air between two of them
GAP_DEPTH: Final = 0.25  # air over limb in grey at most


def check(film: Radiograph) -> tuple[Notice, ...]:
    """Remarks on the film, in the order of the checks.

    Raises Refused for what rules it out, unless `warn_only` names the code: then that is a remark too. Which view
    the pixels show, the view network tells; its check will stand in this list beside the others.
    """
    found: list[Notice] = []
    for refuses, one in CHECKS:
        notice = one(film)
        if notice is None:
            continue
        if refuses and Code(notice.code) not in settings().warn_only:
            raise Refused(Code(notice.code), notice.message)
        found.append(notice)
    return tuple(found)


def size(film: Radiograph) -> Notice | None:
    """A thumbnail shows no trabeculae."""
    least = settings().min_side_px
    if min(film.height, film.width) >= least:
        return None
    return Notice(
        Code.TOO_SMALL,
        f"The film is {film.width} x {film.height} pixels, and its shorter side must have {least}; "
        "send the original, not a thumbnail.",
    )


def exposure(film: Radiograph) -> Notice | None:
    """Blank or burnt out: there is no bone to judge."""
    field = _field(film)
    spread = float(np.subtract(*np.percentile(field, (99, 1))))
    if spread < LEAST_SPREAD:
        return Notice(
            Code.EXPOSURE,
            f"The film is as good as blank: its grey levels span {spread:.0%} of the scale, expected at least "
            f"{LEAST_SPREAD:.0%}; look at exposure and window, and send it again.",
        )
    white = float((field >= WHITE).mean())
    if white > MOST_WHITE:
        return Notice(
            Code.EXPOSURE,
            f"{white:.0%} of the film is plain white, expected at most {MOST_WHITE:.0%}; "
            "look at exposure and window, and send it again.",
        )
    return None


def implant(film: Radiograph) -> Notice | None:
    """Metal is white without drawing, bounded more sharply than bone ever is, and lies in the body."""
    field = _field(film)
    spots = [one for one in _bright_spots(field) if one.around >= METAL_AROUND and one.at_edge <= 0.2]
    sharp = sum(one.share for one in spots if one.contrast >= 0.16 and one.sharp >= 0.55)
    large = sum(one.share for one in spots if one.contrast >= 0.12 and one.sharp >= 0.09 and one.share >= METAL_LARGE)
    if sharp < METAL_AREA and not large:
        return None
    return Notice(
        Code.IMPLANT,
        f"The film shows what looks like metal in the body ({max(sharp, large):.1%} of the film), which "
        "no model here has learned to read past; send a film of the other side.",
    )


@dataclass(frozen=True)
class _Spot:
    """What is as white as metal on a film, in one piece. share: of the field. contrast: its grey over that of its
    surroundings. sharp: share of its edge where grey falls by a fifth of the scale within two pixels. at_edge: share of
    its edge that is the film's. around: grey of its surroundings."""

    share: float
    contrast: float
    sharp: float
    at_edge: float
    around: float


def _bright_spots(field: Pixels) -> Iterator[_Spot]:
    white = field >= max(METAL_WHITE * float(np.percentile(field, 99.9)), 0.8)
    labels, _ = ndimage.label(ndimage.binary_opening(white))
    for index, place in enumerate(ndimage.find_objects(labels), 1):
        spot = np.pad(labels[place] == index, 8)
        kernel = ndimage.binary_erosion(spot, iterations=2)
        if spot.sum() < METAL_AREA / 4 * field.size or kernel.sum() <= 10:  # too small, or thin as a cortex
            continue
        window = tuple(slice(one.start, one.stop + 16) for one in place)
        grey = np.pad(field, 8, mode="edge")[window]
        inside = np.pad(np.ones(field.shape, bool), 8)[window]
        edge = spot & ~ndimage.binary_erosion(spot)
        near = edge & ndimage.binary_erosion(inside, iterations=3)
        falls = grey - ndimage.minimum_filter(np.where(inside, grey, 1), 5)
        ring = ndimage.binary_dilation(spot, iterations=7) & ~ndimage.binary_dilation(spot, iterations=3) & inside
        around = float(np.median(grey[ring])) if ring.any() else 0.0
        yield _Spot(
            float(spot.sum() / field.size),
            float(np.median(grey[spot])) - around,
            float((falls[near] > 0.18).mean()) if near.any() else 0.0,
            float((edge & ~ndimage.binary_erosion(inside)).sum() / edge.sum()),
            around,
        )


def sharpness(film: Radiograph) -> Notice | None:
    """Movement or a blown-up thumbnail: trabeculae and cortices are gone."""
    field = _field(film)
    fine = field - ndimage.gaussian_filter(field, 1)
    coarse = ndimage.gaussian_filter(field, 1) - ndimage.gaussian_filter(field, 6)
    ratio = float(fine.std() / (coarse.std() + 1e-6))
    if ratio >= LEAST_SHARP:
        return None
    return Notice(
        NoticeCode.UNSHARP, "The film is unsharp (movement, or enlarged from a small copy); take its reading with care."
    )


def collimation(film: Radiograph) -> Notice | None:
    """A field so small that the region may be cut."""
    if film.valid is None:
        return None
    rows, columns = film.valid.any(1).mean(), film.valid.any(0).mean()
    share = float(rows * columns)
    if share >= LEAST_FIELD:
        return None
    return Notice(
        NoticeCode.COLLIMATION,
        f"Only {share:.0%} of the film is exposed; look whether the collimator cuts the region to be read.",
    )


def limbs(film: Radiograph) -> Notice | None:
    """More than one limb side by side: which of them is meant, only a marker tells."""
    if film.site not in (None, "knee"):
        return None
    field = _field(film)
    counts = []
    for part in (0.3, 0.5, 0.7):
        strip = field[int((part - 0.05) * len(field)) : int((part + 0.05) * len(field))].mean(0)
        strip = ndimage.gaussian_filter1d(strip, max(1.0, 0.01 * strip.size))
        counts.append(_runs(strip > GAP_DEPTH * float(np.percentile(strip, 90))))
    if sorted(counts)[1] < 2:
        return None
    return Notice(
        NoticeCode.SEVERAL_LIMBS,
        "The film shows more than one limb; by the AP convention the patient's right is on the left.",
    )


def _runs(limb: np.ndarray) -> int:
    """Stretches that are wide enough for a limb, once gaps too narrow for air are closed."""
    wide, gap = int(LIMB_WIDTH * limb.size), int(GAP_WIDTH * limb.size)
    closed = ndimage.binary_closing(np.pad(limb, gap), np.ones(max(gap, 1)))[gap : gap + limb.size]
    labels, count = ndimage.label(closed)
    return sum(int((labels == index).sum()) >= wide for index in range(1, count + 1))


def _field(film: Radiograph) -> Pixels:
    """The exposed field's box, every k-th pixel."""
    pixels = film.pixels
    if film.valid is not None and film.valid.any():
        rows, columns = np.flatnonzero(film.valid.any(1)), np.flatnonzero(film.valid.any(0))
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    step = max(1, -(-max(pixels.shape) // _SIDE))
    return pixels[::step, ::step]


CHECKS: Final[tuple[tuple[bool, Callable[[Radiograph], Notice | None]], ...]] = (
    (True, size),
    (True, exposure),
    (True, implant),
    (False, sharpness),
    (False, collimation),
    (False, limbs),
)
