"""What a reader drew of one region, as pixels: brush and polygons together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from annotation.answers import to_pixels
from annotation.films import Facts
from core.case import LabeledCase, Polygon
from core.mask import BitMask

Pixels = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]  # top, left, bottom, right; half open
Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class Drawn:
    """One region by one reader: painted pixels, polygons in percent of the film, or both."""

    mask: BitMask | None
    polygons: tuple[Polygon, ...] = ()

    @classmethod
    def by(cls, answer: LabeledCase, region: str) -> "Drawn | None":
        """What an answer holds of a region; None where it holds nothing, which says nothing."""
        mask, polygons = answer.masks.get(region), answer.outlines.get(region, ())
        return cls(mask, tuple(polygons)) if mask is not None or polygons else None


@dataclass(frozen=True, eq=False)
class Patch:
    """A region cut out of its film: pixels bool [h, w], whose first one is the film's (top, left)."""

    top: int
    left: int
    pixels: Pixels

    @property
    def box(self) -> Box:
        height, width = self.pixels.shape
        return self.top, self.left, self.top + height, self.left + width

    def within(self, box: Box) -> Pixels:
        """The same in a larger box."""
        top, left, bottom, right = box
        found = np.zeros((bottom - top, right - left), bool)
        height, width = self.pixels.shape
        found[self.top - top : self.top - top + height, self.left - left : self.left - left + width] = self.pixels
        return found


@lru_cache(maxsize=4096)
def patch_of(drawn: Drawn, size: Size) -> Patch | None:
    """The pixels of a drawing on a film of this size; None where it covers none. A pixel is in a polygon if its middle
    is. Raises ValueError for a mask of another size than the film."""
    pieces = [one for polygon in drawn.polygons if (one := _filled(to_pixels(polygon, *size), size)) is not None]
    if drawn.mask is not None:
        if (drawn.mask.width, drawn.mask.height) != size:
            raise ValueError(
                f"found a mask of {drawn.mask.width} x {drawn.mask.height} px, expected the film's "
                f"{size[0]} x {size[1]} px"
            )
        pieces += [one for one in [_cut(drawn.mask)] if one is not None]
    if not pieces:
        return None
    box = around([piece.box for piece in pieces])
    return Patch(box[0], box[1], np.logical_or.reduce([piece.within(box) for piece in pieces]))


def bit_mask(drawn: Drawn, size: Size) -> BitMask:
    """A drawing as a mask of the whole film."""
    if drawn.mask is not None and not drawn.polygons:
        return drawn.mask
    patch = patch_of(drawn, size)
    return BitMask.of(np.zeros(size[::-1], bool) if patch is None else patch.within((0, 0, size[1], size[0])))


def fits(answer: LabeledCase, size: Size) -> bool:
    """Whether whatever was painted was painted at the film's size."""
    return all((mask.width, mask.height) == size for mask in answer.masks.values())


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box about all of these."""
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def size_of(film: Facts) -> Size:
    return film.width, film.height


def _cut(mask: BitMask) -> Patch | None:
    """The rows and columns of a mask that hold anything, without laying the whole film out."""
    ends = np.cumsum(mask.runs)
    starts, stops = ends[0::2][: len(ends) // 2], ends[1::2]
    if not (stops > starts).any():
        return None
    starts, stops = starts[stops > starts], stops[stops > starts]
    top, bottom = int(starts[0]) // mask.width, (int(stops[-1]) - 1) // mask.width + 1
    steps = np.zeros((bottom - top) * mask.width + 1, np.int8)
    steps[starts - top * mask.width] += 1
    steps[stops - top * mask.width] -= 1
    rows = np.cumsum(steps[:-1], dtype=np.int8).astype(bool).reshape(bottom - top, mask.width)
    columns = np.flatnonzero(rows.any(0))
    return Patch(top, int(columns[0]), rows[:, columns[0] : columns[-1] + 1])


def _filled(polygon: Polygon, size: Size) -> Patch | None:
    """By the even-odd rule, an edge at a time."""
    points = np.asarray(polygon, float)
    left, top = np.maximum(np.floor(points.min(0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(points.max(0)).astype(int), size)
    if left >= right or top >= bottom:
        return None
    inside = np.zeros((bottom - top, right - left), bool)
    middles = np.arange(left, right) + 0.5
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        rows = np.arange(max(top, _first_row(min(y0, y1))), min(bottom, _first_row(max(y0, y1))))
        if rows.size:
            crossed = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            inside[rows - top] ^= middles > crossed[:, None]
    return Patch(int(top), int(left), inside) if inside.any() else None


def _first_row(y: float) -> int:
    """The first row whose middle lies at y or below."""
    return int(np.ceil(y - 0.5))


def lines_of(drawn: Drawn, size: Size) -> list[list[tuple[float, float]]]:
    """A drawing as closed lines of points (x, y) in pixels of the film, the left upper corner at 0, 0: polygons as they
    were clicked, a mask through the middles of its outermost pixels, its holes as well."""
    import cv2

    lines = [list(to_pixels(polygon, *size)) for polygon in drawn.polygons]
    patch = patch_of(Drawn(drawn.mask), size) if drawn.mask is not None else None
    if patch is not None:
        found, _ = cv2.findContours(patch.pixels.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        for line in found:
            if len(line) > 2:
                lines.append([(float(x) + patch.left + 0.5, float(y) + patch.top + 0.5) for x, y in line[:, 0, :]])
    return lines
