"""One person's proximal femur: its shape and strands first, and then what bone loss left of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulation import bone as bones, trabeculae
from simulation.anatomy import femur
from simulation.anatomy.surface import Points, Surface
from simulation.bone import MIRROR, Bone
from simulation.patient import Patient
from simulation.trabeculae import Strands
from simulation.xray.pose import Pose

TOP_OF_HEAD = np.array([5.0, 23.0, 0.0])
THINNEST_MM = 0.25  # of a cortex


@dataclass(frozen=True)
class Quality:
    """What is left of the bone against a young adult's, part by part: 1 is young, each with scatter of its own.

    below_neck: thickness of the cortex below the neck's base against that of neck and head.
    """

    cortex_thickness: float
    cortex_density: float
    groups: dict[str, float]
    roughness: float
    below_neck: float = 1.0


def draw_shape(patient: Patient, rng: np.random.Generator) -> femur.FemurShape:
    """A femur of the person's size: neck-shaft angle 127 (SD 4.8), head 48 mm in men and 43 mm in women."""
    male = patient.sex == "M"
    return femur.FemurShape(
        size=float(np.clip(patient.size * np.exp(rng.normal(0, 0.025)), 0.75, 1.3)),
        head=float((0.985 if male else 0.945) * np.exp(rng.normal(0, 0.03))),
        neck_width=float((1.01 if male else 0.96) * np.exp(rng.normal(0, 0.05))),
        neck_length=float(rng.normal(0, 3.0)),
        neck_shaft_angle=float(np.clip(rng.normal(127.0, 4.8), 112, 143)),
        trochanter=float(np.exp(rng.normal(0, 0.10))),
        lesser=float(np.exp(rng.normal(0, 0.22))),
        shaft=float((1.0 if male else 0.97) * np.exp(rng.normal(0, 0.05))),
    )


@dataclass(frozen=True, eq=False)
class Femur:
    """A left proximal femur of which nothing is lost yet (a right one is its mirror image).

    surface: in the mean femur's frame. scallop: factors on the cortex's thickness at the surface's vertices [V].
    """

    surface: Surface
    shape: femur.FemurShape
    scallop: npt.NDArray[np.float64]
    strands: Strands

    @classmethod
    def drawn(cls, shape: femur.FemurShape, rng: np.random.Generator, surface: Surface | None = None) -> "Femur":
        """A cortex scalloped from inside and strands as nobody else has them. surface: the built-in femur's unless
        told."""
        surface = surface or femur.template()
        scallop = np.exp(0.07 * bones.ripple(surface.vertices, rng, 9.0, 14))
        return cls(surface, shape, scallop, trabeculae.proximal_femur().strands(rng))

    @cached_property
    def cortex(self) -> npt.NDArray[np.float64]:
        """Thickness of the young cortex at the vertices, mm [V]."""
        thickness = femur.cortex(self.surface.vertices) * self.scallop
        return np.asarray(thickness)

    @cached_property
    def _plate(self) -> npt.NDArray[np.float64]:
        """What the plate under lost cartilage is thicker by, mm [V]: it turns dense, and bone loss spares it."""
        top = np.exp(-(((self.surface.vertices - TOP_OF_HEAD) / np.array([13.0, 8.0, 13.0])) ** 2).sum(1))
        return np.asarray(1.6 * self.shape.arthritis * top)

    @cached_property
    def _below_neck(self) -> npt.NDArray[np.float64]:
        return femur.below_neck(self.surface.vertices)

    def thickness(self, left: Quality) -> npt.NDArray[np.float64]:
        """What is left of the cortex at the vertices, mm [V]."""
        thickness = self.cortex * left.cortex_thickness + self._plate
        return np.maximum(thickness * left.below_neck**self._below_neck, THINNEST_MM)

    def bone(self, name: str, side: str, left: Quality, pose: Pose) -> Bone:
        """The femur of side R or L as bone loss left it, where it stands."""
        outer, inner = bones.shelled(self.surface, self.thickness(left), self.shape.apply)
        flip = MIRROR if side == "R" else 1.0
        faces = self.surface.faces[:, ::-1] if side == "R" else self.surface.faces

        def mean_of(p: Points) -> Points:
            return self.shape.invert(p * flip)

        spongy = self.strands.left(left.groups, left.roughness)
        density = bones.CORTICAL_DENSITY * left.cortex_density
        return Bone(name, outer * flip, inner * flip, faces, spongy, mean_of, pose, density)
