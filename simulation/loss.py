"""How much bone a person has lost: solved on the body that is built, so that it measures what was asked for.

Whichever surface a femur has, its neck and total hip come to the person's densities: nothing but bone then tells the
class. The density of a femur is summed face by face, which takes a twentieth of the time of the virtual DXA's rays.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import torch

from simulation import densitometry
from simulation.anatomy import femur
from simulation.anatomy.surface import Faces, Points, Surface
from simulation.bone import CORTICAL_DENSITY, TO_AREAL
from simulation.femora import Femur, Quality, draw_shape
from simulation.patient import Patient
from simulation.xray.pose import STILL

Values = npt.NDArray[np.float64]

SOLVED = ("femoral_neck", "total_hip")
# How readily each part goes (1 = as the mean): the secondary groups before the principal ones (Singh et al. 1970).
READINESS = {
    "cortex": 0.80,
    "porosity": 0.12,
    "plain": 1.20,
    "principal_compressive": 0.60,
    "principal_tensile": 1.00,
    "secondary_compressive": 1.55,
    "secondary_tensile": 1.60,
    "greater_trochanter": 1.60,
}
SCATTER = {"cortex": 0.13, "porosity": 0.02, "plain": 0.20, "greater_trochanter": 0.36}
GROUP_SCATTER = 0.24
OTHER_SIDE = 0.03  # by which a group of one side differs from the other's
# One hip's density beside the person's (of the logarithm): the whole hip, and the neck on top.
ONE_HIP, ITS_NECK = 0.0225, 0.030
LEAST_LOSS, MOST_LOSS = -2.5, 6.0
FARTHEST_BELOW = 1.3  # logarithm of the thickness below the neck
GOOD_ENOUGH = 0.005  # relative
ROUNDS = 10
LOWEST_FACE_MM = -112.0  # of the mean femur; the total hip ends above it whatever the shape
TEXEL_MM = 2.0  # of the density that a face looks up, about a face's own size


@dataclass(frozen=True)
class Pattern:
    """How one person loses bone: scatter of each part about the mean person's loss (of the logarithm), and how much
    rougher than the mean person's the strands are that stay."""

    scatter: dict[str, float]
    roughness: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Pattern":
        scatter = {part: float(rng.normal(0, SCATTER.get(part, GROUP_SCATTER))) for part in READINESS}
        return cls(scatter, float(np.exp(rng.normal(0, 0.12))))

    def of_one_side(self, rng: np.random.Generator) -> "Pattern":
        """That of one hip, which is like the other but not the same."""
        groups = (part for part in READINESS if part not in ("cortex", "porosity"))
        own = {part: self.scatter[part] + float(rng.normal(0, OTHER_SIDE)) for part in groups}
        return Pattern({**self.scatter, **own}, self.roughness)

    def left(self, loss: float, below_neck: float = 0.0) -> Quality:
        """What is left after a loss: 0 for none, 1 for about two thirds. below_neck: logarithm of the cortex's
        thickness below the neck against that above."""
        kept = {
            part: float(np.exp(np.clip(-loss * ready + self.scatter[part], -4, 1.2)))
            for part, ready in READINESS.items()
        }
        groups = {part: value for part, value in kept.items() if part not in ("cortex", "porosity")}
        roughness = float(np.clip(0.85 * groups["plain"] ** -0.22 * self.roughness, 0.5, 1.9))
        return Quality(kept["cortex"], min(kept["porosity"], 1.06), groups, roughness, float(np.exp(below_neck)))


def aims_of_one_hip(patient: Patient, rng: np.random.Generator) -> dict[str, float]:
    """g/cm2 asked of one hip of the person, by region."""
    hip, neck = rng.normal(0, ONE_HIP), rng.normal(0, ITS_NECK)
    return {
        "femoral_neck": float(patient.neck_aim * np.exp(hip + neck)),
        "total_hip": float(patient.total_aim * np.exp(hip)),
    }


def solved(thigh: Femur, pattern: Pattern, aims: dict[str, float]) -> Quality:
    """What is left of this femur when its neck and total hip have the densities asked for, g/cm2 by region.

    The loss brings the neck there, the cortex below the neck the total hip. From round to round the slopes are those
    of the last step, within what bones have. Where no cortex can bring the total hip there, the neck comes to its aim
    all the same.
    """
    prisms = Prisms(thigh)
    wanted = np.log([aims[region] for region in SOLVED])
    neck_by_loss, total_by_below = -0.95, 0.55
    loss, below = float(np.clip(0.1 - wanted[0], LEAST_LOSS, MOST_LOSS)), 0.0
    left = pattern.left(loss, below)
    off = np.log(prisms.density(left)) - wanted
    for _ in range(ROUNDS):
        more = float(np.clip(loss - off[0] / neck_by_loss, LEAST_LOSS, MOST_LOSS)) - loss
        rest = off[1] + neck_by_loss * more  # the total hip goes about as fast as the neck
        thicker = float(np.clip(below - rest / total_by_below, -FARTHEST_BELOW, FARTHEST_BELOW)) - below
        if np.abs(off).max() < GOOD_ENOUGH or abs(more) + abs(thicker) < 1e-3:
            break
        loss, below = loss + more, below + thicker
        left = pattern.left(loss, below)
        now = np.log(prisms.density(left)) - wanted
        change = now - off
        if abs(more) > 0.02:
            neck_by_loss = float(np.clip((change[0] - 0.05 * thicker) / more, -1.6, -0.5))
        if abs(thicker) > 0.02:
            total_by_below = float(np.clip((change[1] - neck_by_loss * more) / thicker, 0.25, 0.9))
        off = now
    return left


class Prisms:
    """The densities of one femur's neck and total hip, from the prism that each face makes with the plane z = 0.

    The sum of the outer faces' prisms less that of the inner ones is the cortex's volume; what lies inside holds the
    spongy bone's density where the face is. One scan of the same surface sets the sum right for faces that hide
    behind others and for the soft edge of a scanned bone.
    """

    def __init__(self, thigh: Femur) -> None:
        self.thigh = thigh
        self.part = _proximal(thigh.surface)
        self.regions = densitometry.HipRegions.of(thigh.shape)
        lattice, strands = thigh.strands.lattice, thigh.strands
        self.every = max(1, round(TEXEL_MM / lattice.step))
        self.even, self.grain = (_coarser(maps, self.every) for maps in (strands.even, strands.grain))
        area, middle, cover = self._prisms(thigh.shape.apply(self.part.vertices))
        self.enclosed = (area * middle[:, 2]) @ cover
        self.area = np.abs(area) @ cover / 2

    def density(self, left: Quality) -> Values:
        """g/cm2 of the femoral neck and the total hip [2]."""
        return self.sums(left) * _set_right(self.thigh.surface)

    def sums(self, left: Quality) -> Values:
        """The same before it is set right [2]."""
        part = self.part
        inner = part.vertices - part.normals * self.thigh.thickness(left)[part.which, None]
        area, middle, cover = self._prisms(self.thigh.shape.apply(inner))
        volume = (area * middle[:, 2])[:, None] * cover
        lattice = self.thigh.strands.lattice
        own = inner[part.faces][:, :, :2].mean(1)
        edge = lattice.step * self.every
        kept = self.thigh.strands.factors(left.groups)
        spongy = np.tensordot(kept, self.even, 1) + np.tensordot(left.roughness * kept, self.grain, 1)
        column = np.clip(((own[:, 0] - lattice.low[0]) / edge).astype(int), 0, spongy.shape[1] - 1)
        row = np.clip(((own[:, 1] - lattice.low[1]) / edge).astype(int), 0, spongy.shape[0] - 1)
        cortex = (self.enclosed - volume.sum(0)) * CORTICAL_DENSITY * left.cortex_density
        return np.asarray((cortex + spongy[row, column] @ volume) * TO_AREAL / self.area)

    def _prisms(self, vertices: Points) -> tuple[Values, Points, Values]:
        """Of each face the area as seen from in front, below 0 from behind [F], its middle [F, 3], and how much of it
        lies in each region [F, 2]."""
        a, b, c = (vertices[self.part.faces[:, corner]] for corner in range(3))
        ab, ac = b - a, c - a
        middle = (a + b + c) / 3
        x, y = torch.from_numpy(middle[:, 0]), torch.from_numpy(middle[:, 1])
        cover = self.regions.cover(x, y, TEXEL_MM, SOLVED)
        area = (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]) / 2
        return area, middle, np.stack([cover[region].numpy() for region in SOLVED], 1)


@dataclass(frozen=True, eq=False)
class _Proximal:
    """The part of a femur's surface that neck and total hip lie in. which: its vertices among the surface's."""

    vertices: Points
    normals: Points
    faces: Faces
    which: npt.NDArray[np.int64]


@cache
def _proximal(surface: Surface) -> _Proximal:
    near = surface.faces[surface.vertices[surface.faces, 1].max(1) > LOWEST_FACE_MM]
    which, faces = np.unique(near, return_inverse=True)
    return _Proximal(surface.vertices[which], surface.normals[which], faces.reshape(-1, 3), which)


@cache
def _set_right(surface: Surface) -> Values:
    """Factors from the sums to what the virtual DXA measures on the mean shape of this surface [2]."""
    shape = femur.FemurShape()
    thigh = Femur.drawn(shape, np.random.default_rng(0), surface)
    left = Quality(0.85, 1.0, {}, 1.0)
    scanned = densitometry.scan(thigh.bone("femur", "L", left, STILL), shape, "L").abmd
    return np.array([scanned[region] for region in SOLVED]) / Prisms(thigh).sums(left)


def _coarser(maps: npt.NDArray[np.float32], every: int) -> npt.NDArray[np.float32]:
    """Means [G, h, w] over blocks of `every` texels; the last, incomplete ones are left out."""
    _, rows, columns = (size // every * every for size in maps.shape)
    return maps[:, :rows, :columns].reshape(len(maps), rows // every, every, columns // every, every).mean((2, 4))


def measured(patient: Patient, rng: np.random.Generator) -> tuple[Quality, femur.FemurShape, densitometry.Densitometry]:
    """Bone quality, shape and DXA of the left hip of a person whose hip is not on the film."""
    shape = draw_shape(patient, rng)
    pattern, aims = Pattern.drawn(rng), aims_of_one_hip(patient, rng)
    thigh = Femur.drawn(shape, rng)
    left = solved(thigh, pattern, aims)
    return left, shape, densitometry.scan(thigh.bone("femur", "L", left, STILL), shape, "L", pitch_mm=0.8)
