"""The view knee_ap: one or both legs from in front, standing or lying, without a table between."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simulation import bone as bones, loss, trabeculae
from simulation.anatomy import knee
from simulation.anatomy.surface import Points
from simulation.bone import MIRROR, Bone
from simulation.densitometry import Densitometry
from simulation.femora import Quality
from simulation.patient import Patient
from simulation.scene import Limb, Scene, SoftBody, skinned
from simulation.xray.frame import beam_geometry, letter_place
from simulation.xray.pose import Pose, turn
from simulation.xray.projector import Shadow
from simulation.xray.scanner import Scanner

NAMES = ("femur", "tibia", "fibula", "patella")
MARKS = {  # of the mean left knee
    "medial_condyle": ("femur", (-21.5, 2.6, -10)),
    "lateral_condyle": ("femur", (21.5, 3.0, -9)),
    "medial_epicondyle": ("femur", (-41, 37, -6)),
    "lateral_epicondyle": ("femur", (41, 36, -6)),
    "medial_plateau": ("tibia", (-38, -9, -5)),
    "lateral_plateau": ("tibia", (37, -9, -5)),
    "medial_spine": ("tibia", (-5.2, 6, -4)),
    "fibular_head": ("fibula", (35.5, -34, -16)),
    "patella": ("patella", (3, 44, 42)),
}
JOINT_BOX = (-46.0, -42.0, 46.0, 44.0)  # what the mask `joint` holds around the joint line: left, low, right, high, mm


def scene(
    patient: Patient,
    rng: np.random.Generator,
    scanner: Scanner,
    size: int,
    frame: str = "any",
    pose: int = 0,
    meshes: Path | None = None,
) -> Scene:
    """A person's knees. frame: `both`, `single` or `any`, drawn. size: long side in pixels."""
    drawn = "single" if rng.random() < 0.3 else "both"
    frame = drawn if frame == "any" else frame
    side_shown = "R" if rng.random() < 0.5 else "L"
    left, _, dxa = loss.measured(patient, rng)
    male = patient.sex == "M"
    size_factor = patient.size
    broad = float((1.02 if male else 0.965) * np.exp(rng.normal(0, 0.03)))
    stretch = size_factor * np.array([broad, 1.0, broad * np.exp(rng.normal(0, 0.02))])
    worn = max(0.0, rng.normal(-0.4, 0.6) + 0.02 * (patient.age_years - 60) + 0.04 * (patient.bmi - 27))  # arthrosis

    posing = np.random.default_rng([int(rng.integers(2**62)), pose])
    apart = 78 * size_factor + 0.9 * (patient.bmi - 25) + float(posing.gamma(2.0, 7.0))
    film_z = -(58.0 * size_factor + 0.5 * (patient.bmi - 20) + 0.3 * scanner.table_mm)
    sides = ("R", "L") if frame == "both" else (side_shown,)
    built: list[Bone] = []
    limbs: list[Limb] = []
    bodies: list[SoftBody] = []
    for side in ("R", "L"):
        sign = 1.0 if side == "L" else -1.0
        own = np.random.default_rng(rng.integers(2**63))
        stance = posing.normal(0, 1, 6)
        rotation = turn(x=2.5 * stance[0] - 2, y=sign * (8 * stance[1] - 1), z=-sign * (0.5 + 1.6 * stance[2]))
        across = apart if frame == "both" else 0.0
        place = np.array([sign * across, 6 * stance[3], 0.0])
        leg = Pose(rotation, place)
        if side not in sides:
            continue
        made = _leg(side, left, stretch, worn, own, leg)
        built += made
        limbs.append(_limb(side, made, dxa, stretch, leg))
        bodies.append(_soft(patient, size_factor, side, own, leg))

    if frame == "both":
        wide, high = ((350.0, 430.0), (430.0, 430.0), (430.0, 350.0))[int(rng.choice(3, p=[0.4, 0.25, 0.35]))]
    else:
        wide, high = ((180.0, 240.0), (240.0, 300.0), (150.0, 300.0), (350.0, 430.0))[int(rng.integers(4))]
    middle = np.array([posing.normal(0, 7), posing.normal(-6 if high < 320 else -15, 16)])
    if high > 320 and posing.random() < 0.4:  # a film of the whole lower leg, or of the thigh, shows a knee as well
        middle[1] = posing.uniform(-125, 100)
    geometry = beam_geometry(middle, wide, high, size, film_z, scanner, posing)
    field = (0.0, 0.0, 1.0, 1.0)
    if rng.random() < scanner.collimated:
        cut = np.abs(rng.normal(0, 0.03, 4))
        field = (float(cut[0]), float(cut[1]), float(1 - cut[2]), float(1 - cut[3]))
    if frame == "both":
        letter, sign = ("R", -1.0) if rng.random() < 0.7 else ("L", 1.0)
    else:
        letter, sign = side_shown, (1.0 if side_shown == "L" else -1.0)
    return Scene(
        "knee_ap",
        patient,
        tuple(built),
        tuple(bodies),
        tuple(limbs),
        geometry,
        field,
        letter,
        letter_place(field, sign, rng, low=0.25),
        (),
        3.0,
        {"frame": frame, "arthrosis": round(float(worn), 2)},
    )


def _leg(side: str, left: Quality, stretch: Points, worn: float, rng: np.random.Generator, leg: Pose) -> list[Bone]:
    flip, sign = (MIRROR, -1) if side == "R" else (np.ones(3), 1)
    tilt = rng.normal(0, 0.9) + 0.9 * worn * rng.normal()  # varus or valgus of femur on tibia, degrees
    gap = float(np.clip(rng.normal(0.6, 0.5) - 1.1 * worn, -1.8, 2.0))  # added to the mean joint space
    made = []
    for name in NAMES:
        surface = knee.template(name)
        scallop = np.exp(0.06 * bones.ripple(surface.vertices, rng, 9.0, 14))
        thick = np.maximum(knee.cortex(name, surface.vertices) * left.cortex_thickness**0.9 * scallop, 0.25)
        warp = rng.normal(0, 0.02, 3)

        def shaped(p: Points, name: str = name, warp: Points = warp) -> Points:
            q = p * stretch * (1 + warp)
            # Shafts differ in calibre, joints in little but size; osteophytes widen worn plateaus at their rims.
            if name in ("femur", "tibia") and worn > 0.3:
                rim = np.exp(
                    -(((np.abs(p[:, 0]) - 38) / 4) ** 2) - ((p[:, 1] + (6 if name == "tibia" else -12)) / 6) ** 2
                )
                q[:, 0] += np.sign(p[:, 0]) * rim * min(worn, 2.5) * 1.8
            return np.asarray(q)

        def mean_of(p: Points, warp: Points = warp) -> Points:
            return np.asarray(p * flip / (stretch * (1 + warp)))

        outer, inner = bones.shelled(surface, thick, shaped)
        own = Pose(np.eye(3), np.zeros(3))
        if name == "femur":
            own = Pose(turn(z=sign * float(tilt)), np.array([0.0, gap, 0.0]))
        elif name == "fibula":
            own = Pose(np.eye(3), np.array([sign * rng.normal(0, 2), rng.normal(0, 3.5), 0.0]))
        elif name == "patella":
            own = Pose(turn(z=float(rng.normal(0, 4))), np.array([sign * rng.normal(1, 2), rng.normal(0, 4), 0.0]))
        made.append(
            Bone(
                f"{side}_{name}",
                outer * flip,
                inner * flip,
                surface.faces[:, ::-1] if side == "R" else surface.faces,
                trabeculae.knee(name).grown(left.groups, rng, 0.6 * left.roughness),
                mean_of,
                leg.after(own),
                bones.CORTICAL_DENSITY * left.cortex_density,
            )
        )
    return made


def _limb(side: str, made: list[Bone], dxa: Densitometry, stretch: Points, leg: Pose) -> Limb:
    flip = MIRROR if side == "R" else np.ones(3)
    poses = {bone.name.removeprefix(f"{side}_"): bone.pose for bone in made}
    marks = {name: poses[bone].to_world(np.array([at]) * stretch * flip)[0] for name, (bone, at) in MARKS.items()}

    def regions(shadows: dict[str, tuple[Tensor, Shadow]]) -> dict[str, Tensor]:
        name = f"{side}_femur"
        if name not in shadows:
            return {}
        shadow = shadows[name][1]
        both = torch.zeros(shadow.geometry.shape, dtype=torch.bool, device=shadow.length.device)
        for bone in NAMES:
            if f"{side}_{bone}" in shadows:
                part = shadows[f"{side}_{bone}"][1]
                both[part.rows, part.columns] |= part.length[0] > 0.3
        columns = torch.arange(both.shape[1], device=both.device)[None] + 0.5
        rows = torch.arange(both.shape[0], device=both.device)[:, None] + 0.5
        points = shadow.geometry.back_project(columns, rows, torch.tensor(0.0, device=both.device))
        own = (points - torch.from_numpy(leg.place.astype(np.float32)).to(both.device)) @ torch.from_numpy(
            leg.rotation.astype(np.float32)
        ).to(both.device)
        low_x, low_y, high_x, high_y = JOINT_BOX
        x, y = own[..., 0] / float(stretch[0]), own[..., 1] / float(stretch[1])
        return {"joint": both & (x > low_x) & (x < high_x) & (y > low_y) & (y < high_y)}

    return Limb(side, tuple(bone.name for bone in made), dxa, marks, regions)


def _soft(patient: Patient, size: float, side: str, rng: np.random.Generator, leg: Pose) -> SoftBody:
    body = knee.leg_template()
    stout = float(np.clip((patient.bmi / 25) ** 0.45 * np.exp(rng.normal(0, 0.05)), 0.8, 1.5))
    fat = np.clip((patient.bmi - 16) * (0.55 if patient.sex == "M" else 0.8) + rng.normal(0, 1.5), 2.5, 28)
    high = np.clip((body.vertices[:, 1] + 40) / 200, 0, 1)
    muscle, skin = skinned(body, fat * (0.6 + 0.9 * high), size * np.array([stout, 1.0, stout]))
    flip = MIRROR if side == "R" else np.ones(3)
    faces = body.faces[:, ::-1].copy() if side == "R" else body.faces
    return SoftBody(muscle * flip, skin * flip, faces, leg)
