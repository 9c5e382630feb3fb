"""Where the film is film: what collimator and shutter cover, and the margins that a printer or scanner added."""

from typing import Final

import numpy as np

from core.radiograph import Mask, Pixels
from imaging.files.header import Header
from imaging.thumbnail import thumbnail

_SIDE: Final = 128  # pixels of the thumbnail's longer side
FLAT: Final = 0.03  # spread of grey, of the film's range, within a margin that holds nothing
STRAIGHT: Final = 0.8  # share of a collimator's edge that must show as a step of one direction
STEP: Final = 0.12  # grey that such a step takes, of the film's range, over three thumbnail pixels
EXTREME: Final = 0.12  # how near to black or white what a collimator covers lies
WIDEST: Final = 0.45  # share of the film that one side's collimator may take
_DEGREES: Final = tuple(range(-6, 7))


def shuttered(header: Header, shape: tuple[int, int]) -> Mask | None:
    """True where the shutter or collimator tags say that there is picture (PS3.3 C.7.6.11, C.8.7.3); None if all is."""
    inside = np.ones(shape, bool)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for name in ("Shutter", "Collimator"):
        shapes = {text.upper() for text in header.texts(f"{name}Shape")}
        edges = [header.whole(f"{name}{edge}") for edge in _EDGES]
        if "RECTANGULAR" in shapes and None not in edges:
            left, right, upper, lower = (edge or 0 for edge in edges)
            if (
                0 <= left < right <= shape[1] + 1 and 0 <= upper < lower <= shape[0] + 1
            ):  # the tags give the edges themselves, counted from 1
                inside &= (columns >= left) & (columns < right - 1) & (rows >= upper) & (rows < lower - 1)
        centre, radius = header.numbers(f"CenterOfCircular{name}"), header.number(f"RadiusOfCircular{name}")
        if "CIRCULAR" in shapes and len(centre) == 2 and radius:
            inside &= (rows + 1 - centre[0]) ** 2 + (columns + 1 - centre[1]) ** 2 <= radius**2
        corners = header.numbers(f"VerticesOfThePolygonal{name}")
        if "POLYGONAL" in shapes and len(corners) >= 6 and len(corners) % 2 == 0:
            inside &= _polygon(corners, shape)
    # A shutter that leaves next to nothing was written for another picture.
    return None if inside.all() or inside.mean() < 0.05 else inside


_EDGES: Final = ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")


def exposed(pixels: Pixels) -> Mask | None:
    """True inside the collimated field as the pixels show it, None where no border was found.

    A margin is flat from end to end; a collimator's edge is a straight step across the whole film, at most six
    degrees off its side, with next to black or white beyond it. Anatomy is neither.
    """
    small, step = thumbnail(pixels, _SIDE)
    if min(small.shape) < 32:
        return None
    inside = _within_margins(small)
    for turns in range(4):  # each side in its turn is the left one
        turned, open_field = np.rot90(small, turns), np.rot90(inside, turns)
        open_field &= _right_of_edge(turned, open_field)
    if inside.all() or inside.mean() < 0.1:
        return None
    rows = np.minimum(np.arange(pixels.shape[0]) // step, small.shape[0] - 1)
    columns = np.minimum(np.arange(pixels.shape[1]) // step, small.shape[1] - 1)
    return inside[rows[:, None], columns]


def _within_margins(small: Pixels) -> Mask:
    """Rows and columns off each side for as long as they are flat, and as they go on from the border itself."""
    inside = np.ones(small.shape, bool)
    for turns in range(4):
        lines, field = np.rot90(small, turns), np.rot90(inside, turns)
        if np.ptp(np.percentile(lines[0], (2, 98))) > FLAT:  # as on most films: no margin on this side
            continue
        low, middle, high = np.percentile(lines, (2, 50, 98), axis=1)
        flat = (high - low <= FLAT) & (abs(middle - middle[0]) <= FLAT)
        count = int(np.argmin(flat)) if not flat.all() else 0
        field[:count] = False
    return inside


def _right_of_edge(small: Pixels, field: Mask) -> Mask:
    """True right of a collimator's left edge, everywhere if there is none."""
    everywhere = np.ones(small.shape, bool)
    rows, columns = np.flatnonzero(field.any(1)), np.flatnonzero(field.any(0))
    if rows.size < 32 or columns.size < 32:
        return everywhere
    inner = small[rows[0] : rows[-1] + 1]
    places = np.arange(columns[0] + 4, columns[0] + int(WIDEST * columns.size))
    slopes = np.tan(np.radians(_DEGREES))
    shifts = np.rint((np.arange(len(inner)) - len(inner) / 2) * slopes[:, None]).astype(int)
    along = places + shifts[..., None]  # [degrees, rows, places]
    whole = (along.min(1) >= 4) & (along.max(1) < small.shape[1] - 3)
    # Both kinds of edge at once, one bit each: a step up with black four pixels before it, or down with white.
    steps = np.zeros_like(inner)
    steps[:, 2:-1] = inner[:, 3:] - inner[:, :-3]
    before = inner[:, :-4]
    of_edges = (steps[:, 4:] > STEP, before <= EXTREME, -steps[:, 4:] > STEP, 1 - before <= EXTREME)
    signs = np.zeros(inner.shape, np.uint8)
    for bit, sign in enumerate(of_edges):
        signs[:, 4:] |= sign.view(np.uint8) << np.uint8(bit)
    seen = signs[np.arange(len(inner))[:, None], np.clip(along, 4, small.shape[1] - 1)]
    up, black, down, white = ((seen >> bit & 1).sum(1, dtype=np.int32) / len(inner) for bit in range(4))
    share = whole[:, None] * np.stack([up * (black >= STRAIGHT), down * (white >= STRAIGHT)], axis=1)
    degree, _, place = np.unravel_index(int(np.argmax(share)), share.shape)
    if share.max(initial=0) < STRAIGHT:
        return everywhere
    line = places[place] + (np.arange(small.shape[0]) - rows[0] - len(inner) / 2) * slopes[degree]
    return np.arange(small.shape[1])[None, :] > line[:, None] + 1


def _polygon(corners: tuple[float, ...], shape: tuple[int, int]) -> Mask:
    """Inside of the polygon of (row, column) corners counted from 1, by the even-odd rule."""
    rows, columns = np.array(corners[0::2]) - 1, np.array(corners[1::2]) - 1
    inside = np.zeros(shape, bool)
    at_column = np.arange(shape[1])
    for row in range(shape[0]):
        above = rows > row
        crosses = np.flatnonzero(above != np.roll(above, -1))
        after = (crosses + 1) % len(rows)
        where = columns[crosses] + (row - rows[crosses]) / (rows[after] - rows[crosses]) * (
            columns[after] - columns[crosses]
        )
        inside[row] = (at_column[:, None] >= where[None]).sum(1) % 2 == 1
    return inside
