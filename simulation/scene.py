"""Everything between source and film: bones, soft tissue and metal of a patient, and what is told of each limb."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from simulation.anatomy.soft import Gas
from simulation.anatomy.surface import Points, Surface
from simulation.bone import Bone
from simulation.densitometry import Densitometry
from simulation.implant import Metal
from simulation.patient import Patient
from simulation.xray.pose import STILL, Pose
from simulation.xray.projector import Geometry, Shadow


@dataclass(frozen=True, eq=False)
class SoftBody:
    """Muscle and skin surfaces (common faces, own frame), where they stand, and gas inside.

    share: how much of the enclosed space is tissue; below 0 for air spaces inside another body (lungs).
    """

    muscle: Points
    skin: Points
    faces: npt.NDArray[np.int64]
    pose: Pose = STILL
    gas: Gas | None = None
    gas_pose: Pose = STILL
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class Limb:
    """One limb or spine of the film: what becomes one row of the truth. side: R, L, or empty for a spine.

    bones: names of its bones. regions: from the shadows to masks [H, W]. marks: landmarks in world mm.
    """

    side: str
    bones: tuple[str, ...]
    densitometry: Densitometry
    marks: dict[str, npt.NDArray[np.float64]]
    regions: Callable[[dict[str, tuple[Tensor, Shadow]]], dict[str, Tensor]]
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What its masks and landmarks are named by: the side, where there is one."""
        return f"{self.side}_" if self.side else ""


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything between source and film, and the film: what a view makes and `take` irradiates.

    proximal: names of the bones that make up the projection `proximal_femur`, if the view has one.
    """

    view: str
    patient: Patient
    bones: tuple[Bone, ...]
    soft: tuple[SoftBody, ...]
    limbs: tuple[Limb, ...]
    geometry: Geometry
    field: tuple[float, float, float, float]  # left, top, right, bottom of the collimated field as shares of the film
    side_letter: str | None  # the lead letter, on the patient's side it names
    letter_at: tuple[float, float]  # shares of the film (x, y)
    proximal: tuple[str, ...] = ()
    muscle_edge_mm: float = 5.0  # how soft the outlines of muscles are
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    evenness: float = 1.0  # factor on the processing's `base`: below 1 where tissue is very uneven, as from the side
    metal: tuple[Metal, ...] = ()


def skinned(
    surface: Surface, fat_mm: npt.NDArray[np.float64], stretch: npt.NDArray[np.float64]
) -> tuple[Points, Points]:
    """Muscle and skin vertices of a soft body: stretched along the axes, then fat laid on along the normals."""
    muscle = surface.vertices * stretch
    normals = surface.normals
    return muscle, muscle + normals * fat_mm[:, None]
