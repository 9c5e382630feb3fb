"""The film as networks see it: upright, seen from in front, without a frame, its pixels square; and the way back.

Networks learned from such films. What they find is laid back onto the film as it was uploaded.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from core.radiograph import Mask, Pixels, Radiograph
from core.reading import Reading
from core.refusal import Notice, NoticeCode
from core.regions import Region, Regions
from core.settings import settings
from core.vertebra import Vertebra
from imaging.collimation import exposed
from imaging.margins import NO_FRAME, Frame, frame_of

SQUARE: Final = 0.02  # by which a pixel's height may differ from its width
_MOST: Final = 5.0  # times that a side is stretched: no film has longer pixels
AnyArray = TypeVar("AnyArray", bound=npt.NDArray[Any])
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Upright:
    """A film as it was uploaded, and as networks see it.

    The steps from one to the other, in this order: rows and columns change places; rows, then columns, are read
    backwards; the frame is left out; rows are stretched by `tall` and columns by `wide`.
    """

    uploaded: Radiograph
    film: Radiograph
    transposed: bool = False
    rows_back: bool = False
    columns_back: bool = False
    frame: Frame = NO_FRAME
    tall: float = 1.0
    wide: float = 1.0

    @property
    def changed(self) -> bool:
        return self.film is not self.uploaded

    def back(self, reading: Reading) -> Reading:
        """The same reading with everything on the film as uploaded."""
        if not self.changed or reading.radiograph is None:
            return reading
        return replace(
            reading,
            regions=Regions(tuple(self._region(region) for region in reading.regions)),
            explanation=None if reading.explanation is None else self.map_back(reading.explanation),
            density=None if reading.density is None else self.map_back(reading.density),
            vertebrae=tuple(self._vertebra(body) for body in reading.vertebrae),
            radiograph=self.uploaded,
        )

    def points_back(self, points: npt.ArrayLike) -> Points:
        """Points (x, y) [N, 2] of the film as seen on the film as uploaded; the middle of the first pixel is 0.5."""
        x, y = np.asarray(points, np.float64).reshape(-1, 2).T
        x, y = x / self.wide + self.frame.left, y / self.tall + self.frame.top
        height, width = self._turned_shape
        y = height - y if self.rows_back else y
        x = width - x if self.columns_back else x
        return np.stack([y, x] if self.transposed else [x, y], axis=1)

    def points_on(self, points: npt.ArrayLike) -> Points:
        """Points (x, y) [N, 2] of the film as uploaded on the film as seen; the way back of `points_back`."""
        x, y = np.asarray(points, np.float64).reshape(-1, 2).T
        x, y = (y, x) if self.transposed else (x, y)
        height, width = self._turned_shape
        y = height - y if self.rows_back else y
        x = width - x if self.columns_back else x
        return np.stack([(x - self.frame.left) * self.wide, (y - self.frame.top) * self.tall], axis=1)

    def map_on(self, values: Pixels) -> Pixels:
        """A map over the film as uploaded, [H, W], on the film as seen."""
        inner = self._inside(values)
        size = self.film.pixels.shape[::-1]
        same = inner.shape[::-1] == size
        return inner if same else np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_LINEAR), np.float32)

    def mask_on(self, mask: Mask) -> Mask:
        """The same for a mask."""
        inner = self._inside(mask).view(np.uint8)
        return cv2.resize(inner, self.film.pixels.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)

    def map_back(self, values: Pixels) -> Pixels:
        """A map over the film as seen, [H, W], on the film as uploaded; 0 on the frame."""
        rows, columns = self.frame.inside(self._turned_shape)
        inner = (columns.stop - columns.start, rows.stop - rows.start)
        same = inner == values.shape[::-1]
        fitted = values if same else cv2.resize(values, inner, interpolation=cv2.INTER_LINEAR)
        return self._laid(np.asarray(fitted, np.float32), np.zeros(self._turned_shape, np.float32))

    def mask_back(self, mask: Mask) -> Mask:
        """The same for a mask."""
        rows, columns = self.frame.inside(self._turned_shape)
        inner = (columns.stop - columns.start, rows.stop - rows.start)
        fitted = cv2.resize(mask.view(np.uint8), inner, interpolation=cv2.INTER_NEAREST_EXACT)
        return self._laid(fitted.astype(bool), np.zeros(self._turned_shape, bool))

    @property
    def _turned_shape(self) -> tuple[int, int]:
        height, width = self.uploaded.pixels.shape
        return (width, height) if self.transposed else (height, width)

    def _inside(self, whole: AnyArray) -> AnyArray:
        """What of an array over the film as uploaded lies within its frame, turned, not yet stretched."""
        turned = _apply(whole, self.transposed, self.rows_back, self.columns_back)
        return np.ascontiguousarray(turned[self.frame.inside(turned.shape)])  # type: ignore[return-value]

    def _laid(self, inner: AnyArray, whole: AnyArray) -> AnyArray:
        whole[self.frame.inside(whole.shape)] = inner
        whole = whole[:: -1 if self.rows_back else 1, :: -1 if self.columns_back else 1]  # type: ignore[assignment]
        return np.ascontiguousarray(whole.T if self.transposed else whole)  # type: ignore[return-value]

    def _region(self, region: Region) -> Region:
        outline: tuple[tuple[float, float], ...] = ()
        if region.outline_xy:  # an outline counts a pixel's middle as a whole number
            points = self.points_back(np.asarray(region.outline_xy) + 0.5) - 0.5
            outline = tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)
        return replace(region, mask=self.mask_back(region.mask), outline_xy=outline)

    def _vertebra(self, body: Vertebra) -> Vertebra:
        points = tuple((float(x), float(y)) for x, y in self.points_back(body.points))
        return replace(body, points=points)


def upright(film: Radiograph) -> Upright:
    """The film as networks see it. What was turned because the file says so is a notice; a film that needs nothing is
    the very same object."""
    turn = _turn_of(film)
    turned = _apply(film.pixels, *turn)
    frame = frame_of(turned)
    tall, wide = _stretch(film, turn[0])
    if not (any(turn) or frame or (tall, wide) != (1.0, 1.0)):
        return Upright(film, film)
    inside = frame.inside(turned.shape)
    pixels = turned[inside]
    size = round(pixels.shape[1] * wide), round(pixels.shape[0] * tall)
    square = size == pixels.shape[::-1]
    if not square:
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.float32)
    pixels = np.ascontiguousarray(pixels)
    tall, wide = (1.0, 1.0) if square else (size[1] / turned[inside].shape[0], size[0] / turned[inside].shape[1])
    seen = replace(
        film,
        pixels=pixels,
        valid=_valid(film, turn, frame, pixels, size),
        spacing_mm=_spacing(film, turn[0], tall, wide),
        notices=(*film.notices, *_notices(film, turn)),
        orientation=None,
        pixel_aspect=1.0,
    )
    return Upright(film, seen, *turn, frame, tall, wide)


def _turn_of(film: Radiograph) -> tuple[bool, bool, bool]:
    """Whether rows and columns change places, and rows and columns are read backwards, until the feet are below and,
    on a film from in front or behind, the patient's right is on the left."""
    if film.orientation is None or ("F" not in film.orientation and "H" not in film.orientation):
        return False, False, False
    row, column = film.orientation
    transposed = row in "HF"
    if transposed:
        row, column = column, row
    turned = column == "H"
    # From the side no left and right can change places: such a film is turned, never mirrored.
    mirrored = row == "R" if row in "LR" else transposed != turned
    return transposed, turned, mirrored


def _apply(array: AnyArray, transposed: bool, rows_back: bool, columns_back: bool) -> AnyArray:
    array = array.T if transposed else array
    return array[:: -1 if rows_back else 1, :: -1 if columns_back else 1]  # type: ignore[return-value]


def _stretch(film: Radiograph, transposed: bool) -> tuple[float, float]:
    """By how much rows and columns of the turned film are stretched so that its pixels are square: the coarser ones,
    unless the film would then be larger than any may be."""
    tall = film.pixel_aspect if film.spacing_mm is None else film.spacing_mm[0] / film.spacing_mm[1]
    tall = 1 / tall if transposed else tall
    if abs(tall - 1) <= SQUARE or not 1 / _MOST <= tall <= _MOST:
        return 1.0, 1.0
    larger = max(tall, 1 / tall) * film.pixels.size > settings().max_megapixels * 1e6
    return (tall, 1.0) if (tall > 1) != larger else (1.0, 1 / tall)


def _valid(
    film: Radiograph, turn: tuple[bool, bool, bool], frame: Frame, pixels: Pixels, size: tuple[int, int]
) -> Mask | None:
    """Where there is film, by what was known of it and, where a frame went, by what the rest shows."""
    valid = None
    if film.valid is not None:
        whole = _apply(film.valid, *turn)
        inner = np.ascontiguousarray(whole[frame.inside(whole.shape)])
        valid = cv2.resize(inner.view(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)
    if frame:
        field = exposed(pixels)
        if field is not None:
            valid = field if valid is None else field & valid
    return None if valid is None or valid.all() else valid


def _spacing(film: Radiograph, transposed: bool, tall: float, wide: float) -> tuple[float, float] | None:
    if film.spacing_mm is None:
        return None
    row, column = film.spacing_mm[::-1] if transposed else film.spacing_mm
    return row / tall, column / wide


def _notices(film: Radiograph, turn: tuple[bool, bool, bool]) -> tuple[Notice, ...]:
    if not any(turn) or film.orientation is None:
        return ()
    said = "\\".join(film.orientation)
    if turn[0] == (turn[1] == turn[2]):  # an odd number of the three: left and right change places
        message = f"The file says that the film is mirrored (PatientOrientation {said}); sides are named by that."
        return (Notice(NoticeCode.MIRRORED, f"{message} Make sure of them by the marker."),)
    message = f"The file says that the film does not stand upright (PatientOrientation {said}); it was read turned."
    return (Notice(NoticeCode.TURNED, f"{message} Make sure that the head is above on the film as it was read."),)
