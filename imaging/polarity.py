"""Whether bone is bright, judged by the pixels alone, for tags are wrong and pictures have none.

Three measures change their sign when a film is inverted, so that their weighted sum does too:
- ridges: cortical bone and trabeculae are long thin lines brighter than what they cross;
- tails: the blackest part of a film (air, direct exposure) is smooth, the whitest is not;
- border: the body lies in the middle and ends before the film's edge.

The weights come from a logistic regression without intercept, each source of films weighing the same, on 503 films
of knees, hips, chests and spines and their inverted copies; docs/evidence/dicom.md has the margins, film by film.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from core.radiograph import Mask, Pixels
from imaging.thumbnail import thumbnail

_SIDE: Final = 256
PENUMBRA: Final = 0.04  # share of the field that a collimator's unsharp edge takes on each side
_LINE_WIDTH: Final = 3.2  # standard deviation in thumbnail pixels: a femoral cortex on a film of the whole hip
RIDGES, TAILS, BORDER = 10.2, 4.5, 3.2
DARK_BELOW: Final = -1.2  # films are turned only on strong evidence: a normal film inverted is the worse mistake


def bone_brightness(pixels: Pixels, field: Mask | None = None) -> float:
    """Evidence that bone is bright: positive if so, negative if dark, the same with the sign changed for the inverse.

    field: where there is film. Its box is looked at with and without a collimator's unsharp edge; the weaker
    evidence counts, and none if the two disagree.
    """
    if field is None:
        return _evidence(pixels)
    rows, columns = np.flatnonzero(field.any(1)), np.flatnonzero(field.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    high, wide = int(PENUMBRA * (bottom - top)), int(PENUMBRA * (right - left))
    whole = _evidence(pixels[top:bottom, left:right])
    # A side that is the film's own has no penumbra to leave out.
    top, bottom = top + high * (top > 0), bottom - high * (bottom < pixels.shape[0])
    left, right = left + wide * (left > 0), right - wide * (right < pixels.shape[1])
    within = _evidence(pixels[top:bottom, left:right])
    return min(whole, within, key=abs) if whole * within > 0 else 0.0


def _evidence(pixels: Pixels) -> float:
    grey, _ = thumbnail(pixels, _SIDE)
    if min(grey.shape) < 32 or grey.min() == grey.max():
        return 0.0
    return RIDGES * _ridges(grey) + TAILS * _tails(grey) + BORDER * _border(grey)


def is_bone_dark(pixels: Pixels, field: Mask | None = None) -> bool:
    return bone_brightness(pixels, field) < DARK_BELOW


def _ridges(grey: Pixels) -> float:
    """Bright minus dark lines over both, -1..1, among the tenth of the film where lines are clearest."""
    flat, slope, curve = (_gaussian(_LINE_WIDTH, order) for order in range(3))
    down, across, both = (_filtered(grey, *kernels) for kernels in ((curve, flat), (flat, curve), (slope, slope)))
    trace, root = down + across, np.sqrt((down - across) ** 2 + 4 * both**2)
    sign = np.sign(trace)
    strong, weak = (trace + sign * root) / 2, (trace - sign * root) / 2
    margin = int(3 * _LINE_WIDTH)
    lines = np.maximum(abs(strong) - 2 * abs(weak), 0)[margin:-margin, margin:-margin]
    clearest = np.where(lines > np.percentile(lines, 90), lines, 0)
    bright = clearest[strong[margin:-margin, margin:-margin] < 0].sum()
    return float((2 * bright - clearest.sum()) / (clearest.sum() + 1e-9))


def _tails(grey: Pixels) -> float:
    """How much rougher the whitest seventh is than the blackest, as a third of the logarithm, -1..1."""
    flat, slope = (_gaussian(1.2, order) for order in range(2))
    rough = np.hypot(_filtered(grey, slope, flat), _filtered(grey, flat, slope))
    low, high = np.percentile(grey, (15, 85))
    return float(np.clip(np.log((rough[grey >= high].mean() + 1e-3) / (rough[grey <= low].mean() + 1e-3)), -3, 3)) / 3


def _border(grey: Pixels) -> float:
    """The middle's grey over the mean of the darkest and the brightest side's."""
    height, width = grey.shape
    rim = max(2, int(0.05 * min(grey.shape)))
    sides = [float(np.median(strip)) for strip in (grey[:, :rim], grey[:, -rim:], grey[:rim], grey[-rim:])]
    middle = np.median(grey[height // 5 : -(height // 5), width // 5 : -(width // 5)])
    return float(middle - (min(sides) + max(sides)) / 2)


def _gaussian(width: float, order: int) -> npt.NDArray[np.float64]:
    """A Gaussian of this standard deviation in pixels, or its first or second derivative, out to four of them."""
    x = np.arange(-int(4 * width + 0.5), int(4 * width + 0.5) + 1)
    bell = np.exp(-0.5 * (x / width) ** 2)
    factor = (1, -x / width**2, (x / width**2) ** 2 - 1 / width**2)[order]
    return factor * bell / bell.sum()


def _filtered(grey: Pixels, down: npt.NDArray[np.float64], across: npt.NDArray[np.float64]) -> Pixels:
    # OpenCV correlates; that turns the sign of odd derivatives, which are only ever squared or multiplied in pairs.
    filtered: Pixels = cv2.sepFilter2D(grey, cv2.CV_32F, across, down, borderType=cv2.BORDER_REFLECT)  # type: ignore[assignment]
    return filtered
