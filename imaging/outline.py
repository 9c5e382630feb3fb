"""The outline of a mask."""

import cv2
import numpy as np

from core.radiograph import Mask


def outline_of(mask: Mask) -> tuple[tuple[float, float], ...]:
    """The longest outline of a mask [H, W] as points (x, y) in pixels; none for an empty mask."""
    lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not lines:
        return ()
    longest = max(lines, key=len)[:, 0, :]
    return tuple((float(x), float(y)) for x, y in longest)
