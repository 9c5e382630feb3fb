"""The film with its explanation map laid over it, for faces that show a still picture."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.radiograph import Pixels
from present.colours import PLASMA

FAINTEST = 0.12  # weights below this are noise of the method, and stay clear
COVER = 0.72  # of the colour at full weight and full opacity: bone must be seen through it


def colour_table() -> npt.NDArray[np.uint8]:
    """Plasma with opacity: uint8 [256, 4]. Low weights are clear, high ones cover, so that bone stays visible."""
    weight = np.linspace(0, 1, 256)
    stops = np.linspace(0, 1, len(PLASMA))
    table = np.empty((256, 4), np.uint8)
    for channel in range(3):
        table[:, channel] = np.rint(np.interp(weight, stops, [colour[channel] for colour in PLASMA]))
    table[:, 3] = np.rint(255 * COVER * np.clip((weight - FAINTEST) / (1 - FAINTEST), 0, 1) ** 0.8)
    return table


def shows(explanation: Pixels | None) -> bool:
    """Whether there is anything of the map to see: one that is nought throughout says that nothing stood out."""
    return explanation is not None and bool(explanation.max(initial=0) > FAINTEST)


def shrunk(pixels: Pixels, longest: int) -> Pixels:
    """The same picture with its long side at most `longest`, every pixel the mean of those it stands for."""
    height, width = pixels.shape
    ratio = longest / max(height, width)
    if ratio >= 1:
        return pixels
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), np.float32)


def overlay(film: Pixels, explanation: Pixels | None = None, opacity: float = 0.6, longest: int = 1600) -> Image.Image:
    """The film as an RGB picture, with the map [H, W] in 0..1 over it where there is one.

    Raises ValueError where the two differ in size.
    """
    if explanation is not None and explanation.shape != film.shape:
        raise ValueError(f"explanation is {explanation.shape}, expected the film's {film.shape}")
    grey = np.clip(shrunk(film, longest), 0, 1)[..., None] * 255
    picture: npt.NDArray[np.floating] = np.repeat(grey, 3, axis=2)
    if explanation is not None:
        colours = colour_table()[np.rint(np.clip(shrunk(explanation, longest), 0, 1) * 255).astype(np.uint8)]
        cover = colours[..., 3:].astype(np.float32) / 255 * opacity
        picture = picture * (1 - cover) + colours[..., :3] * cover
    return Image.fromarray(np.rint(picture).astype(np.uint8))


def png(picture: Image.Image) -> bytes:
    """A picture as PNG without metadata."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
