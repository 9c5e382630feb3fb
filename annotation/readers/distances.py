"""How far two readers' drawings of one thing lie apart."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from annotation.answers import to_pixels
from annotation.films import Facts
from annotation.readers.drawn import Drawn, around, patch_of, size_of
from core.case import Point


@dataclass(frozen=True)
class Apart:
    """Two outlines of one region. dice: 0..1; NaN where both are empty. boundary: the mean distance between them, both
    ways, in mm, or in px on a film without spacing; NaN where one is empty."""

    dice: float
    boundary: float


@lru_cache(maxsize=20_000)
def apart(one: Drawn, other: Drawn, film: Facts) -> Apart:
    """Raises ValueError for a mask of another size than its film."""
    from evidence.statistics.overlap import overlap  # loads scipy

    size = size_of(film)
    patches = [patch_of(one, size), patch_of(other, size)]
    boxes = [patch.box for patch in patches if patch is not None]
    if not boxes:
        return Apart(np.nan, np.nan)
    box = around(boxes)
    empty = np.zeros((box[2] - box[0], box[3] - box[1]), bool)
    first, second = (empty if patch is None else patch.within(box) for patch in patches)
    found = overlap(first, second, film.spacing_mm or (1.0, 1.0))
    return Apart(found.dice, found.boundary_mm)


def point_distance(one: Point, other: Point, film: Facts) -> float:
    """Between two marks in percent of the film, in mm, or in px on a film without spacing."""
    ((x0, y0), (x1, y1)) = to_pixels((one, other), *size_of(film))
    down, across = film.spacing_mm or (1.0, 1.0)
    return float(np.hypot((x1 - x0) * across, (y1 - y0) * down))
