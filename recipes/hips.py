"""What recipes of limbs share: how they are found on a film, cut out, outlined, and shown to a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.radiograph import Mask, Pixels, Radiograph, Side
from core.regions import Region, Regions
from imaging.crop import Box, cut, lay_back
from imaging.matting import matted
from imaging.outline import outline_of
from imaging.preprocess import Input, Preprocess
from models import engine
from models.bundle import Candidate, Outliner
from recipes.femur import FEMUR, REGIONS
from recipes.joint import SIDES, Joint, Shape
from recipes.knee import KNEE

FINDER = "hip_finder@0.1.0"
CROP_PX = 256  # a femur is cut out at this size: 0.6 mm a pixel in an adult
JOINTS: dict[str, Joint] = {"hip": FEMUR, "knee": KNEE}  # by site
SURE = 0.5  # share of a landmark's heat that must lie around one place
SAME_BONE = 0.4  # of the square's side: no two hips or knees of a person lie so near to each other on a film
ROOM_AROUND = (1.0, 1.3, 1.7)  # times the film's longer side
UNION = "union"  # all four regions together


@dataclass(frozen=True, eq=False)
class Limb:
    """One proximal femur or knee on a film: landmarks (x, y) in pixels of the film, the square around it, and how sure
    that is (the least sure landmark, 0..1)."""

    side: Side
    points: dict[str, tuple[float, float]]
    box: Box
    sure: float

    def crop(self, film: Radiograph) -> Radiograph:
        """The joint as a film of its own, a right one mirrored."""
        return cut(film, self.box, CROP_PX)

    def square(self, called: str, film: Radiograph) -> Region:
        """What is read of the film, as a region of its own, for recipes that outline nothing."""
        left, top = np.maximum(np.round(self.box.corner), 0).astype(int)
        right, bottom = np.round(np.array(self.box.corner) + self.box.side).astype(int)
        mask = np.zeros((film.height, film.width), bool)
        mask[top:bottom, left:right] = True
        return Region(called.replace(" ", "_"), mask, outline_of(mask), round(self.sure, 4))


def find_limbs(film: Radiograph, finder: Outliner, on: torch.device) -> list[Limb]:
    """Every femur, or knee, on a film, right before left; none where the finder is not sure of one's shape.

    The film is looked at as it is, and with more and more black around it, as if from farther away: a close-up of one
    joint is larger than the finder likes. The look that is surest of a joint gives its landmarks.
    """
    best: dict[Side, Limb] = {}
    joint = next(one for one in JOINTS.values() if one.outputs == finder.outputs)
    inputs, shape = Preprocess.from_dict(finder.preprocessing), Shape.from_dict(joint, finder.facts["shape"])
    for room in ROOM_AROUND:
        around = Box((film.width / 2, film.height / 2), room * max(film.height, film.width))
        seen = film if room == 1 else cut(film, around, inputs.size[0])
        points, sure = engine.find(finder, inputs.grey(seen), on)
        places = inputs.points_back(points, seen)
        if room != 1:
            places = places * around.side / inputs.size[0] + around.corner
        for side in SIDES:
            numbers = joint.numbers(side)
            least = float(np.min(sure[numbers]))
            named = {
                name: (float(places[n][0]), float(places[n][1])) for name, n in zip(joint.needed, numbers, strict=True)
            }
            sure_enough = least >= SURE and shape.distance(named, side) <= joint.alike
            if sure_enough and (side not in best or least > best[side].sure):
                best[side] = Limb(side, named, joint.box_of(named, side), least)
    return one_a_place([best[side] for side in SIDES if side in best])


def one_a_place(limbs: Sequence[Limb]) -> list[Limb]:
    """The limbs, but where two lie on one bone, which cannot be a right and a left one: the surer alone."""
    kept: list[Limb] = []
    for limb in sorted(limbs, key=lambda one: -one.sure):
        apart = [float(np.hypot(*np.subtract(limb.box.centre_xy, one.box.centre_xy))) for one in kept]
        if all(gap > SAME_BONE * limb.box.side for gap in apart):
            kept.append(limb)
    return [limb for limb in limbs if limb in kept]


@dataclass(frozen=True, eq=False)
class Outlines:
    """How far each pixel of a crop belongs to each region [CROP_PX, CROP_PX], and how steady each outline is, 0..1."""

    maps: dict[str, Pixels]
    steady: dict[str, float]

    @property
    def masks(self) -> dict[str, Mask]:
        return {name: one > 0.5 for name, one in self.maps.items()}

    def on_film(self, limb: Limb, film: Radiograph, names: Sequence[str]) -> Regions:
        """The regions on the film as uploaded, those named first; one that came out empty is left out."""
        found = []
        for name in (*names, *(other for other in self.maps if other not in names)):
            mask = lay_back(self.maps[name], limb.box, (film.height, film.width)) > 0.5
            if mask.any():
                found.append(Region(name, mask, outline_of(mask), round(self.steady[name], 4)))
        return Regions(tuple(found))


def outline_limb(crop: Radiograph, outliner: Outliner, on: torch.device) -> Outlines:
    """The regions of one femur on its crop."""
    inputs = Preprocess.from_dict(outliner.preprocessing)
    maps, steady = engine.outline(outliner, inputs.grey(crop), on)
    return Outlines(
        {name: inputs.back(one, crop) for name, one in zip(outliner.outputs, maps, strict=True)},
        {name: float(value) for name, value in zip(outliner.outputs, steady, strict=True)},
    )


def shown_to(candidate: Candidate, crop: Radiograph, masks: Mapping[str, Mask]) -> Input:
    """What a network is shown of a femur: its crop, or one region cut out of it."""
    inputs = Preprocess.from_dict(candidate.preprocessing)
    if candidate.region is None:
        return inputs(crop)
    return inputs.tensor(matted(crop, region_mask(masks, candidate.region), inputs.size[0]))


def region_mask(masks: Mapping[str, Mask], region: str) -> Mask:
    """One region's mask, or that of all four together."""
    return np.logical_or.reduce([masks[name] for name in REGIONS]) if region == UNION else masks[region]
