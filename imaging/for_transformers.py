"""Films into a network's input by the interface of transformers, exactly as a reading prepares them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature

from imaging.preprocess import Preprocess

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
