"""A closer look at single vertebral bodies: their six points, found again on a square cut around each.

One network for all levels. The one that finds the row sees the whole spine at a millimetre a pixel and each level by
itself; broken bodies are rare at any one level, and it draws them nearly whole.
"""

import numpy as np
import numpy.typing as npt
import torch

from anatomy.vertebral_row import Found, depth_of, is_body
from core.radiograph import Radiograph
from imaging.crop import Box, cut
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

ROOM = 1.3  # squares to learn from are cut that much wider than they are shown, so that they can be moved
AROUND = 1.7  # side of the square, in depths of the body
EDGE = 0.03  # of the depth: closer to the film's edge a body may be cut off
SURE = 0.4  # share of a point's heat that must lie around one place

Array = npt.NDArray[np.float64]


def box_around(points: npt.NDArray[np.floating]) -> Box:
    """The square around a body's six points [6, 2], with parts of its neighbours."""
    x, y = (float(one) for one in np.asarray(points, float).mean(0))
    return Box((x, y), AROUND * depth_of(points))


def is_whole(points: Array, film: Radiograph) -> bool:
    """Whether a body lies on the film as a whole: of one that the edge cuts off no height is known."""
    room = EDGE * depth_of(points)
    return bool(((points >= room) & (points <= np.array((film.width, film.height)) - room)).all())


def look_at(film: Radiograph, box: Box, closer: Node, on: torch.device) -> tuple[Array, float]:
    """The six points [6, 2] of the body within a square of the film, and how sure the least sure of them is."""
    inputs = Preprocess.from_dict(closer.preprocessing)
    seen, sure = engine.find(closer, inputs.grey(cut(film, box, inputs.size[0])), on)
    return np.asarray(seen, np.float64) / inputs.size[0] * box.side + box.corner, float(sure.min())


def look_closer(film: Radiograph, found: Found, closer: Node, on: torch.device) -> dict[str, tuple[Array, float]]:
    """The same bodies with the points that a closer look gives, belly on the film's left; without those of which it is
    not sure, or which are no body to it."""
    looked = {}
    for level, (points, _) in found.items():
        places, sure = look_at(film, box_around(points), closer, on)
        if sure >= SURE and is_body(places):
            looked[level] = (places, sure)
    return looked
