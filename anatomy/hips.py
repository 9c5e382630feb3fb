"""Where the hips are on a film of the pelvis, or of one of them."""

import numpy as np
import torch

from anatomy.femur import FEMUR
from anatomy.joint import SIDES, Shape
from anatomy.limb import SURE, Limb, one_a_place
from core.radiograph import Radiograph, Side
from imaging.crop import Box, cut
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

ROOM_AROUND = (1.0, 1.3, 1.7)  # times the film's longer side


def find_hips(film: Radiograph, finder: Node, on: torch.device) -> list[Limb]:
    """Every femur on a film, right before left; none where the finder is not sure of one's shape.

    The film is looked at as it is, and with more and more black around it, as if from farther away: a close-up of one
    hip is larger than the finder likes. The look that is surest of a hip gives its landmarks.
    """
    best: dict[Side, Limb] = {}
    inputs, shape = Preprocess.from_dict(finder.preprocessing), Shape.from_dict(FEMUR, finder.facts["shape"])
    for room in ROOM_AROUND:
        around = Box((film.width / 2, film.height / 2), room * max(film.height, film.width))
        seen = film if room == 1 else cut(film, around, inputs.size[0])
        points, sure = engine.find(finder, inputs.grey(seen), on)
        places = inputs.points_back(points, seen)
        if room != 1:
            places = places * around.side / inputs.size[0] + around.corner
        for side in SIDES:
            numbers = FEMUR.numbers(side)
            least = float(np.min(sure[numbers]))
            named = {
                name: (float(places[n][0]), float(places[n][1])) for name, n in zip(FEMUR.needed, numbers, strict=True)
            }
            sure_enough = least >= SURE and shape.distance(named, side) <= FEMUR.alike
            if sure_enough and (side not in best or least > best[side].sure):
                best[side] = Limb(side, named, FEMUR.box_of(named, side), least)
    return one_a_place([best[side] for side in SIDES if side in best])
