"""One bone of one person: outer and endosteal surface, spongy bone between, and what mineral the rays meet in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from simulation.anatomy.surface import Faces, Points, Surface
from simulation.trabeculae import SpongyBone
from simulation.xray.pose import Pose
from simulation.xray.projector import Geometry, Shadow, cast

CORTICAL_DENSITY = 1060.0  # mg/cm3 of mineral in compact bone, porosity of a young adult included
TO_AREAL = 1e-4  # mg/cm3 x mm -> g/cm2
MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Bone:
    """outer, inner: vertices [V, 3] in mm in the bone's own frame (a right bone's x is mirrored already).

    mean_of: own frame -> the mean bone's frame, in which `spongy` is drawn. density: of the cortex, mg/cm3.
    """

    name: str
    outer: Points
    inner: Points
    faces: Faces
    spongy: SpongyBone
    mean_of: Callable[[Points], Points]
    pose: Pose
    density: float = CORTICAL_DENSITY

    def mineral(self, geometry: Geometry, device: str | torch.device = "cpu") -> tuple[Tensor, Shadow]:
        """Areal mineral in g/cm2 [h, w] in the window of the bone's shadow, and the shadow (outer, inner)."""
        both = np.stack([self.pose.to_world(self.outer), self.pose.to_world(self.inner)])
        shadow = cast(
            torch.from_numpy(both).to(device), torch.from_numpy(np.ascontiguousarray(self.faces)).to(device), geometry
        )
        if shadow.length.numel() == 0:
            return shadow.length[0], shadow
        outer = shadow.length[0].clamp(min=0)
        inner = torch.minimum(shadow.length[1].clamp(min=0), outer)
        spongy = self._density(geometry, shadow, inner)
        return ((outer - inner) * self.density + inner * spongy) * TO_AREAL, shadow

    def _density(self, geometry: Geometry, shadow: Shadow, inner: Tensor) -> Tensor:
        """Mean spongy density along each ray: two Gauss points of its path inside the endosteal surface.

        Where a point lies in the mean bone is found on a coarse lattice of the window at two heights: the shape
        changes slowly, the density does not.
        """
        device = inner.device
        h, w = inner.shape
        every = max(1, round(5.0 / geometry.pitch_mm))
        rows = torch.linspace(shadow.rows.start + 0.5, shadow.rows.stop - 0.5, max(2, h // every + 1)).double()
        columns = torch.linspace(shadow.columns.start + 0.5, shadow.columns.stop - 0.5, max(2, w // every + 1)).double()
        heights = self.pose.to_world(self.outer)[:, 2]
        bottom, top = np.quantile(heights, (0.02, 0.98))
        planes = []
        for z in (bottom, top):
            points = geometry.back_project(columns[None], rows[:, None], torch.tensor(float(z), dtype=torch.float64))
            own = self.mean_of(self.pose.to_own(points.numpy().reshape(-1, 3)))
            planes.append(torch.from_numpy(own.astype(np.float32)).reshape(len(rows), len(columns), 3))
        lattice = torch.stack(planes).permute(0, 3, 1, 2).to(device)
        low, high = torch.nn.functional.interpolate(lattice, (h, w), mode="bilinear", align_corners=True)
        axes = list(self.spongy.axes)
        low, high = low[axes], high[axes]
        middle = (shadow.height[1] - bottom) / (top - bottom)
        reach = inner / (2 * 3**0.5 * (top - bottom))
        total = torch.zeros_like(inner)
        for share in (middle - reach, middle + reach):
            share = share.clamp(-0.2, 1.2)
            total += self.spongy.at_plane(low[0] + (high[0] - low[0]) * share, low[1] + (high[1] - low[1]) * share)
        return total / 2


def shelled(
    surface: Surface, thickness_mm: npt.NDArray[np.float64], shaped: Callable[[Points], Points]
) -> tuple[Points, Points]:
    """Outer and endosteal vertices: the mean bone's surface, and the same moved inwards by the cortex, both shaped."""
    inner = surface.vertices - surface.normals * thickness_mm[:, None]
    return shaped(surface.vertices), shaped(inner)


def ripple(p: Points, rng: np.random.Generator, wavelength_mm: float, waves: int = 10) -> npt.NDArray[np.float64]:
    """Smooth noise of unit spread at points [N, 3]: the scalloping of an endosteal surface."""
    direction = rng.normal(size=(waves, 3))
    direction *= (2 * np.pi / wavelength_mm) / np.linalg.norm(direction, axis=1, keepdims=True)
    direction *= rng.uniform(0.6, 1.6, size=(waves, 1))
    phase = rng.uniform(0, 2 * np.pi, waves)
    return np.asarray(np.sin(p @ direction.T + phase).sum(1) * np.sqrt(2 / waves))
