"""The short road from a person to a film whose truth is known: body, pose, projections, detector, vendor's look.

A view (hip_ap, knee_ap, spine_lateral) says who stands how before which rays; everything after is the same for all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from simulation.implant import Metal
from simulation.patient import Patient
from simulation.scene import Limb, Scene
from simulation.xray import marker, table
from simulation.xray.detector import expose
from simulation.xray.physics import TISSUES
from simulation.xray.processing import processed
from simulation.xray.projector import Geometry, Shadow, cast
from simulation.xray.scanner import Scanner
from simulation.xray.tissue import soft_tissue

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


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
