"""The film small enough that looking for borders, text and polarity costs next to nothing."""

import numpy as np

from core.radiograph import Pixels

_SAMPLES = 60_000  # pixels from which percentiles are certain to a thousandth


def thumbnail(pixels: Pixels, side: int) -> tuple[Pixels, int]:
    """Every k-th pixel in both directions, so that no side is longer than `side`; and k.

    float32 in 0..1 over the film's own 1st to 99th percentile, so that thresholds mean the same on every film.
    """
    step = max(1, -(-max(pixels.shape) // side))
    top, left = (min(step // 2, length - 1) for length in pixels.shape)  # a strip may be thinner than half a step
    small = np.ascontiguousarray(pixels[top::step, left::step])
    few = max(1, small.size // _SAMPLES)
    low, high = np.percentile(small.ravel()[::few] if few > 1 else small, (1, 99))
    if high - low < 1e-6:
        low, high = float(small.min()), float(small.max())
    grey = small - np.float32(low)
    grey *= np.float32(1 / max(high - low, 1e-6))
    return np.clip(grey, 0, 1, out=grey), step
