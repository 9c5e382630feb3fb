"""The virtual DXA: a parallel beam through the femur alone, its neck turned into the plane; regions and aBMD.

Regions after the definitions of hip DXA: the neck box lies across the neck's axis; Ward's area is where density is
least on the axis near the neck's base; the trochanteric region is bounded by the line from Ward's area to the base of
the greater trochanter; total hip leaves out the head and ends 20 mm below the lesser trochanter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.reference import YOUNG
from simulation.anatomy import femur
from simulation.bone import MIRROR, Bone
from simulation.xray.pose import STILL
from simulation.xray.projector import Geometry

REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")
NECK_BOX_MM = 15.0  # along the neck's axis
WARD_MM = 11.0  # edge of the square
BELOW_LESSER_MM = 20.0
TROCHANTER_BASE = np.array([63.0, -50.0, 0.0])  # of the mean femur, on its lateral side
BONE_EDGE_MM = 0.5  # a ray that meets less bone than this is counted as beside it


@dataclass(frozen=True, eq=False)
class HipRegions:
    """Where the regions of one femur lie in its neutral plane (x lateral, y up, mm from the head's centre)."""

    waist: npt.NDArray[np.float64]
    axis: npt.NDArray[np.float64]  # unit, towards the head
    trochanter_base: npt.NDArray[np.float64]
    bottom: float
    ward: npt.NDArray[np.float64]

    @classmethod
    def of(cls, shape: femur.FemurShape) -> "HipRegions":
        """Those of a femur of that shape; Ward's area, which its density decides, still at the neck's waist."""
        marks = shape.apply(np.array([femur.NECK_WAIST, femur.JUNCTION, femur.LESSER_TROCHANTER, TROCHANTER_BASE]))
        waist, junction, lesser, base = marks[:, :2]
        axis = (waist - junction) / np.linalg.norm(waist - junction)
        return cls(waist, axis, base, float(lesser[1] - BELOW_LESSER_MM * shape.size), waist)

    def cover(self, x: Tensor, y: Tensor, soft_mm: float, names: Sequence[str] = REGIONS) -> dict[str, Tensor]:
        """How much of a pixel at (x, y) lies in each named region, 0..1; edges are soft over `soft_mm`, a pixel's
        edge."""
        along = (x - self.waist[0]) * self.axis[0] + (y - self.waist[1]) * self.axis[1]
        across = -(x - self.waist[0]) * self.axis[1] + (y - self.waist[1]) * self.axis[0]
        half, square = NECK_BOX_MM / 2, WARD_MM / 2

        def inside(distance: Tensor) -> Tensor:
            return (0.5 + distance / soft_mm).clamp(0, 1)

        def neck() -> Tensor:
            return inside(half - along.abs()) * inside(30 - across.abs())

        def trochanter() -> Tensor:
            line = self.trochanter_base - self.ward
            above = ((x - self.ward[0]) * -line[1] + (y - self.ward[1]) * line[0]) / float(np.hypot(*line))
            return inside(-half - along) * inside(above) * inside(x - self.ward[0])

        def ward() -> Tensor:
            ward_along = float((self.ward - self.waist) @ self.axis)
            return inside(square - (along - ward_along).abs()) * inside(square - across.abs())

        def total() -> Tensor:
            return inside(half - along) * inside(y - self.bottom)

        parts = {"femoral_neck": neck, "greater_trochanter": trochanter, "wards_triangle": ward, "total_hip": total}
        return {name: parts[name]() for name in names}


@dataclass(frozen=True, eq=False)
class Densitometry:
    """What the virtual DXA found in one hip: aBMD in g/cm2 a region, mineral in g, area in cm2."""

    abmd: dict[str, float]
    mineral_g: dict[str, float]
    area_cm2: dict[str, float]
    regions: HipRegions

    @property
    def t_scores(self) -> dict[str, float]:
        """Against white women of 20-29 (NHANES III), for both sexes: neck and total hip."""
        return {name: (self.abmd[name] - mean) / spread for name, (mean, spread) in YOUNG.items()}

    @property
    def label(self) -> str:
        """WHO class by the lower T-score of neck and total hip."""
        lowest = min(self.t_scores.values())
        return "normal" if lowest >= -1.0 else "osteopenia" if lowest > -2.5 else "osteoporosis"


def scan(
    bone: Bone, shape: femur.FemurShape, side: str, pitch_mm: float = 0.5, offset_mm: tuple[float, float] = (0.0, 0.0)
) -> Densitometry:
    """Scan one femur in neutral pose. offset_mm shifts the pixel grid, as repositioning does."""
    still = replace(bone, pose=STILL)
    if side == "R":
        still = replace(
            still,
            outer=bone.outer * MIRROR,
            inner=bone.inner * MIRROR,
            faces=bone.faces[:, ::-1],
            mean_of=lambda p: bone.mean_of(p * MIRROR),
        )
    width, height = 150.0, 175.0
    corner = (-45.0 + offset_mm[0], 45.0 + offset_mm[1])
    geometry = Geometry(None, -100.0, corner, pitch_mm, (int(height / pitch_mm), int(width / pitch_mm)))
    mineral, shadow = still.mineral(geometry)
    columns, rows = shadow.pixel_centres()
    x, y = geometry.positions(columns, rows)
    x, y = torch.broadcast_tensors(x, y)
    bone_here = (shadow.length[0] / BONE_EDGE_MM - 0.5).clamp(0, 1)
    regions = _with_ward(HipRegions.of(shape), shape.size, mineral, bone_here, x, y, pitch_mm)
    pixel = pitch_mm**2 / 100
    grams, area = {}, {}
    for name, cover in regions.cover(x, y, pitch_mm).items():
        grams[name] = float((mineral * cover).double().sum()) * pixel
        area[name] = float((bone_here * cover).double().sum()) * pixel
    return Densitometry({name: grams[name] / area[name] for name in REGIONS}, grams, area, regions)


def _with_ward(
    draft: HipRegions, size: float, mineral: Tensor, bone_here: Tensor, x: Tensor, y: Tensor, pitch_mm: float
) -> HipRegions:
    """The regions with Ward's area where density is least on the neck's axis, found in the window that holds every
    place it may have."""
    places = [draft.waist - draft.axis * step for step in np.arange(4.0, 22.0, 1.0) * size]
    middle, reach = (places[0] + places[-1]) / 2, 11.0 * size + WARD_MM
    rows = ((y[:, 0] - float(middle[1])).abs() < reach).nonzero()[:, 0]
    columns = ((x[0] - float(middle[0])).abs() < reach).nonzero()[:, 0]
    window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    mineral, bone_here, x, y = mineral[window], bone_here[window], x[window], y[window]

    def mean(at: HipRegions) -> float:
        cover = at.cover(x, y, pitch_mm, ("wards_triangle",))["wards_triangle"]
        return float((mineral * cover).sum() / (bone_here * cover).sum())

    return min((replace(draft, ward=place) for place in places), key=mean)
