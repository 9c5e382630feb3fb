"""How far a frame about a film reaches in from each side: what a scanner, a viewer or a converter added.

A frame is flat from end to end and stops at a straight edge, along which the film begins everywhere at once. Air
beside a limb is as flat, but follows the limb. A collimator leaves black of the same kind, and networks learned from
films with as much of it as collimators leave: black is a frame where there is more of it than that, any other colour
always.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from core.radiograph import Pixels

FLAT: Final = 0.03  # of the film's range: how far grey strays within a frame
WRITTEN: Final = 0.02  # share of a line that letters may take
WIDEST: Final = 0.45  # share of the film that a frame takes on one side
EDGE: Final = 0.01  # share of the film within which its whole edge begins, so that it may lie a little aslant
STRAIGHT: Final = 0.4  # share of the edge along which the film begins there; air and shadow take the rest
BLACK: Final = 0.05  # of the range above the darkest: as dark as air, or what a collimator covers
MOST_BLACK: Final = (0.04, 0.12)  # of the field that collimators leave above and below, and at the sides
LEAST: Final = 0.004  # of the film: a thinner line of another colour is no frame
_SAMPLES: Final = 512  # points looked at along a line
_BLOCK: Final = 64  # lines at a time


@dataclass(frozen=True)
class Frame:
    """Rows and columns of a film to leave out at each side."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __bool__(self) -> bool:
        return any((self.top, self.bottom, self.left, self.right))

    def inside(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of the film within."""
        return slice(self.top, shape[0] - self.bottom), slice(self.left, shape[1] - self.right)


NO_FRAME: Final = Frame()


@dataclass(frozen=True)
class _Side:
    """Flat lines from one side on. bright: their grey is not that of air. straight: they end at a straight edge."""

    width: int
    bright: bool
    straight: bool


_NAMES: Final = ("top", "right", "bottom", "left")  # np.rot90 brings each in its turn to the top


def frame_of(pixels: Pixels) -> Frame:
    """The frame about a film, bone bright, [H, W] in 0..1; nothing where there is none."""
    found = Frame()
    for _ in range(4):  # a white frame may lie about a black one
        inner = pixels[found.inside(pixels.shape)]
        more = _outermost(inner)
        if not more:
            break
        found = Frame(*(getattr(found, name) + getattr(more, name) for name in ("top", "bottom", "left", "right")))
    return found


def _outermost(pixels: Pixels) -> Frame:
    if min(pixels.shape) < 64:
        return Frame()
    step = max(1, min(pixels.shape) // 256)
    low, high = (float(one) for one in np.percentile(pixels[::step, ::step], (1, 99)))
    tolerance, black = FLAT * max(high - low, 0.05), low + BLACK * (high - low)
    field = Frame()
    sides: dict[str, _Side] = {}
    for _ in range(2):  # a line is looked at between the frame's other sides, once they are known
        sides = {name: _side(pixels, turns, field, tolerance, black) for turns, name in enumerate(_NAMES)}
        field = Frame(**{name: side.width for name, side in sides.items()})
    rows, columns = field.inside(pixels.shape)
    extent = dict.fromkeys(("top", "bottom"), rows.stop - rows.start) | dict.fromkeys(
        ("left", "right"), columns.stop - columns.start
    )
    if min(extent.values()) < 64:
        return Frame()
    cut, least = Frame(), min(side.width for side in sides.values())
    told = [name for name in _NAMES if _is_frame(sides[name], extent[name], name in ("left", "right"))]
    if told and least > LEAST * min(pixels.shape) and not any(side.bright for side in sides.values()):
        return Frame(least, least, least, least)  # what goes round evenly was added, whatever the film's own border
    for name in told:
        cut = replace(cut, **{name: sides[name].width})
    if told:
        black_ones = [name for name in told if not sides[name].bright]
        for name in set(_NAMES) - set(told):
            side = sides[name]
            if side.bright or not black_ones:
                continue
            if side.straight:
                cut = replace(cut, **{name: side.width})
            elif len(black_ones) >= 2:  # a frame goes round; how far it reaches beside air, its other sides tell
                around = min(getattr(cut, one) for one in black_ones)
                cut = replace(cut, **{name: min(around, side.width)})
    return cut


def _is_frame(side: _Side, extent: int, across: bool) -> bool:
    if not side.straight:
        return False
    return side.width > (LEAST if side.bright else MOST_BLACK[across]) * extent


def _side(pixels: Pixels, turns: int, field: Frame, tolerance: float, black: float) -> _Side:
    lines = np.rot90(pixels, turns)
    names = [_NAMES[(turns + side) % 4] for side in range(4)]  # the sides as they lie once turned
    _, right, _, left = (getattr(field, name) for name in names)
    inner = lines[:, left : lines.shape[1] - right]
    inner = inner[:, :: max(1, inner.shape[1] // _SAMPLES)]
    grey, most = float(np.median(inner[0])), int(WIDEST * len(inner))
    width = most
    for start in range(0, most, _BLOCK):
        differs = _differs(inner[start : min(start + _BLOCK, most)], grey, tolerance).mean(1) > WRITTEN
        if differs.any():
            width = start + int(np.argmax(differs))
            break
    if width in (0, most):
        return _Side(0, False, False)
    edge = inner[width : width + max(3, round(EDGE * len(inner)))]
    straight = float(_differs(edge, grey, 2 * tolerance).any(0).mean()) >= STRAIGHT
    return _Side(width, grey > black, straight)


def _differs(lines: Pixels, grey: float, tolerance: float) -> npt.NDArray[np.bool_]:
    return np.abs(lines - np.float32(grey)) > tolerance
