"""Whether bone is bright, judged by the pixels alone, for tags are wrong and pictures have none.

Four measures change their sign when a film is inverted, so that their weighted sum does too:
- ridges: cortical bone and trabeculae are long thin lines brighter than what they cross;
- ridges away from black and white, where the skin's outline and the gap between two legs draw no lines;
- rim: the body lies in the middle, and air or a collimator around it;
- air: more of a film is black than white.

The weights come from a logistic regression without intercept, each source of films weighing the same, on 624 films
of knees, hips, chests and spines, real and virtual, and their inverted copies. docs/evidence/dicom.md has the margins
of films whose source the weights had not seen.
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
_RIM: Final = 6  # thumbnail pixels
BLACK, WHITE = 0.03, 0.97  # of the film's own range
_FEWEST: Final = 200  # thumbnail pixels in which lines can be counted
WEIGHTS: Final = (2.32, 1.50, 6.28, 0.84)  # of ridges, ridges away from black and white, rim, air
DARK_BELOW: Final = -1.2  # films are turned only on strong evidence: a normal film inverted is the worse mistake


def bone_brightness(pixels: Pixels, field: Mask | None = None) -> float:
    """Evidence that bone is bright: positive if so, negative if dark, the same with the sign changed for the inverse.

    field: where there is film. Its box is looked at with and without a collimator's unsharp edge; the weaker
    evidence counts, and none if the two disagree.
    """
    evidence = [float(np.dot(WEIGHTS, measures(box))) for box in boxes(pixels, field)]
    return min(evidence, key=abs) if min(evidence) * max(evidence) > 0 else 0.0


def boxes(pixels: Pixels, field: Mask | None) -> tuple[Pixels, ...]:
    """The film, or where a field is marked its box whole, and within the collimator's penumbra."""
    if field is None:
        return (pixels,)
    rows, columns = np.flatnonzero(field.any(1)), np.flatnonzero(field.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    high, wide = int(PENUMBRA * (bottom - top)), int(PENUMBRA * (right - left))
    whole = pixels[top:bottom, left:right]
    # A side that is the film's own has no penumbra to leave out.
    top, bottom = top + high * (top > 0), bottom - high * (bottom < pixels.shape[0])
    left, right = left + wide * (left > 0), right - wide * (right < pixels.shape[1])
    return whole, pixels[top:bottom, left:right]


def measures(pixels: Pixels) -> tuple[float, float, float, float]:
    """Ridges, ridges away from black and white, rim, air; zeros for what is blank or too small to tell."""
    grey, _ = thumbnail(pixels, _SIDE)
    if min(grey.shape) < 32 or grey.min() == grey.max():
        return 0.0, 0.0, 0.0, 0.0
    return *_ridges(grey), _rim(grey), _air(grey)


def is_bone_dark(pixels: Pixels, field: Mask | None = None, either_way: bool = False) -> bool:
    """Whether to turn the film. `either_way`: nothing says that bone is bright, so the sign alone decides."""
    return bone_brightness(pixels, field) < (0 if either_way else DARK_BELOW)


def _ridges(grey: Pixels) -> tuple[float, float]:
    """Bright minus dark lines over both, -1..1: on the whole film, and away from what is black or white."""
    flat, slope, curve = (_gaussian(_LINE_WIDTH, order) for order in range(3))
    down, across, both = (_filtered(grey, *kernels) for kernels in ((curve, flat), (flat, curve), (slope, slope)))
    trace, root = down + across, np.sqrt((down - across) ** 2 + 4 * both**2)
    sign = np.sign(trace)
    strong, weak = (trace + sign * root) / 2, (trace - sign * root) / 2
    margin = int(3 * _LINE_WIDTH)
    middle = slice(margin, -margin), slice(margin, -margin)
    lines, bright = np.maximum(abs(strong) - 2 * abs(weak), 0)[middle], (strong < 0)[middle]
    extreme = ((grey < BLACK) | (grey > WHITE)).astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    within = cv2.dilate(extreme, cross, iterations=int(2.5 * _LINE_WIDTH))[middle] == 0
    inner = _balance(lines[within], bright[within]) if within.sum() >= _FEWEST else 0.0
    return _balance(lines.reshape(-1), bright.reshape(-1)), inner


def _balance(lines: Pixels, bright: Mask) -> float:
    """Bright minus dark over both among the tenth where lines are clearest."""
    clearest = np.where(lines > np.percentile(lines, 90), lines, 0)
    return float((2 * clearest[bright].sum() - clearest.sum()) / (clearest.sum() + 1e-9))


def _rim(grey: Pixels) -> float:
    """How much brighter the film is than its rim."""
    rim = (grey[:_RIM], grey[-_RIM:], grey[:, :_RIM], grey[:, -_RIM:])
    return float(grey.mean() - np.concatenate([strip.ravel() for strip in rim]).mean())


def _air(grey: Pixels) -> float:
    """The logarithm of black over white, in shares of the film."""
    return float(np.log(((grey < BLACK).mean() + 0.01) / ((grey > WHITE).mean() + 0.01)))


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
