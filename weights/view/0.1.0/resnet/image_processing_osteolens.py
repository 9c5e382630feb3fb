# Made from Osteolens, Apache-2.0: imaging/equalise.py, imaging/preprocess.py, imaging/for_transformers.py.
"""Histogram equalisation: every grey of a film becomes the share of the film that is darker."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]
GREYS = 256


def levels(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Pixels in 0..1 at 8 bits, as equalisation is usually done."""
    return (np.clip(pixels, 0, 1) * (GREYS - 1) + 0.5).astype(np.uint8)


def equalising(seen: Pixels) -> npt.NDArray[np.float32]:
    """The table [256] from a level to 0..1: (pixels up to this level - those of the darkest) / (all - those of the
    darkest), as OpenCV's equalizeHist, not rounded. A flat film stays as it is."""
    count = np.bincount(levels(seen).ravel(), minlength=GREYS)
    darkest, last = int(count[count > 0][0]), int(count.sum())
    if last == darkest:
        return np.linspace(0, 1, GREYS, dtype=np.float32)
    return np.clip((count.cumsum() - darkest) / (last - darkest), 0, 1).astype(np.float32)


"""From a film to a network's input, and a network's map back onto the film. One object serves training and reading."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image


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


"""Films into a network's input by the interface of transformers, exactly as a reading prepares them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature


LUMINANCE = np.array([0.299, 0.587, 0.114])
SQUARE = {  # what networks of these units are shown is square; anything else is not it
    "limb": "the square around one limb, the right one mirrored",
    "region": "the square around one region, black outside it",
}


@dataclass(frozen=True, eq=False)
class Grey:
    """A film's pixels, float32 [H, W] in 0..1, bone bright; valid: where there is film, None for everywhere."""

    pixels: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_] | None

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])


class OsteolensImageProcessor(BaseImageProcessor):
    """Films, limbs or regions cut out of them, as one network was trained to see them.

    osteolens: the fields of `Preprocess`. unit: what the network sees: a `film`, a `limb`, a `region`.
    Takes one or several of: a PIL picture of 8 or 16 bits, whose alpha is 0 where there is no film; a path to one; an
    array [H, W], [H, W, C] or [C, H, W] of whole numbers or of 0..1, NaN or masked (numpy.ma) where there is no film.
    """

    model_input_names = ["pixel_values"]  # noqa: RUF012

    def __init__(self, osteolens: dict[str, Any] | None = None, unit: str = "film", **others: Any) -> None:
        super().__init__(**others)
        self.osteolens = osteolens or {}
        self.unit = unit

    def __call__(self, images: Any, return_tensors: Any = None, **_: Any) -> BatchFeature:  # type: ignore[override]
        return self.preprocess(images, return_tensors)

    def preprocess(self, images: Any, return_tensors: Any = None, **_: Any) -> BatchFeature:
        """`pixel_values` float32 [N, 3, H, W]. Raises ValueError in one sentence for what is no such film."""
        several = list(images) if isinstance(images, (list, tuple)) else [images]
        stack = np.stack([self.input_of(grey_of(one)) for one in several])
        return BatchFeature({"pixel_values": stack}, tensor_type=return_tensors)

    def input_of(self, film: Grey) -> npt.NDArray[np.float32]:
        """One network's input [3, H, W]."""
        inputs = Preprocess.from_dict(self.osteolens)
        if self.unit in SQUARE and film.height != film.width:
            raise ValueError(
                f"found a picture of {film.width} x {film.height} px, expected {SQUARE[self.unit]}; cut it out first"
            )
        if self.unit != "region":
            return inputs(film)
        # A region's grey values were set by the whole limb's, so they are not stretched again.
        height, width = inputs.size
        whole = Image.fromarray(film.pixels)
        same = film.pixels.shape == inputs.size
        return inputs.tensor(film.pixels if same else np.asarray(whole.resize((width, height), Image.Resampling.BOX)))


def grey_of(image: Any) -> Grey:
    """Any picture or array as a film. Raises ValueError in one sentence for a shape or values that are none."""
    if isinstance(image, (str, bytes)) or hasattr(image, "__fspath__"):
        image = Image.open(image)
    known: npt.NDArray[np.bool_] | None = None
    if isinstance(image, Image.Image):
        if image.mode in ("P", "PA", "1", "CMYK", "YCbCr", "HSV", "LAB", "RGBX"):
            image = image.convert("RGBA" if image.mode in ("P", "PA") else "RGB")
        values = np.asarray(image)
        if image.mode in ("LA", "RGBA"):
            known, values = values[..., -1] > 0, values[..., :-1]
        if image.mode == "I":  # 16 bits, as Pillow opens some files
            values = np.clip(values, 0, 65535).astype(np.uint16)
    else:
        if isinstance(image, np.ma.MaskedArray):
            known, image = ~np.ma.getmaskarray(image), image.data
        values = image.detach().cpu().numpy() if hasattr(image, "detach") else np.asarray(image)
    if values.ndim == 3 and values.shape[0] in (1, 3) and values.shape[-1] not in (1, 3):
        values = np.moveaxis(values, 0, -1)
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[-1] not in (1, 3)):
        raise ValueError(f"found an array of shape {values.shape}, expected [H, W] or [H, W, 3]; pass one film")
    if values.dtype == bool:
        values = values.astype(np.uint8) * 255
    if values.dtype.kind in "iu":
        values = values.astype(np.float64) / np.iinfo(values.dtype).max
    if values.ndim == 3:
        values = values[..., 0] if values.shape[-1] == 1 or _is_grey(values) else values @ LUMINANCE
    pixels = values.astype(np.float32)
    valid = np.isfinite(pixels)
    pixels = np.where(valid, pixels, 0).astype(np.float32)
    if known is not None:
        valid &= known
    if pixels.size == 0 or pixels.min() < 0 or pixels.max() > 1:
        raise ValueError("found grey values outside 0..1, expected 0..1, or whole numbers of 8 or 16 bits; scale them")
    return Grey(pixels, None if valid.all() else valid)


def _is_grey(values: npt.NDArray[Any]) -> bool:
    return bool((values == values[..., :1]).all())
