"""The view spine_lateral: the lumbar spine from the side, lying on the right side against the film."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from simulation import bone as bones, loss, trabeculae
from simulation.anatomy import femur, pelvis, sacrum, soft, spine
from simulation.anatomy.surface import Points
from simulation.bone import MIRROR, Bone
from simulation.densitometry import Densitometry
from simulation.femora import Femur, Quality
from simulation.patient import Patient
from simulation.scene import Limb, Scene, SoftBody, skinned
from simulation.xray.frame import beam_geometry, letter_place
from simulation.xray.pose import Pose, turn
from simulation.xray.projector import Shadow
from simulation.xray.scanner import Scanner

SACRUM = np.array([0.0, 110.0, -18.0])  # middle of the sacral endplate in the pelvis frame
SLOPE = 38.0  # degrees of the sacral endplate (Roussouly et al. 2005)
LIKELY = {
    "T10": 0.5,
    "T11": 1.0,
    "T12": 2.2,
    "L1": 2.4,
    "L2": 1.3,
    "L3": 0.9,
    "L4": 0.8,
    "L5": 0.35,
}  # share of fractures
KEYPOINTS = {
    f"{where}_{end}": (z, y)
    for end, y in (("upper", 1.0), ("lower", -1.0))
    for where, z in (("front", 0.97), ("middle", 0.0), ("back", -0.97))
}


def draw_fractures(patient: Patient, rng: np.random.Generator) -> dict[str, spine.Fracture]:
    """None in most people; one to three bodies of those with a prevalent fracture, the thoracolumbar junction first."""
    found = dict.fromkeys(spine.LEVELS, spine.Fracture())
    if not patient.prevalent_fracture:
        return found
    weights = np.array([LIKELY[level] for level in spine.LEVELS])
    many = 1 + int(rng.binomial(2, 0.3))
    for level in rng.choice(spine.LEVELS, size=many, replace=False, p=weights / weights.sum()):
        kind = str(rng.choice(["wedge", "biconcave", "crush"], p=[0.52, 0.33, 0.15]))
        found[str(level)] = spine.fracture(kind, int(rng.choice([1, 2, 3], p=[0.35, 0.4, 0.25])), rng)
    return found


def scene(
    patient: Patient,
    rng: np.random.Generator,
    scanner: Scanner,
    size: int,
    frame: str = "any",
    pose: int = 0,
    meshes: Path | None = None,
) -> Scene:
    """A person on the right side, belly to the film's left. size: long side in pixels."""
    left, thigh, dxa = loss.measured(patient, rng)
    male = patient.sex == "M"
    size_factor = patient.size
    stretch = (
        size_factor * np.array([0.97 if male else 1.03, 1.02 if male else 0.98, 1.0]) * np.exp(rng.normal(0, 0.02, 3))
    )
    fractures = draw_fractures(patient, rng)

    posing = np.random.default_rng([int(rng.integers(2**62)), pose])
    # Seen from the patient's left: x of the film runs backwards, the left side lies towards the source.
    aside = Pose(turn(y=-90.0), np.zeros(3))
    wobble = Pose(turn(x=posing.normal(0, 2.5), y=posing.normal(0, 4.0), z=posing.normal(0, 3.0)), np.zeros(3))
    whole = wobble.after(aside)

    curve = _curve(fractures, stretch, rng)
    bodies = _vertebrae(fractures, curve, left, stretch, rng, whole)
    levels, above = bodies[: len(spine.LEVELS)], bodies[len(spine.LEVELS) :]
    others = above + _others(left, stretch, curve, rng, whole) + _femora(thigh, left, stretch, posing, rng, whole)
    flat = float(np.clip((patient.bmi / 25) ** 0.55, 0.75, 1.5))
    fat = float(np.clip((patient.bmi - 17) * (1.5 if male else 2.0) + 6 + rng.normal(0, 4), 5, 75))

    if scanner.parallel:
        wide, high = 150.0 * size_factor, 390.0 * size_factor
    else:
        wide, high = ((350.0, 430.0), (300.0, 430.0), (240.0, 430.0))[int(rng.choice(3, p=[0.45, 0.35, 0.2]))]
    centre = whole.to_world(curve["L3"].place[None])[0]
    lower = posing.normal(6, 8) if scanner.parallel else posing.normal(-26, 14)
    aim = centre[:2] + np.array([posing.normal(-12, 12) * (0.3 if scanner.parallel else 1), lower])
    film_z = -(scanner.table_mm + 150 * size_factor * (0.9 + 0.1 * flat) + 0.6 * fat)
    geometry = beam_geometry(aim, wide, high, size, film_z, scanner, posing, 14.0)
    field = (0.0, 0.0, 1.0, 1.0)
    if rng.random() < scanner.collimated:
        cut = np.abs(rng.normal(0, 0.03, 4))
        field = (float(cut[0]), float(cut[1]), float(1 - cut[2]), float(1 - cut[3]))
    flesh = _soft(patient, stretch, flat, fat, rng, whole, curve)
    limb = _limb(levels, fractures, dxa, curve, stretch, whole)
    return Scene(
        "spine_lateral",
        patient,
        tuple(levels + others),
        flesh,
        (limb,),
        geometry,
        field,
        "R",
        letter_place(field, 1.0, rng, low=0.2),
        (),
        8.0,
        {"frame": "spine"},
        evenness=float(rng.uniform(0.4, 0.9)),
    )


def _curve(fractures: dict[str, spine.Fracture], stretch: Points, rng: np.random.Generator) -> dict[str, Pose]:
    """Where each vertebra stands in the pelvis frame: disc on body from the sacrum (S1) up, along the lordosis."""
    lordosis, worn = rng.normal(1.0, 0.22), np.clip(rng.normal(0.88, 0.15), 0.45, 1.15)
    at = SACRUM * stretch
    size = float(stretch.mean())
    lean = SLOPE * lordosis + rng.normal(0, 3)
    kyphosis = 0.0
    poses = {"S1": Pose(turn(x=lean), at)}
    for level in spine.LEVELS + spine.ABOVE:
        broken = fractures.get(level, spine.Fracture())
        tilt = spine.TILT[level] * (lordosis if spine.TILT[level] > 0 else 1.0) + rng.normal(0, 1.3) + kyphosis
        disc = spine.DISC[level] * size * float(np.clip(worn * np.exp(rng.normal(0, 0.12)), 0.35, 1.2))
        between = np.radians((lean + tilt) / 2)
        at = at + disc * np.array([0, np.cos(between), np.sin(between)])
        half = 0.5 * spine.HEIGHT[level] * size * broken.middle
        up = np.array([0, np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
        at = at + half * up
        poses[level] = Pose(
            turn(x=tilt, y=rng.normal(0, 1.5), z=rng.normal(0, 1.5)),
            at + np.array([rng.normal(0, 0.8), 0, rng.normal(0, 0.5)]),
        )
        at = at + half * up
        lean = tilt
        kyphosis += np.degrees((broken.back - broken.front) * spine.HEIGHT[level] / spine.DEPTH[level]) * 0.6
    return poses


def _vertebrae(
    fractures: dict[str, spine.Fracture],
    curve: dict[str, Pose],
    left: Quality,
    stretch: Points,
    rng: np.random.Generator,
    whole: Pose,
) -> list[Bone]:
    surface = spine.template()
    size = float(stretch.mean())
    made = []
    body = spine.body_share()
    for level in spine.LEVELS + spine.ABOVE:
        broken = fractures.get(level, spine.Fracture())
        thick = (
            (0.55 + 0.40 * (1 - body))
            * left.cortex_thickness**0.7
            * np.exp(0.12 * bones.ripple(surface.vertices, rng, 8.0))
        )
        plates = np.exp(-(((np.abs(surface.vertices[:, 1]) - 13.4) / 1.6) ** 2)) * body
        thick = np.maximum(thick + 0.45 * plates * left.cortex_thickness**0.5, 0.18)

        def shaped(p: Points, level: str = level, broken: spine.Fracture = broken) -> Points:
            return spine.shaped(p, level, size, broken)

        def mean_of(p: Points, level: str = level, broken: spine.Fracture = broken) -> Points:
            scale = spine.shaped(np.ones((1, 3)) * np.array([1.0, 0.0, 0.0]), level, size, spine.Fracture())[0, 0]
            height = size * spine.HEIGHT[level] / 28 * broken.middle
            return np.asarray(p / np.array([scale, height, size * spine.DEPTH[level] / 35]))

        outer, inner = bones.shelled(surface, thick, shaped)
        dense = {name: value * (1 + 0.5 * (1 - broken.middle)) for name, value in left.groups.items()}  # impacted bone
        spongy = trabeculae.vertebra().grown(dense, rng, left.roughness)
        made.append(
            Bone(
                level,
                outer,
                inner,
                surface.faces,
                spongy,
                mean_of,
                whole.after(curve[level]),
                bones.CORTICAL_DENSITY * left.cortex_density,
            )
        )
    return made


def _others(
    left: Quality, stretch: Points, curve: dict[str, Pose], rng: np.random.Generator, whole: Pose
) -> list[Bone]:
    """Hip bones, sacrum and the lower ribs."""
    spongy = trabeculae.even((2, 1), (-160.0, -120.0), (160.0, 330.0), 120.0).grown(left.groups, rng, left.roughness)
    dense = bones.CORTICAL_DENSITY * left.cortex_density
    made = []

    def shaped(p: Points) -> Points:
        return np.asarray(p * stretch)

    def mean_of(p: Points) -> Points:
        return np.asarray(p / stretch)

    hip_bone = pelvis.hip_bone_template()
    outer, inner = bones.shelled(
        hip_bone, pelvis.hip_bone_cortex(hip_bone.vertices) * 0.55 * left.cortex_thickness**0.7, shaped
    )
    made.append(Bone("L_pelvis", outer, inner, hip_bone.faces, spongy, mean_of, whole, dense))
    made.append(
        Bone("R_pelvis", outer * MIRROR, inner * MIRROR, hip_bone.faces[:, ::-1], spongy, mean_of, whole, dense)
    )
    made.append(_sacrum(left, stretch, curve["S1"], rng, whole))
    rib = spine.rib_template()
    for level, length in (("T10", 1.0), ("T11", 0.95), ("T12", 0.72)):
        for side in ("L", "R"):
            grown = stretch * np.array([length, length, length]) * np.exp(rng.normal(0, 0.03, 3))
            flip = MIRROR if side == "R" else np.ones(3)
            shell = np.full(len(rib.vertices), 0.9 * left.cortex_thickness**0.7)
            outer, inner = (p * grown for p in bones.shelled(rib, shell, lambda p: p))
            place = Pose(turn(x=rng.normal(0, 3)), curve[level].place)
            faces = rib.faces[:, ::-1] if side == "R" else rib.faces
            made.append(
                Bone(
                    f"{side}_rib_{level}",
                    outer * flip,
                    inner * flip,
                    faces,
                    spongy,
                    lambda p: p,
                    whole.after(place),
                    dense,
                )
            )
    return made


def _sacrum(left: Quality, stretch: Points, stands: Pose, rng: np.random.Generator, whole: Pose) -> Bone:
    """Longer or shorter, and more or less bent, from one person to the next."""
    surface = sacrum.template()
    own = stretch * np.exp(rng.normal(0, 0.05, 3))
    bent = rng.normal(0, 0.0012)

    def shaped(p: Points) -> Points:
        return np.asarray((p + np.array([0, 0, bent]) * p[:, 1:2] ** 2) * own)

    def mean_of(p: Points) -> Points:
        back = p / own
        return np.asarray(back - np.array([0, 0, bent]) * back[:, 1:2] ** 2)

    spongy = trabeculae.even((2, 1), (-80.0, -110.0), (80.0, 20.0), 120.0).grown(left.groups, rng, left.roughness)
    shell = 0.6 * left.cortex_thickness**0.7 * np.exp(0.12 * bones.ripple(surface.vertices, rng, 10.0))
    outer, inner = bones.shelled(surface, np.maximum(shell, 0.18), shaped)
    density = bones.CORTICAL_DENSITY * left.cortex_density
    return Bone("sacrum", outer, inner, surface.faces, spongy, mean_of, whole.after(stands), density)


def _femora(
    thigh: femur.FemurShape,
    left: Quality,
    stretch: Points,
    posing: np.random.Generator,
    rng: np.random.Generator,
    whole: Pose,
) -> list[Bone]:
    """Both hips, bent a little as one lies on the side; where they hang below the film they cast nothing."""
    made = []
    for side, sign in (("L", 1.0), ("R", -1.0)):
        bent = Pose(turn(x=-posing.normal(18, 14), y=sign * 12.0), pelvis.HIP * stretch * np.array([sign, 1, 1]))
        made.append(Femur.drawn(thigh, rng).bone(f"{side}_femur", side, left, whole.after(bent)))
    return made


def _soft(
    patient: Patient,
    stretch: Points,
    flat: float,
    fat: float,
    rng: np.random.Generator,
    whole: Pose,
    curve: dict[str, Pose],
) -> tuple[SoftBody, ...]:
    body = soft.trunk_template()
    belly = 1 + 0.10 * (flat - 1) * np.exp(-(((body.vertices[:, 1] - 170) / 110) ** 2))
    shape = stretch * np.array([0.92 + 0.05 * flat, 1.0, flat])
    thickness = fat * (0.45 + 0.4 * np.abs(body.normals[:, 0]) + 0.35 * np.maximum(-body.normals[:, 2], 0))
    thickness = thickness * (1 + 0.25 * bones.ripple(body.vertices, rng, 190.0))
    muscle, skin = skinned(body, np.maximum(thickness, 3.0), shape)
    muscle, skin = muscle * belly[:, None] ** np.array([0, 0, 1]), skin * belly[:, None] ** np.array([0, 0, 1])
    gas = soft.bowel_gas(rng, float(np.clip(rng.gamma(2.5, 0.26), 0.05, 1.6)))
    small = soft.crumbs(rng, float(np.clip(rng.gamma(2.0, 0.5), 0, 3)))
    centres = np.concatenate([gas.centres + np.array([0, 30, 20]), small.centres])
    forward = soft.Gas(centres, np.concatenate([gas.radii, small.radii]))
    parts = [SoftBody(muscle, skin, body.faces, whole, forward, whole)]
    lung = spine.lung_template()
    breath = curve["T12"].place + np.array([0.0, rng.normal(6, 14), 24.0])
    for side in ("L", "R"):
        flip = MIRROR if side == "R" else np.ones(3)
        faces = lung.faces[:, ::-1].copy() if side == "R" else lung.faces
        air = lung.vertices * stretch * flip
        sits = Pose(np.eye(3), np.array([0.0, breath[1] + rng.normal(0, 5), breath[2]]))
        parts.append(SoftBody(air, air, faces, whole.after(sits), share=-0.5))
    return tuple(parts)


def _limb(
    levels: list[Bone],
    fractures: dict[str, spine.Fracture],
    dxa: Densitometry,
    curve: dict[str, Pose],
    stretch: Points,
    whole: Pose,
) -> Limb:
    size = float(stretch.mean())
    marks = {}
    for level in spine.LEVELS:
        points = np.array([[0.0, y * spine.HALF_HEIGHT, z * spine.HALF_DEPTH] for z, y in KEYPOINTS.values()])
        points[:, 1] -= np.sign(points[:, 1]) * np.where(np.abs(points[:, 2]) < 1, 1.5, 0.3)
        own = spine.shaped(points, level, size, fractures[level])
        for name, at in zip(KEYPOINTS, whole.after(curve[level]).to_world(own), strict=True):
            marks[f"{level}_{name}"] = at

    def regions(shadows: dict[str, tuple[Tensor, Shadow]]) -> dict[str, Tensor]:
        return {}

    facts: dict[str, Any] = {f"genant_{level}": fractures[level].grade for level in reversed(spine.LEVELS)}
    facts["fracture"] = int(any(one.grade for one in fractures.values()))
    return Limb("", tuple(bone.name for bone in levels), dxa, marks, regions, facts)
