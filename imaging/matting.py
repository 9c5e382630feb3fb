"""A region cut out of a film by its mask, on black: what a network sees that may look at this region alone."""

import numpy as np

from core.radiograph import Mask, Pixels, Radiograph
from imaging.crop import Box, cut, cut_mask

MARGIN = 1.1  # of the region's longer side


def matted(film: Radiograph, mask: Mask, size: int) -> Pixels:
    """The region on a square of `size` pixels, float32 [size, size] in 0..1, black outside its mask.

    Grey values keep their place between the darkest and the brightest hundredth of the whole film, above a floor that
    tells bone from the black around it: how bright a region is beside the flesh around it tells its density, and
    stretching each region to black and white would throw that away. All black for an empty mask.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return np.zeros((size, size), np.float32)
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    box = Box(((columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2), max(MARGIN * max(height, width), 8.0))
    inside = cut_mask(mask, box, size)
    pixels = cut(film, box, size).pixels
    low, high = np.quantile(film.seen, (0.01, 0.99))
    grey = 0.1 + 0.9 * np.clip((pixels - low) / max(high - low, 1e-6), 0, 1)
    return np.where(inside, grey, 0).astype(np.float32)
