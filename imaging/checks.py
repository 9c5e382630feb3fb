"""Everything that can be said against a film before a network sees it: one small function a check."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import ndimage

from core.radiograph import Pixels, Radiograph
from core.refusal import Code, Notice, NoticeCode, Refused
from core.settings import settings
from imaging.metal import metal_share

_SIDE: Final = 512
WHITE, BLACK = 0.995, 0.005  # of full scale: what a display shows as nothing but white or black
MOST_WHITE: Final = 0.5  # share of the field without any drawing in the white: burnt out
LEAST_SPREAD: Final = 0.08  # of full scale between the 1st and 99th percentile: a film as good as blank
LEAST_SHARP: Final = (
    0.12  # fine detail as a share of coarse: real films from 0.14 on, blurred by a 250th of their width 0.1
)
LEAST_FIELD: Final = 0.12  # share of the film that the collimator leaves
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
    """Metal in the body (`imaging.metal`). Much of it turns the greys of a film about so that it is taken for one whose
    bone is dark: a film that was inverted is looked at as it came, too."""
    field = _field(film)
    inverted = any(notice.code == NoticeCode.POLARITY for notice in film.notices)
    share = max(metal_share(field), metal_share(1 - field) if inverted else 0.0)
    if not share:
        return None
    return Notice(
        Code.IMPLANT,
        f"The film shows what looks like metal in the body ({share:.1%} of the film), which "
        "no model here has learned to read past; send a film of the other side.",
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
