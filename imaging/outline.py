"""A mask in one piece, and its outline."""

import cv2
import numpy as np
from scipy import ndimage

from core.radiograph import Mask


def one_piece(mask: Mask) -> Mask:
    """The largest piece of a mask [H, W], its holes filled: what a region of a bone is on a film."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return mask
    around = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)  # a film is many times as large
    labels, _ = ndimage.label(mask[around])
    whole = np.zeros_like(mask)
    whole[around] = ndimage.binary_fill_holes(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]))
    return whole


def outline_of(mask: Mask) -> tuple[tuple[float, float], ...]:
    """The longest outline of a mask [H, W] as points (x, y) in pixels; none for an empty mask."""
    lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not lines:
        return ()
    longest = max(lines, key=len)[:, 0, :]
    return tuple((float(x), float(y)) for x, y in longest)
