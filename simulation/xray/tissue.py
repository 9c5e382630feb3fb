"""Lean and fat tissue of a scene in the way of the rays, and the bowel gas in it."""

import numpy as np
import torch
from torch import Tensor

from simulation.anatomy.soft import Gas
from simulation.scene import Scene
from simulation.xray.detector import gaussian_blur
from simulation.xray.physics import TISSUES
from simulation.xray.pose import Pose
from simulation.xray.projector import Geometry, cast


def soft_tissue(
    scene: Scene, mineral: Tensor, spongy_mm: Tensor, generator: torch.Generator, device: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Areal masses of lean and fat tissue in g/cm2 and the patient's thickness in mm, each [H, W].

    Cast on a film four times as coarse. Bone mineral displaces lean tissue; the marrow inside is taken as half fat.
    """
    geometry = scene.geometry
    factor = max(1, round(1.6 / geometry.pitch_mm))
    coarse = geometry.coarser(factor)
    muscle = torch.zeros(coarse.shape, device=device)
    skin = torch.zeros(coarse.shape, device=device)
    gas = torch.zeros(coarse.shape, device=device)
    for part in scene.soft:
        both = np.stack([part.pose.to_world(part.muscle), part.pose.to_world(part.skin)])
        shadow = cast(torch.from_numpy(both).to(device), torch.from_numpy(part.faces).to(device), coarse)
        if shadow.length.numel() == 0:
            continue
        window = (shadow.rows, shadow.columns)
        muscle[window] += part.share * shadow.length[0].clamp(min=0)
        skin[window] += part.share * shadow.length[1].clamp(min=0)
    rows, columns = coarse.shape

    def noise(scale_mm: float) -> Tensor:
        few = tuple(max(2, round(n * coarse.pitch_mm / scale_mm)) for n in (rows, columns))
        draw = torch.randn(few, generator=generator, device=device)[None, None]
        return torch.nn.functional.interpolate(draw, coarse.shape, mode="bicubic", align_corners=False)[0, 0]

    # Muscles, vessels and fat between them: soft mottling, more where there is more tissue.
    mottle = 0.008 * noise(5.0) + 0.016 * noise(14.0) + 0.03 * noise(38.0)
    folds = 0.5 * noise(14.0) + 0.22 * noise(6.0)
    for part in scene.soft:
        if part.gas is not None and len(part.gas.centres):
            gas = torch.maximum(gas, gas_length(part.gas, part.gas_pose, coarse, folds))
    gas = gaussian_blur(gas, 1.8 / coarse.pitch_mm)
    muscle, skin = muscle.clamp(min=0), skin.clamp(min=0)
    muscle, skin = (
        gaussian_blur(muscle, scene.muscle_edge_mm / coarse.pitch_mm),
        gaussian_blur(skin, 1.2 / coarse.pitch_mm),
    )
    muscle = torch.minimum(muscle, skin) * (1 + mottle).clamp(0.7, 1.3)
    muscle = torch.minimum(muscle, skin * 0.985)

    def fine(values: Tensor) -> Tensor:
        bigger = (rows * factor, columns * factor)
        up = torch.nn.functional.interpolate(values[None, None], bigger, mode="bilinear", align_corners=False)[0, 0]
        return up[: geometry.shape[0], : geometry.shape[1]]

    muscle, skin, gas = fine(muscle), fine(skin), fine(gas)
    gas = torch.minimum(gas, 0.6 * muscle)
    displaced_mm = mineral / TISSUES["mineral"][1] * 10
    lean_mm = (muscle - gas - displaced_mm - 0.5 * spongy_mm).clamp(min=0)
    fat_mm = (skin - muscle).clamp(min=0) + 0.5 * torch.minimum(spongy_mm, muscle)
    return lean_mm / 10 * TISSUES["lean"][1], fat_mm / 10 * TISSUES["fat"][1], skin


def gas_length(gas: Gas, pose: Pose, geometry: Geometry, ripple: Tensor) -> Tensor:
    """Path length through bowel gas in mm [H, W]: bubbles run together and folds of the wall (`ripple`) dent them."""
    depth = torch.zeros_like(ripple)
    filled = torch.zeros_like(ripple)
    for centre, radii in zip(pose.to_world(gas.centres), gas.radii, strict=True):
        column, row = (float(v) for v in geometry.project(torch.from_numpy(centre)))
        scale = 1.5 * geometry.magnification(float(centre[2])) / geometry.pitch_mm
        rx, ry = max(radii[0] * scale, 1.0), max(radii[1] * scale, 1.0)
        r0, r1 = max(0, int(row - ry)), min(geometry.shape[0], int(row + ry) + 2)
        c0, c1 = max(0, int(column - rx)), min(geometry.shape[1], int(column + rx) + 2)
        if r1 <= r0 or c1 <= c0:
            continue
        y = (torch.arange(r0, r1, device=ripple.device) + 0.5 - row) / ry
        x = (torch.arange(c0, c1, device=ripple.device) + 0.5 - column) / rx
        swell = (1 - x[None] ** 2 - y[:, None] ** 2).clamp(min=0).square()
        filled[r0:r1, c0:c1] += swell
        depth[r0:r1, c0:c1] = torch.maximum(depth[r0:r1, c0:c1], float(radii[2]) * (swell > 0))
    level = filled * (1 + 0.55 * ripple) - 0.30
    return gaussian_blur(depth, 4) * (level / 0.6).clamp(0, 1).sqrt() * (level > 0)
