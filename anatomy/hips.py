"""Where the hips are on a film of the pelvis, or of one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from anatomy.femoral_head import head_centre
from anatomy.femur import FEMUR
from anatomy.joint import SIDES, Shape
from anatomy.limb import SURE, Limb, one_a_place
from core.radiograph import Radiograph, Side
from imaging.crop import Box, cut
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

ROOM_AROUND = (1.0, 1.3, 1.7)  # times the film's longer side
UNSURE = 1  # landmarks of a femur that may be unsure: its shape vouches for them


def find_hips(film: Radiograph, finder: Node, on: torch.device) -> list[Limb]:
    """Every femur on a film, right before left; none where the finder is not sure of one's shape.

    The film is looked at as it is, and with more and more black around it, as if from farther away: a close-up of one
    hip is larger than the finder likes. Of all looks the one whose landmarks have a femur's shape best gives them, and
    the head's outline its centre.
    """
    shape = Shape.from_dict(FEMUR, finder.facts["shape"])
    seen = list(looks(film, finder, on))
    best = [best_shaped([look for look in seen if look.side == side], shape) for side in SIDES]
    return one_a_place([look.at_the_head(film).limb for look in best if look is not None])


@dataclass(frozen=True, eq=False)
class Look:
    """Needed landmarks [K, 2] of one femur in pixels of the film, and how sure each is [K]."""

    side: Side
    places: npt.NDArray[np.float64]
    sure: npt.NDArray[np.floating]

    @property
    def points(self) -> dict[str, tuple[float, float]]:
        return {name: (float(x), float(y)) for name, (x, y) in zip(FEMUR.needed, self.places, strict=True)}

    @property
    def least(self) -> float:
        """How sure the least sure landmark is, those left out that may be unsure."""
        return float(np.sort(self.sure)[UNSURE])

    @property
    def limb(self) -> Limb:
        return Limb(self.side, self.points, FEMUR.box_of(self.points, self.side), self.least)

    def at_the_head(self, film: Radiograph) -> "Look":
        """The same with the head's centre in the middle of its outline."""
        head, lesser = self.points["head_centre"], self.points["lesser_trochanter"]
        places = self.places.copy()
        places[0] = head_centre(film, head, float(np.hypot(*np.subtract(lesser, head))))
        return replace(self, places=places)


def best_shaped(looks: Sequence[Look], shape: Shape) -> Look | None:
    """The look whose landmarks have a femur's shape best; None where none is sure and has it."""
    sure = [(shape.distance(look.points, look.side), look) for look in looks if look.least >= SURE]
    alike = [one for one in sure if one[0] <= FEMUR.alike]
    return min(alike, key=lambda one: one[0])[1] if alike else None


def looks(film: Radiograph, finder: Node, on: torch.device) -> Iterator[Look]:
    """Both sides on the whole film, and with more and more black around it."""
    inputs = Preprocess.from_dict(finder.preprocessing)
    for room in ROOM_AROUND:
        around = Box((film.width / 2, film.height / 2), room * max(film.height, film.width))
        seen = film if room == 1 else cut(film, around, inputs.size[0])
        points, sure = engine.find(finder, inputs.grey(seen), on)
        places = inputs.points_back(points, seen)
        if room != 1:
            places = places * around.side / inputs.size[0] + around.corner
        for side in SIDES:
            numbers = FEMUR.numbers(side)
            yield Look(side, places[numbers], sure[numbers])
