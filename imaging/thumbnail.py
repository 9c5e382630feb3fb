"""The film small enough that looking for borders, text and polarity costs next to nothing."""

import numpy as np

from core.radiograph import Pixels


def thumbnail(pixels: Pixels, side: int) -> tuple[Pixels, int]:
    """Every k-th pixel in both directions, so that no side is longer than `side`; and k.

    float32 in 0..1 over the film's own 1st to 99th percentile, so that thresholds mean the same on every film.
    """
    step = max(1, -(-max(pixels.shape) // side))
    top, left = (min(step // 2, length - 1) for length in pixels.shape)  # a strip may be thinner than half a step
    small = pixels[top::step, left::step]
    low, high = np.percentile(small, (1, 99))
    if high - low < 1e-6:
        low, high = float(small.min()), float(small.max())
    return np.clip((small - low) / max(high - low, 1e-6), 0, 1).astype(np.float32), step
