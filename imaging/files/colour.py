"""Whether a colour picture is a film that only happens to be stored in colour."""

from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from core.radiograph import Pixels
from core.refusal import Code, Notice, NoticeCode, Refused

Colour = npt.NDArray[np.uint8]  # [H, W, 3], red, green, blue
GREY_TOLERANCE: Final = 12  # levels between channels that JPEG's chroma may leave on a grey film
# Distance from the colour of one's brightness, root mean square: in levels, and as a share of the colourfulness.
# Tinted films after JPEG at quality 75 have up to 1.0 levels or 0.04; photographs from 0.07 on, mostly above 0.15.
TINT_TOLERANCE: Final = 1.5
TINT_SHARE: Final = 0.05
MAP_TOLERANCE: Final = 8.0  # levels off the nearest colour of the map, median: photographs have 60 and more
MOST_COLOURED: Final = 0.02  # share of pixels that arrows, lines and labels in colour may take
_SAMPLES: Final = 100_000
_BAND: Final = 1 << 19  # pixels looked at a time
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_JET: Final = np.stack(  # the colour map known as jet: a trapezoid a channel, dark blue to dark red
    [np.clip(1.5 - np.abs(4 * np.linspace(0, 1, 256) - peak), 0, 1) * 255 for peak in (3, 2, 1)], axis=1
)


class Rows(Protocol):
    """A colour picture of which a few rows at a time are asked for, so that it need never be there whole."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns, 3."""

    def __getitem__(self, rows: slice, /) -> npt.NDArray[Any]: ...


def bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """The rows of a picture, some hundred thousand pixels at a time."""
    step = max(1, _BAND // max(1, shape[1]))
    return (slice(top, min(top + step, shape[0])) for top in range(0, shape[0], step))


def is_grey(colour: Rows) -> bool:
    """Whether the three channels are all but one."""
    spread = np.ptp(_sampled(colour), axis=1)
    return float((spread > GREY_TOLERANCE).mean()) <= MOST_COLOURED


def grey_of_colour(colour: Rows) -> tuple[Pixels, tuple[Notice, ...]]:
    """The grey 0..1 of a film stored in colour, float32 [H, W].

    A tinted film (blue base, sepia, most colour maps) has one colour for each brightness, and its luminance is the
    film. In jet brightness rises and falls again, so the place along the map, blue to red, is the film. A photograph
    has neither.

    Raises Refused `not_a_radiograph` for a photograph.
    """
    sample = _sampled(colour)
    spread = sample.max(1) - sample.min(1)
    coloured = float((spread > GREY_TOLERANCE).mean())
    grey = np.empty(colour.shape[:2], np.float32)
    if not spread.any():
        for rows in bands(colour.shape):
            np.multiply(colour[rows][..., 1], np.float32(1 / 255), out=grey[rows])
        return grey, ()
    if coloured > MOST_COLOURED and float(np.median(_along_jet(sample)[1])) <= MAP_TOLERANCE:
        message = (
            "The picture is a film coloured by a rainbow map; its grey was taken back from the map, in 256 levels "
            "at most; send the film itself."
        )
        for rows in bands(colour.shape):
            grey[rows] = _by_colour(colour[rows])
        return grey, (Notice(NoticeCode.PSEUDO_COLOUR, message),)
    if coloured > MOST_COLOURED and _off_tint(sample) > max(TINT_TOLERANCE, TINT_SHARE * float(spread.mean())):
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The picture is in colour ({coloured:.0%} of it), expected the grey of a radiograph; "
            "send the film itself, not a photograph of something.",
        )
    for rows in bands(colour.shape):
        np.minimum(colour[rows] @ (_LUMINANCE / 255), 1, out=grey[rows])
    return grey, ()


def _sampled(colour: Rows) -> npt.NDArray[np.int16]:
    """Every n-th pixel [N, 3] of the picture, row after row."""
    count, width = colour.shape[0] * colour.shape[1], colour.shape[1]
    step = max(1, count // _SAMPLES)
    taken = [
        colour[rows].reshape(-1, 3)[-rows.start * width % step :: step].astype(np.int16) for rows in bands(colour.shape)
    ]
    return np.concatenate(taken)


def _off_tint(sample: npt.NDArray[np.int16]) -> float:
    """Root mean square distance of the pixels' colours from the mean colour of their brightness."""
    brightness = np.rint(sample @ _LUMINANCE).astype(np.int64)
    count = np.maximum(np.bincount(brightness, minlength=256), 1)
    squares = 0.0
    for channel in sample.T.astype(np.float64):
        tint = np.bincount(brightness, channel, 256) / count
        squares += float(((channel - tint[brightness]) ** 2).mean())
    return (squares / 3) ** 0.5


def _along_jet(colours: npt.NDArray[np.int16]) -> tuple[Pixels, npt.NDArray[np.float64]]:
    """For colours [N, 3]: the place 0..1 of the nearest colour of the map, and the distance to it in levels."""
    from scipy.spatial import cKDTree  # only rare pictures need it

    distance, index = cKDTree(_JET).query(colours)
    return (index / np.float32(255)).astype(np.float32), distance


def _by_colour(colour: Colour) -> Pixels:
    """The place along the map of every pixel, worked out once for each colour that occurs."""
    packed = (colour.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)).astype(np.uint32)
    unique, inverse = np.unique(packed, return_inverse=True)
    colours = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=1).astype(np.int16)
    return _along_jet(colours)[0][inverse].reshape(colour.shape[:2])
