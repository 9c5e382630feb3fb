"""Bodies that the first look missed, found by going on along the row from those that it saw.

The first look knows each level by itself, and is unsure where a film ends early, is dim or shows much else. The next
body of a row can only stand in one place, and the closer look knows a body of any level.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from anatomy.vertebral_body import AROUND, SURE, box_around, is_whole, look_at
from anatomy.vertebral_row import Found, are_neighbours, depth_of, is_body
from core.radiograph import Radiograph
from imaging.crop import Box
from models.bundle import Node

APART = 0.95  # of the depth, from the middle of a body to that of the next, where no other tells

Array = npt.NDArray[np.float64]


def walk(
    film: Radiograph, row: Found, levels: Sequence[str], closer: Node, on: torch.device
) -> dict[str, tuple[Array, float]]:
    """The row with those bodies between its own and beyond its ends that are surely seen, lie on the film as a whole
    and fit their neighbours. levels: every level from the lowest up, no body is looked for beyond them."""
    known = dict(row)
    for upward, order in ((1.0, list(levels)), (-1.0, list(levels)[::-1])):
        for number, level in enumerate(order):
            if level in known or number == 0 or order[number - 1] not in known:
                continue
            last = known[order[number - 1]][0]
            if number > 1 and order[number - 2] in known:
                step = last.mean(0) - known[order[number - 2]][0].mean(0)
            else:
                across = (last[2] - last[0] + last[5] - last[3]) / 2
                step = upward * APART * np.array([across[1], -across[0]])
            body = _body_at(film, last.mean(0) + step, depth_of(last), closer, on)
            if body is not None and _fits(body[0], known, levels, levels.index(level)):
                known[level] = body
    return {level: known[level] for level in levels if level in known}


def _body_at(
    film: Radiograph, middle: Array, depth: float, closer: Node, on: torch.device
) -> tuple[Array, float] | None:
    """Looked at twice: where it should stand, and where it was seen to stand."""
    points, _ = look_at(film, Box((float(middle[0]), float(middle[1])), AROUND * depth), closer, on)
    if not is_body(points):
        return None
    points, sure = look_at(film, box_around(points), closer, on)
    return (points, sure) if sure >= SURE and is_body(points) and is_whole(points, film) else None


def _fits(points: Array, known: Found, levels: Sequence[str], place: int) -> bool:
    below = known.get(levels[place - 1]) if place else None
    above = known.get(levels[place + 1]) if place + 1 < len(levels) else None
    return (below is None or are_neighbours(below[0], points, 1)) and (
        above is None or are_neighbours(points, above[0], 1)
    )
