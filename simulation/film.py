"""The short road from a person to a film whose truth is known: body, pose, projections, detector, vendor's look.

A view (hip_ap, knee_ap, spine_lateral) says who stands how before which rays; everything after is the same for all.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from simulation import marker, table
from simulation.anatomy.soft import Gas
from simulation.anatomy.surface import Points, Surface
from simulation.bone import Bone
from simulation.densitometry import Densitometry
from simulation.detector import expose, gaussian_blur
from simulation.implant import Metal
from simulation.patient import Patient
from simulation.physics import TISSUES
from simulation.pose import STILL, Pose
from simulation.processing import processed
from simulation.projector import Geometry, Shadow, cast
from simulation.scanner import Scanner

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


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


@dataclass(frozen=True, eq=False)
class VirtualFilm:
    """A film and its whole truth.

    pixels: float32 [H, W] in 0..1, bone bright. spacing_mm: (row, column) on the film plane. masks: bool [H, W] by
    name, limb first (`L_femoral_neck`, `R_femur`, ...; `pelvis` and vertebrae without a limb). landmarks: (x, y)
    pixels by the same rule. projections: float32 [H, W] in g/cm2 on the film's own geometry. rows: one a limb, in the
    manifest's column names but for paths.
    """

    view: str
    pixels: Pixels
    spacing_mm: tuple[float, float]
    masks: dict[str, Mask]
    landmarks: dict[str, tuple[float, float]]
    projections: dict[str, Pixels]
    rows: tuple[dict[str, Any], ...]
    patient: Patient
    scanner: Scanner
    magnification: float

    @property
    def side(self) -> str:
        sides = [row["side"] for row in self.rows]
        return sides[0] if len(sides) == 1 else "both"


def take(
    scene: Scene, scanner: Scanner, generator: torch.Generator, device: str = "cpu", truth: bool = True
) -> VirtualFilm:
    """Irradiate a scene, develop the film and write down the truth."""
    geometry = scene.geometry
    mineral = torch.zeros(geometry.shape, device=device)
    spongy_volume = torch.zeros(geometry.shape, device=device)
    shadows: dict[str, tuple[Tensor, Shadow]] = {}
    proximal = torch.zeros_like(mineral)
    for bone in scene.bones:
        found, shadow = bone.mineral(geometry, device)
        if found.numel() == 0:
            continue
        shadows[bone.name] = (found, shadow)
        window = (shadow.rows, shadow.columns)
        mineral[window] += found
        spongy_volume[window] += shadow.length[1].clamp(min=0)
        if bone.name in scene.proximal:
            proximal[window] += found

    lean, fat, thickness = soft_tissue(scene, mineral, spongy_volume, generator, device)
    metals = metal_lengths(scene.metal, geometry, device)
    for length in metals.values():
        lean = (lean - length / 10 * TISSUES["lean"][1]).clamp(min=0)
    attenuation = scanner.beam.log_attenuation()(mineral.clamp(max=8.9), lean, fat)
    if not scanner.parallel:
        attenuation = attenuation + table.edge(geometry.shape, geometry.pitch_mm, generator, device)
    collimated = field_mask(geometry.shape, scene.field, 0.35 / geometry.pitch_mm, device)
    body = (thickness > 15).float()
    behind = torch.exp(-attenuation)[(collimated > 0.5) & (body > 0.5)]
    target = float(behind.double().mean()) if behind.numel() else 0.01
    for material, length in metals.items():
        attenuation = attenuation + scanner.beam.metal_attenuation(material, length)
        body = body * (length < 0.2)  # exposure and display are set on the patient, not on what he carries
    if scene.side_letter is not None and scanner.markers:
        attenuation = attenuation + 3.2 * marker.letter(
            scene.side_letter, geometry.shape, scene.letter_at, 22.0 / geometry.pitch_mm
        ).to(device)
    magnification = geometry.magnification(0.0)
    signal = expose(attenuation, thickness, geometry.pitch_mm, magnification, scanner, generator, collimated, target)
    taste = torch.randn(2, generator=generator, device=device).tolist()
    look = scanner.processing.evened(scene.evenness).viewed((taste[0], taste[1]))
    pixels = processed(signal, collimated, body, geometry.pitch_mm, look)
    pixels = pixels * (collimated > 0.5)

    masks: dict[str, Mask] = {}
    landmarks: dict[str, tuple[float, float]] = {}
    projections: dict[str, Pixels] = {}
    if truth:
        for limb in scene.limbs:
            for name, mask in limb_masks(limb, shadows).items():
                masks[name] = mask.cpu().numpy()
            for name, mark in limb.marks.items():
                column, row = geometry.project(torch.from_numpy(np.asarray(mark)))
                landmarks[limb.prefix + name] = (float(column) - 0.5, float(row) - 0.5)
        for name in ("pelvis", "sacrum"):
            parts = [shadows[b] for b in shadows if b == name or b.endswith(f"_{name}")]
            if parts:
                total = torch.zeros(geometry.shape, dtype=torch.bool, device=device)
                for _, shadow in parts:
                    total[shadow.rows, shadow.columns] |= shadow.length[0] > 0.3
                masks[name] = total.cpu().numpy()
        projections["all_bone"] = mineral.cpu().numpy()
        if scene.proximal:
            projections["proximal_femur"] = proximal.cpu().numpy()

    return VirtualFilm(
        scene.view,
        pixels.float().cpu().numpy(),
        (geometry.pitch_mm, geometry.pitch_mm),
        masks,
        landmarks,
        projections,
        tuple(truth_row(scene, limb, scanner) for limb in scene.limbs),
        scene.patient,
        scanner,
        magnification,
    )


def bone_projections(scene: Scene, device: str = "cpu") -> dict[str, Tensor]:
    """The projections of a film [H, W] in g/cm2 by name, as `take` writes them down, without taking the film."""
    whole = torch.zeros(scene.geometry.shape, device=device)
    proximal = torch.zeros_like(whole)
    for bone in scene.bones:
        found, shadow = bone.mineral(scene.geometry, device)
        if found.numel():
            whole[shadow.rows, shadow.columns] += found
            if bone.name in scene.proximal:
                proximal[shadow.rows, shadow.columns] += found
    return {"all_bone": whole, **({"proximal_femur": proximal} if scene.proximal else {})}


def metal_lengths(metal: tuple[Metal, ...], geometry: Geometry, device: str) -> dict[str, Tensor]:
    """Path length in mm through each material [H, W]."""
    total: dict[str, Tensor] = {}
    for piece in metal:
        vertices = torch.from_numpy(piece.pose.to_world(piece.surface.vertices)[None]).to(device)
        shadow = cast(vertices, torch.from_numpy(np.ascontiguousarray(piece.surface.faces)).to(device), geometry)
        if shadow.length.numel():
            film = total.setdefault(piece.material, torch.zeros(geometry.shape, device=device))
            film[shadow.rows, shadow.columns] += shadow.length[0].clamp(min=0)
    return total


def limb_masks(limb: Limb, shadows: dict[str, tuple[Tensor, Shadow]]) -> dict[str, Tensor]:
    """Masks of one limb's bones and regions on the whole film, bool [H, W]."""
    found = {name: shadows[name][1].on_film(shadows[name][1].length[0] > 0.3) for name in limb.bones if name in shadows}
    return found | {limb.prefix + name: mask for name, mask in limb.regions(shadows).items()}


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


def field_mask(shape: tuple[int, int], edges: tuple[float, float, float, float], soft_px: float, device: str) -> Tensor:
    """1 inside the collimated field, 0 outside, with a penumbra; edges as shares of the film."""
    left, top, right, bottom = edges
    x = (torch.arange(shape[1], device=device) + 0.5)[None]
    y = (torch.arange(shape[0], device=device) + 0.5)[:, None]
    parts = []
    for value, low, high, length in ((x, left, right, shape[1]), (y, top, bottom, shape[0])):
        inside = torch.ones_like(value)
        if low > 0:
            inside = inside * torch.sigmoid((value - low * length) / max(soft_px, 0.3))
        if high < 1:
            inside = inside * torch.sigmoid((high * length - value) / max(soft_px, 0.3))
        parts.append(inside)
    return parts[0] * parts[1]


def truth_row(scene: Scene, limb: Limb, scanner: Scanner) -> dict[str, Any]:
    """One line of truth in the manifest's column names, but for the paths, which the writer knows."""
    patient, dxa = scene.patient, limb.densitometry
    line: dict[str, Any] = {
        "label": dxa.label,
        "side": limb.side,
        **{f"abmd_{name}": round(value, 4) for name, value in dxa.abmd.items()},
        **{f"t_{name}": round(value, 3) for name, value in dxa.t_scores.items()},
        "fracture": int(patient.prevalent_fracture),
        "age_years": round(patient.age_years, 1),
        "sex": patient.sex,
        "bmi": round(patient.bmi, 1),
        "height_cm": round(patient.height_cm, 1),
        "followup_years": round(patient.fracture_years, 2),
        "incident_fracture": int(patient.incident_fracture),
        "scanner": scanner.name,
        "magnification": round(scene.geometry.magnification(0.0), 4),
        **scene.facts,
        **limb.facts,
    }
    return line


def skinned(
    surface: Surface, fat_mm: npt.NDArray[np.float64], stretch: npt.NDArray[np.float64]
) -> tuple[Points, Points]:
    """Muscle and skin vertices of a soft body: stretched along the axes, then fat laid on along the normals."""
    muscle = surface.vertices * stretch
    normals = surface.normals
    return muscle, muscle + normals * fat_mm[:, None]
