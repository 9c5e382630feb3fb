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
