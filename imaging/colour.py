"""Whether a colour picture is a film that only happens to be stored in colour."""

from typing import Final

import numpy as np
import numpy.typing as npt

from core.refusal import Code, Refused

Colour = npt.NDArray[np.uint8]  # [H, W, 3], red, green, blue
Grey = npt.NDArray[np.uint8]
GREY_TOLERANCE: Final = 12  # levels between channels that JPEG's chroma may leave on a grey film
TINT_TOLERANCE: Final = 14.0  # levels off the tint of its brightness, root mean square
MOST_COLOURED: Final = 0.02  # share of pixels that arrows, lines and labels in colour may take
_SAMPLES: Final = 200_000


def grey_of_colour(colour: Colour) -> Grey:
    """Luminance of a film stored in colour, [H, W] uint8.

    A tinted film (blue base, sepia, a tone map) has one colour for each brightness; a photograph has many.
    Raises Refused `not_a_radiograph` for the latter.
    """
    flat = colour.reshape(-1, 3)
    sample = flat[:: max(1, len(flat) // _SAMPLES)].astype(np.int16)
    coloured = sample.max(1) - sample.min(1) > GREY_TOLERANCE
    if coloured.mean() > MOST_COLOURED and _off_tint(sample) > TINT_TOLERANCE:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The picture is in colour ({coloured.mean():.0%} of it), expected the grey of a radiograph; "
            "send the film itself, not a photograph or a coloured map of it.",
        )
    if not coloured.any() and np.array_equal(sample[:, 0], sample[:, 1]) and np.array_equal(sample[:, 1], sample[:, 2]):
        return np.ascontiguousarray(colour[..., 1])
    # ITU-R BT.601, in 16-bit fixed point as the JPEG standard has it.
    weights = np.array([19595, 38470, 7471], np.uint32)
    return ((colour @ weights + 32768) >> 16).astype(np.uint8)


def _off_tint(sample: npt.NDArray[np.int16]) -> float:
    """Root mean square distance of the pixels' colours from the mean colour of their brightness."""
    brightness = (sample @ np.array([299, 587, 114], np.int32)) // 1000
    count = np.maximum(np.bincount(brightness, minlength=256), 1)
    squares = 0.0
    for channel in sample.T.astype(np.float64):
        tint = np.bincount(brightness, channel, 256) / count
        squares += float(((channel - tint[brightness]) ** 2).mean())
    return (squares / 3) ** 0.5
