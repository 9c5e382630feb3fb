"""From a film to a network's input, and a network's map back onto the film. One object serves training and reading."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from imaging.equalise import equalising, levels

Pixels = npt.NDArray[np.float32]
Input = npt.NDArray[np.float32]


class Film(Protocol):
    """What a preprocessing must know of a `Radiograph`: this file also travels with weights, without the rest."""

    @property
    def pixels(self) -> Pixels: ...
    @property
    def valid(self) -> npt.NDArray[np.bool_] | None: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


@dataclass(frozen=True)
class Preprocess:
    """How a film becomes the input of one network.

    size: (height, width) of the input in pixels.
    window: the two quantiles of the film's valid pixels that become 0 and 1, so that exposure and export matter less.
    fit: `pad` keeps the ratio and centres the film on zeros; `stretch` does not.
    mean, std: per channel, as the network's first weights expect; (0.5, 0.5) gives -1..1.
    equalise: whether the film's histogram is made even before the window; a window of (0, 1) is then its minimum and
    maximum. trim: share of the film's height and width that is cut off at each border, after the window.
    """

    size: tuple[int, int]
    window: tuple[float, float] = (0.01, 0.99)
    fit: Literal["pad", "stretch"] = "pad"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    equalise: bool = False
    trim: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.trim < 0.5:
            raise ValueError(f"trim is {self.trim:g}, expected a share of the film from 0 to below 0.5")

    def grey(self, film: Film, by: Film | None = None) -> Pixels:
        """The film windowed and fitted, float32 [height, width] in 0..1: what augmentation works on.

        by: the film whose valid pixels set the window, where that is only a part of it.
        """
        by = by or film
        left, top, width, height = self._place(film.height, film.width)
        rows, columns = self._kept(film.height, film.width)
        pixels, seen = film.pixels, by.pixels if by.valid is None or not by.valid.any() else by.pixels[by.valid]
        if self.equalise:
            table = equalising(seen)
            pixels, seen = table[levels(pixels)], table[levels(seen)]
        inner = np.ascontiguousarray(pixels[rows, columns])
        how = Image.Resampling.BOX if inner.shape[1] >= 2 * width else Image.Resampling.BILINEAR
        small = np.asarray(Image.fromarray(inner).resize((width, height), how))
        low, high = np.quantile(_thinned(seen), self.window)
        canvas = np.zeros(self.size, np.float32)
        canvas[top : top + height, left : left + width] = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
        return canvas

    def tensor(self, grey: Pixels) -> Input:
        """Grey [..., H, W] in 0..1 to the network's input [..., 3, H, W]."""
        mean, std = (np.asarray(values, np.float32)[:, None, None] for values in (self.mean, self.std))
        return (grey[..., None, :, :] - mean) / std

    def __call__(self, film: Film) -> Input:
        """Input float32 [3, H, W]."""
        return self.tensor(self.grey(film))

    def back(self, heat: npt.NDArray[np.floating], film: Film) -> Pixels:
        """A map over the input [h, w], of any coarseness, laid onto the film [H, W]; what lay on padding is dropped,
        and what was trimmed away is 0."""
        left, top, width, height = self._place(film.height, film.width)
        down, across = heat.shape[0] / self.size[0], heat.shape[1] / self.size[1]
        box = (left * across, top * down, (left + width) * across, (top + height) * down)
        source = Image.fromarray(np.ascontiguousarray(heat, np.float32))
        rows, columns = self._kept(film.height, film.width)
        whole = np.zeros((film.height, film.width), np.float32)
        inner = whole[rows, columns]
        inner[:] = np.asarray(source.resize((inner.shape[1], inner.shape[0]), Image.Resampling.BICUBIC, box=box)).clip(
            0, 1
        )
        return whole

    def points_back(self, points: npt.NDArray[np.floating], film: Film) -> npt.NDArray[np.float64]:
        """Points (x, y) [N, 2] of the input on the film; the middle of the first pixel is 0.5 in both."""
        (left, top), by, corner = self._shift(film)
        return (np.asarray(points, float) - (left, top)) / by + corner

    def points_in(self, points: npt.NDArray[np.floating], film: Film) -> npt.NDArray[np.float64]:
        """The other way: points of the film on the input."""
        (left, top), by, corner = self._shift(film)
        return (np.asarray(points, float) - corner) * by + (left, top)

    def _shift(self, film: Film) -> tuple[tuple[int, int], npt.NDArray[np.float64], tuple[int, int]]:
        """Where the film stands in the input, input pixels a film pixel, and the first film pixel kept; each (x, y)."""
        left, top, width, height = self._place(film.height, film.width)
        rows, columns = self._kept(film.height, film.width)
        by = np.array([width / (columns.stop - columns.start), height / (rows.stop - rows.start)])
        return (left, top), by, (columns.start, rows.start)

    def _kept(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of the film that are not trimmed away."""
        down, across = round(height * self.trim), round(width * self.trim)
        return slice(down, height - down), slice(across, width - across)

    def _place(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Left, top, width, height of the film inside the input."""
        if self.fit == "stretch":
            return 0, 0, self.size[1], self.size[0]
        rows, columns = self._kept(height, width)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        scale = min(self.size[0] / height, self.size[1] / width)
        fitted = max(1, round(height * scale)), max(1, round(width * scale))
        return (self.size[1] - fitted[1]) // 2, (self.size[0] - fitted[0]) // 2, fitted[1], fitted[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as `preprocessor_config.json` holds them."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocess":
        known: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
        return cls(**known)


def _thinned(values: npt.NDArray[np.float32], most: int = 262_144) -> npt.NDArray[np.float32]:
    """Every n-th value: quantiles of a quarter million pixels are those of ten million, and fifty times sooner."""
    flat = values.ravel()
    return flat[:: max(1, flat.size // most)]
