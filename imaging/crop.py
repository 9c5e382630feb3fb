"""A square cut out of a film around one bone, and a map on that square laid back onto the film."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.radiograph import Mask, Pixels, Radiograph


@dataclass(frozen=True)
class Box:
    """A square on a film, which may reach beyond it.

    centre_xy, side: pixels of the film (the middle of the first pixel is 0.5). mirrored: left and right change places
    when it is cut, so that a right limb looks like a left one.
    """

    centre_xy: tuple[float, float]
    side: float
    mirrored: bool = False

    @property
    def corner(self) -> tuple[float, float]:
        """Left and top."""
        return self.centre_xy[0] - self.side / 2, self.centre_xy[1] - self.side / 2

    def wider(self, factor: float) -> "Box":
        """The same middle, `factor` times the side."""
        return replace(self, side=self.side * factor)

    def to_box(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Points (x, y) [..., 2] of the film as shares of the square, 0..1 inside it."""
        shares = (np.asarray(points, float) - self.corner) / self.side
        if self.mirrored:
            shares[..., 0] = 1 - shares[..., 0]
        return shares


def cut(film: Radiograph, box: Box, size: int) -> Radiograph:
    """The square as a film of its own, `size` pixels a side; what lies beyond the film is marked as not valid."""
    pixels, valid = _window(film.pixels, box, 0.0), _window(_valid(film), box, 0.0)
    inside = _resized(valid, box, size) > 0.5
    square = np.where(inside, _resized(pixels, box, size), 0).astype(np.float32)
    if box.mirrored:
        square, inside = square[:, ::-1], inside[:, ::-1]
    spacing = film.spacing_mm and (film.spacing_mm[0] * box.side / size, film.spacing_mm[1] * box.side / size)
    return replace(
        film, pixels=np.ascontiguousarray(square), valid=np.ascontiguousarray(inside), spacing_mm=spacing, notices=()
    )


def cut_mask(mask: Mask, box: Box, size: int) -> Mask:
    """The same square of a mask [H, W]."""
    square = _resized(_window(mask.astype(np.float32), box, 0.0), box, size) > 0.5
    return np.ascontiguousarray(square[:, ::-1] if box.mirrored else square)


def cut_map(values: npt.NDArray[np.floating], box: Box, size: int) -> Pixels:
    """The same square of a map over the film [H, W], in the map's own units; zero beyond the film."""
    square = _resized(_window(np.asarray(values, np.float32), box, 0.0), box, size)
    return np.ascontiguousarray(square[:, ::-1] if box.mirrored else square)


def lay_back(values: npt.NDArray[np.floating], box: Box, shape: tuple[int, int]) -> Pixels:
    """A map over the square [h, w], of any coarseness, on the film [H, W]; zero around the square."""
    seen = np.asarray(values, np.float32)
    if box.mirrored:
        seen = seen[:, ::-1]
    left, top, right, bottom = _whole(box)
    film = np.zeros(shape, np.float32)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, shape[1]), min(bottom, shape[0])
    if x1 <= x0 or y1 <= y0:
        return film
    scale_x, scale_y = seen.shape[1] / box.side, seen.shape[0] / box.side
    corner = box.corner
    # PIL reads only from inside its source: the strip of up to a pixel around the square repeats the square's edge.
    source = Image.fromarray(np.pad(seen, 2, mode="edge"))
    part = (
        np.clip((x0 - corner[0]) * scale_x + 2, 0, seen.shape[1] + 4),
        np.clip((y0 - corner[1]) * scale_y + 2, 0, seen.shape[0] + 4),
        np.clip((x1 - corner[0]) * scale_x + 2, 0, seen.shape[1] + 4),
        np.clip((y1 - corner[1]) * scale_y + 2, 0, seen.shape[0] + 4),
    )
    film[y0:y1, x0:x1] = np.asarray(source.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=part))
    return film


def _valid(film: Radiograph) -> Pixels:
    return np.ones(film.pixels.shape, np.float32) if film.valid is None else film.valid.astype(np.float32)


def _whole(box: Box) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in whole pixels, the square inside."""
    left, top = box.corner
    return (
        int(np.floor(left)),
        int(np.floor(top)),
        int(np.ceil(left + box.side)),
        int(np.ceil(top + box.side)),
    )


def _window(pixels: Pixels, box: Box, beyond: float) -> Pixels:
    """The whole pixels that the square touches; `beyond` where the film ends."""
    left, top, right, bottom = _whole(box)
    height, width = pixels.shape
    window = np.full((bottom - top, right - left), beyond, np.float32)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if x1 > x0 and y1 > y0:
        window[y0 - top : y1 - top, x0 - left : x1 - left] = pixels[y0:y1, x0:x1]
    return window


def _resized(window: Pixels, box: Box, size: int) -> Pixels:
    left, top, _, _ = _whole(box)
    x, y = box.corner[0] - left, box.corner[1] - top
    source = Image.fromarray(window)
    part = (x, y, min(x + box.side, window.shape[1]), min(y + box.side, window.shape[0]))
    return np.asarray(source.resize((size, size), Image.Resampling.BILINEAR, box=part))
