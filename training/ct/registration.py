"""Where a CT stands before its film: six numbers, found by laying the edges of its projection on those of the film.

Gradient correlation (Penney et al., IEEE TMI 1998) asks for edges at the same places and directions, not for the same
grey. Here each edge is first set against those around it, so that flesh, which dulls some parts of the bone, matters
little; and how much the film's tone flattens what is dense is learned along with the pose, for it moves edges outward.
The projector is differentiable; steps go from coarse pixels and voxels to finer ones.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor

from simulation.xray.ct import Volume, project
from simulation.xray.projector import Geometry
from tasks.density.projection_loss import gradients

LEVELS = ((8.0, 50), (4.0, 40), (2.5, 50))  # mm a voxel and pixel at least, steps
# What one step of 1 is, mm and degrees: depth shows in magnification alone, so it takes longer strides.
STRIDES = (2.0, 2.0, 16.0, 1.0, 1.0, 1.0)
AROUND_MM = 25.0  # how far around an edge those lie that it is set against
FLATTENED = 0.5  # share by which 1 g/cm2 of bone dims what more bone adds, to begin with
LOOK_AGAIN = 10  # steps after which it is seen anew where on the film the scan reaches


@dataclass(frozen=True)
class CtPose:
    """Where the middle of a CT stands, mm in the world of `simulation.xray.projector.Geometry`, and how it is turned
    about it: degrees about y (the body's long axis), then z, then x, as `simulation.xray.pose.turn` does."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    z_mm: float = 0.0
    x_deg: float = 0.0
    y_deg: float = 0.0
    z_deg: float = 0.0

    def rotation(self) -> npt.NDArray[np.float64]:
        """[3, 3], from the CT's axes to the world's."""
        return np.asarray(_rotation(torch.tensor(astuple(self)[3:], dtype=torch.float64)).numpy())


def register(
    density: Volume, spacing_mm: tuple[float, float, float], film: npt.NDArray[np.floating], geometry: Geometry,
    start: CtPose,
) -> tuple[CtPose, float]:  # fmt: skip
    """The pose at which the bone of a CT lies on its film, sought from `start`, and the gradient correlation there (1:
    every edge agrees, 0: none).

    density: [x, y, z] in mg/cm3 of bone alone. film: [H, W], bone bright. From about 15 mm and 8 degrees off it finds
    its way; farther off it may end elsewhere, which a low correlation shows.
    """
    strides = torch.tensor(STRIDES)
    steps = (torch.tensor(astuple(start)) / strides).requires_grad_()
    flattened = torch.tensor(FLATTENED).log().requires_grad_()
    whole, picture = torch.from_numpy(density)[None, None], torch.from_numpy(np.asarray(film, np.float32))[None, None]
    for level, count in LEVELS:
        shape = [max(2, round(n * mm / max(level, mm))) for n, mm in zip(density.shape, spacing_mm, strict=True)]
        spacing = tuple(n * mm / m for n, mm, m in zip(density.shape, spacing_mm, shape, strict=True))
        bone = f.interpolate(whole, shape, mode="area")[0, 0]
        factor = max(1, round(level / geometry.pitch_mm))
        coarse = geometry.coarser(factor)
        around = 2 * round(AROUND_MM / coarse.pitch_mm / 2) + 1
        shown = _edges(f.avg_pool2d(picture, factor, ceil_mode=True, count_include_pad=False), around)
        optimiser = torch.optim.Adam([steps, flattened], lr=level / 8)
        slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, count, eta_min=level / 400)
        for number in range(count):
            pose = steps * strides
            cast = partial(project, spacing_mm=(spacing[0], spacing[1], spacing[2]), geometry=coarse, centre=pose[:3],
                           step_mm=min(spacing), rotation=_rotation(pose[3:]))  # fmt: skip
            if number % LOOK_AGAIN == 0:
                reached = _reached(bone, cast)
            drawn = 1 - torch.exp(-flattened.exp() * cast(bone))[None, None]
            alike = _correlation(_edges(drawn, around), shown, reached)
            optimiser.zero_grad()
            (-alike).backward()
            optimiser.step()
            slower.step()
    return CtPose(*(steps.detach() * strides).tolist()), float(alike.detach())


def _rotation(degrees: Tensor) -> Tensor:
    (cx, cy, cz), (sx, sy, sz) = torch.deg2rad(degrees).cos(), torch.deg2rad(degrees).sin()
    one, none = torch.ones_like(cx), torch.zeros_like(cx)
    about_x = torch.stack([one, none, none, none, cx, -sx, none, sx, cx]).view(3, 3)
    about_y = torch.stack([cy, none, sy, none, one, none, -sy, none, cy]).view(3, 3)
    about_z = torch.stack([cz, -sz, none, sz, cz, none, none, none, one]).view(3, 3)
    return about_x @ about_z @ about_y


def _edges(images: Tensor, around: int) -> Tensor:
    """Sobel's differences [1, 2, H - 2, W - 2] without the slope of what lies around them (`around` pixels), over the
    root mean square of those there."""
    found = gradients(images)
    found = found - f.avg_pool2d(found, around, 1, around // 2, count_include_pad=False)
    strength = found.square().sum(1, keepdim=True)
    near = f.avg_pool2d(strength, around, 1, around // 2, count_include_pad=False)
    return found / (near + 0.05 * strength.mean()).clamp(min=1e-12).sqrt()


def _reached(bone: Tensor, cast: Callable[[Tensor], Tensor]) -> Tensor:
    """Where on the film the scan says what is there, [H - 2, W - 2] of 0 and 1: where its rays pass neither beside the
    volume nor through its uppermost and lowest slice, beyond which the body goes on."""
    ends = torch.zeros_like(bone)
    ends[:, :1], ends[:, -1:] = 1, 1
    with torch.no_grad():
        inside, through_ends = cast(torch.stack([torch.ones_like(bone), ends]))
    kept = ((inside > 0) & (through_ends == 0)).float()[None, None]
    return 1 - f.max_pool2d(1 - kept, 3, 1)[0, 0]  # nor right beside such rays


def _correlation(ours: Tensor, theirs: Tensor, weight: Tensor) -> Tensor:
    """Pearson's correlation of both directions' edges [1, 2, H, W] where the weight [H, W] is, averaged."""
    share = weight / weight.sum().clamp(min=1)
    a, b = (maps - (maps * share).sum((2, 3), keepdim=True) for maps in (ours, theirs))
    together = (a * b * share).sum((2, 3))
    return (
        together / ((a.square() * share).sum((2, 3)) * (b.square() * share).sum((2, 3))).clamp(min=1e-12).sqrt()
    ).mean()
