"""One femur or knee that was found on a film."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.radiograph import Radiograph, Side
from core.regions import Region
from imaging.crop import Box, cut
from imaging.outline import outline_of

CROP_PX = 256  # a limb is cut out at this size: 0.6 mm a pixel of an adult's femur
ROOM = 1.3125  # crops to learn from are kept with this much around them, so that a moved one does not end
LOOSE_PX = round(CROP_PX * ROOM)
MIDDLE = slice((LOOSE_PX - CROP_PX) // 2, (LOOSE_PX + CROP_PX) // 2)  # of a loose crop: what a reading sees
SURE = 0.5  # share of a landmark's heat that must lie around one place
SAME_BONE = 0.4  # of the square's side: no two hips or knees of a person lie so near to each other on a film


@dataclass(frozen=True, eq=False)
class Limb:
    """One proximal femur or knee on a film: landmarks (x, y) in pixels of the film, the square around it, and how sure
    that is (the least sure landmark that counts, 0..1). side_sure: whether the bone itself shows which side it is."""

    side: Side
    points: dict[str, tuple[float, float]]
    box: Box
    sure: float
    side_sure: bool = True

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


def one_a_place(limbs: Sequence[Limb]) -> list[Limb]:
    """The limbs, but where two lie on one bone, which cannot be a right and a left one: the surer alone."""
    kept: list[Limb] = []
    for limb in sorted(limbs, key=lambda one: -one.sure):
        apart = [float(np.hypot(*np.subtract(limb.box.centre_xy, one.box.centre_xy))) for one in kept]
        if all(gap > SAME_BONE * limb.box.side for gap in apart):
            kept.append(limb)
    return [limb for limb in limbs if limb in kept]
