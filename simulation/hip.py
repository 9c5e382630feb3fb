"""The view hip_ap: the whole pelvis, or one hip, from in front, lying on the table."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simulation import bone as bones, densitometry, implant, loss, mesh, socket, trabeculae
from simulation.anatomy import femur, pelvis, soft
from simulation.anatomy.surface import Points, Surface
from simulation.bone import MIRROR, Bone
from simulation.femora import Femur, Quality, draw_shape
from simulation.patient import Patient
from simulation.scene import Limb, Scene, SoftBody, skinned
from simulation.xray.frame import beam_geometry, letter_place
from simulation.xray.pose import Pose, turn
from simulation.xray.projector import Geometry, Shadow
from simulation.xray.scanner import Scanner

# Degrees of adduction, internal rotation and flexion from which a frog-leg view is drawn.
FROG_LEG = ((-62.0, -25.0), (-65.0, -30.0), (15.0, 45.0))


def draw_arthritis(patient: Patient, rng: np.random.Generator) -> tuple[float, float]:
    """How arthritic the right and left hip are, 0 none to 1 severe. One in nine people at 65 has it, more with age
    (radiographic hip osteoarthritis: 5-15 % of older adults, Dagenais et al. 2009), half of them on both sides."""
    share = float(np.clip(0.11 + 0.005 * (patient.age_years - 65), 0.02, 0.25))
    has, both, first = rng.random() < share, rng.random() < 0.5, int(rng.integers(2))
    one, other = rng.uniform(0.25, 1.0), rng.uniform(0.25, 1.0)
    pair = (one, other if both else 0.0) if has else (0.0, 0.0)
    return pair if first == 0 else pair[::-1]


def draw_dysplasia(rng: np.random.Generator) -> dict[str, float]:
    """How dysplastic each hip of a person with dysplasia is, 0 none to 1 severe: on both sides in every second, most
    often the left when in one (Loder and Skopelja, ISRN Orthopedics 2011)."""
    both, left = rng.random() < 0.5, rng.random() < 0.7
    one, other = rng.uniform(0.4, 1.0, 2)
    return {"L": float(one if both or left else 0.0), "R": float(other if both or not left else 0.0)}


def region_masks(
    shape: femur.FemurShape, bone: Bone, side: str, regions: densitometry.HipRegions, shadow: Shadow
) -> dict[str, Tensor]:
    """The DXA regions on the film: each pixel is asked where in the femur's neutral plane its ray crosses the bone."""
    columns, rows = shadow.pixel_centres()
    points = shadow.geometry.back_project(columns, rows, shadow.height[0])
    rotation = torch.from_numpy(bone.pose.rotation.astype(np.float32)).to(points.device)
    own = (points - torch.from_numpy(bone.pose.place.astype(np.float32)).to(points.device)) @ rotation
    x = -own[..., 0] if side == "R" else own[..., 0]
    cover = regions.cover(x, own[..., 1], shadow.geometry.pitch_mm)
    bone_here = shadow.length[0] > 0.3
    return {name: shadow.on_film((value > 0.5) & bone_here) for name, value in cover.items()}


def scene(
    patient: Patient,
    rng: np.random.Generator,
    scanner: Scanner,
    size: int,
    frame: str = "any",
    pose: int = 0,
    meshes: Path | None = None,
    surgeon: np.random.Generator | None = None,
    birth: np.random.Generator | None = None,
) -> Scene:
    """A person on the table. frame: `pelvis`, `hip` (one side) or `any`, drawn; `frog_leg`, one hip from the side, the
    knee bent and let fall outward: the bone alone moves, the thigh's flesh stays. size: long side in pixels.

    meshes: a folder of bone meshes that every other person gets instead of the built-in bones (`simulation.mesh`).
    surgeon: draws an implant for one hip of the film, if given. Density stays that of the bone before the operation;
    masks, landmarks and projections are those of the bone that is there. birth: draws dysplasia, if given: a shallow,
    steep socket from whose edge the head has slipped outward and up, and a steep, anteverted neck.
    """
    # With meshes at hand, every other person has the built-in bones all the same.
    real = meshes if rng.random() < 0.5 else None
    drawn = "hip" if rng.random() < 0.35 else "pelvis"
    frame = drawn if frame == "any" else frame
    side_shown = "R" if rng.random() < 0.5 else "L"
    size_factor = patient.size
    male = patient.sex == "M"

    # The person, side by side alike but not the same.
    shape = draw_shape(patient, rng)
    pattern = loss.Pattern.drawn(rng)
    width = size_factor * (0.97 if male else 1.03) * np.exp(rng.normal(0, 0.025))
    height = size_factor * (1.03 if male else 0.98) * np.exp(rng.normal(0, 0.025))
    depth = size_factor * np.exp(rng.normal(0, 0.03))
    stretch = np.array([width, height, depth])
    hip_centre = pelvis.HIP * stretch
    flat = float(np.clip(np.exp(0.45 * np.log(patient.bmi / 25)), 0.75, 1.45))
    worn = dict(zip("RL", draw_arthritis(patient, rng), strict=True))
    shallow = {"R": 0.0, "L": 0.0} if birth is None else draw_dysplasia(birth)
    sockets = socket.draw(rng, worn, shallow)
    fat_mm = float(np.clip((patient.bmi - 17) * (1.55 if male else 2.2) + 6 + rng.normal(0, 4), 4, 75))

    # The pose.
    posing = np.random.default_rng([int(rng.integers(2**62)), pose])
    tilt, spin, list_ = posing.normal(2, 6), posing.normal(0, 1.6), posing.normal(0, 1.4)
    half_depth = 104 * depth * flat + 0.7 * fat_mm
    lift = np.array([posing.normal(0, 7), posing.normal(0, 7), 0.0])
    whole = Pose(turn(x=tilt, y=spin, z=list_), lift)
    film_z = -(scanner.table_mm + half_depth)
    sides: tuple[str, ...] = ("R", "L")
    scatter = {side: posing.normal(0, 1, 4) for side in sides}

    built: list[Bone] = []
    limbs: list[Limb] = []
    metal: tuple[implant.Metal, ...] = ()
    operated = None if surgeon is None else side_shown if frame == "hip" else str(surgeon.choice(["R", "L"]))
    inside_turn = float(np.clip(posing.normal(13, 7), -6, 25))
    for side in sides:
        sign = 1.0 if side == "L" else -1.0
        own = np.random.default_rng(rng.integers(2**63))
        twin = femur.FemurShape(
            **{
                **vars(shape),
                "neck_shaft_angle": min(shape.neck_shaft_angle + own.normal(0, 1.0) + 9 * shallow[side], 150.0),
                "lesser": shape.lesser * np.exp(own.normal(0, 0.06)),
                "neck_length": shape.neck_length + own.normal(0, 0.6),
                "arthritis": worn[side],
            }
        )
        aims, here = loss.aims_of_one_hip(patient, own), pattern.of_one_side(own)
        anteversion = float(np.clip(13 + 7 * scatter[side][0], -4, 32)) + 15 * shallow[side]
        internal = float(np.clip(inside_turn + 4 * scatter[side][1], -10, 25))
        adduction = float(np.clip(2 + 3.5 * scatter[side][2], -8, 12))
        flexion = float(3 * scatter[side][3])
        if frame == "frog_leg":
            adduction, internal, flexion = (float(posing.uniform(*span)) for span in FROG_LEG)
        turned = turn(x=flexion, y=sign * (anteversion - internal), z=-sign * adduction)
        centre = hip_centre + sockets[side].head(twin.size, femur.FLATTENED_MM)
        place = whole.to_world((centre * np.array([sign, 1, 1]))[None])[0]
        if frame != "pelvis" and side != side_shown:  # what it casts lies outside the film
            continue
        thigh = Femur.drawn(twin, own, mesh.left_femur(real) if real else None)
        left = loss.solved(thigh, here, aims)
        bone = thigh.bone(f"{side}_femur", side, left, Pose(whole.rotation @ turned, place))
        facts: dict[str, Any] = {
            "internal_rotation_deg": round(internal, 2),
            "anteversion_deg": round(anteversion, 2),
            "adduction_deg": round(adduction, 2),
            "neck_shaft_angle_deg": round(twin.neck_shaft_angle, 2),
            "head_diameter_mm": round(2 * femur.HEAD_RADIUS * twin.head * twin.size, 2),
            "joint_mm": round(sockets[side].joint, 2),
        }
        dxa = densitometry.scan(bone, twin, side)
        carried = None
        if surgeon is not None and side == operated:
            cup = twin.size * twin.head * femur.HEAD_RADIUS + sockets[side].joint
            carried = implant.draw(twin, cup, left.cortex_thickness, surgeon)
            metal = carried.placed(side, bone.pose, Pose(whole.rotation, place))
            if carried.kind in implant.WITHOUT_HEAD:
                flip = MIRROR if side == "R" else 1.0
                outer, inner = (implant.resected(p * flip, twin) * flip for p in (bone.outer, bone.inner))
                bone = replace(bone, outer=outer, inner=inner)
        if worn[side] and not (carried and carried.kind in implant.WITHOUT_HEAD):  # which takes it away
            facts["arthritis"] = round(worn[side], 2)
        if shallow[side]:
            facts["dysplasia"] = round(shallow[side], 2)
        built.append(bone)
        limbs.append(_limb(side, bone, twin, dxa, facts, carried))
    hip_bone = mesh.left_hip_bone(real) if real else pelvis.hip_bone_template()
    built += _pelvis(stretch, shape, sockets, left, rng, whole, hip_bone)
    geometry, field, letter_at, letter = _frame(frame, side_shown, scanner, size, film_z, hip_centre, whole, posing)
    body = soft.trunk_template()
    body_stretch = np.array([width * (0.94 + 0.06 * flat), height, depth * flat])
    thickness = (
        fat_mm * (0.55 + 0.45 * np.abs(body.normals[:, 0])) * (1 + 0.25 * bones.ripple(body.vertices, rng, 190.0))
    )
    muscle, skin = skinned(body, np.maximum(thickness, 3.0), body_stretch)
    # Thighs press against each other, they do not pass through: below the crotch the skin stays on its own side.
    low = (muscle[:, 1] < -30) & (np.abs(muscle[:, 0]) > 0.5)
    skin[low, 0] = np.sign(muscle[low, 0]) * np.maximum(
        np.abs(skin[low, 0]) * (np.sign(muscle[low, 0]) == np.sign(skin[low, 0])), 0.3
    )
    gas = soft.bowel_gas(rng, float(np.clip(rng.gamma(2.5, 0.30), 0.05, 1.8)))
    return Scene(
        "hip_ap",
        patient,
        tuple(built),
        (SoftBody(muscle, skin, body.faces, whole, gas, whole),),
        tuple(limbs),
        geometry,
        field,
        letter,
        letter_at,
        tuple(b.name for b in built if b.name.endswith("_femur")),
        metal=metal,
        facts={"frame": frame, "body": "mesh" if real else "built_in", "pelvic_tilt_deg": round(float(tilt), 2)},
    )


def _limb(
    side: str,
    bone: Bone,
    shape: femur.FemurShape,
    dxa: densitometry.Densitometry,
    facts: dict[str, Any],
    carried: implant.Implant | None = None,
) -> Limb:
    own = shape.apply(
        np.array(
            [
                [0.0, 0, 0],
                femur.NECK_WAIST,
                femur.JUNCTION,
                femur.GREATER_TIP,
                femur.LESSER_TROCHANTER,
                [femur.SHAFT_X, -110.0, 0],
                [femur.SHAFT_X, -160.0, 2],
            ]
        )
    )
    marks = bone.pose.to_world(own * (MIRROR if side == "R" else 1.0))
    names = (
        "head_centre",
        "neck_waist",
        "neck_base",
        "greater_trochanter",
        "lesser_trochanter",
        "shaft_upper",
        "shaft_lower",
    )

    named = dict(zip(names, marks, strict=True))
    sawn = carried is not None and carried.kind in implant.WITHOUT_HEAD
    if sawn:
        named = {name: mark for name, mark in named.items() if name not in ("head_centre", "neck_waist", "neck_base")}
    if carried is not None:
        facts = {**facts, "implant": carried.kind}

    def regions(shadows: dict[str, tuple[Tensor, Shadow]]) -> dict[str, Tensor]:
        if sawn or bone.name not in shadows:  # no hip is read by the regions of DXA once its neck is gone
            return {}
        return region_masks(shape, bone, side, dxa.regions, shadows[bone.name][1])

    return Limb(side, (bone.name,), dxa, named, regions, facts)


def _pelvis(
    stretch: Points,
    head: femur.FemurShape,
    sockets: dict[str, socket.Socket],
    left: Quality,
    rng: np.random.Generator,
    whole: Pose,
    hip: Surface,
) -> list[Bone]:
    """Hip bones, sacrum and the lowest vertebrae, stretched to the person, the sockets to the heads."""

    def mean_of(p: Points) -> Points:
        return np.asarray(p / stretch)

    groups = left.groups["plain"]
    built = []
    spongy = trabeculae.even((0, 1), (-160.0, -120.0), (160.0, 330.0), 160.0).grown(
        {"plain": groups}, rng, left.roughness * 1.3
    )
    strong = left.cortex_density * bones.CORTICAL_DENSITY
    thick = pelvis.hip_bone_cortex(hip.vertices) * (0.35 + 0.65 * left.cortex_thickness)
    thick = np.maximum(thick * np.exp(0.15 * bones.ripple(hip.vertices, rng, 25.0)), 0.3)
    for side, flip, faces in (("L", np.ones(3), hip.faces), ("R", MIRROR, hip.faces[:, ::-1])):
        own = sockets[side]
        grow = (head.size * head.head * femur.HEAD_RADIUS + own.joint) / pelvis.CUP_RADIUS
        outer, inner = bones.shelled(hip, own.thickness(hip.vertices, thick), partial(_stretched, stretch, grow))
        change = own.change(hip.vertices)
        outer, inner = (outer + change) * flip, (inner + change) * flip
        built.append(Bone(f"{side}_pelvis", outer, inner, faces, spongy, mean_of, whole, strong))
    for name, surface, shell in (
        ("sacrum", pelvis.sacrum_template(), 0.5),
        ("L5", pelvis.lumbar_template(5), 0.55),
        ("L4", pelvis.lumbar_template(4), 0.55),
        ("L3", pelvis.lumbar_template(3), 0.55),
    ):
        outer, inner = bones.shelled(
            surface, np.full(len(surface.vertices), shell * left.cortex_thickness**0.6), lambda p: p * stretch
        )
        built.append(Bone(name, outer, inner, surface.faces, spongy, mean_of, whole, strong))
    return built


def _stretched(stretch: Points, grow: float, p: Points) -> Points:
    """Points of the mean hip bone on a person's, the socket round and grown to the head."""
    centre = pelvis.HIP * stretch
    away = p - pelvis.HIP
    near = 1 / (1 + np.exp((np.linalg.norm(away, axis=1) - 44) / 5))[:, None]
    return np.asarray(p * stretch * (1 - near) + (centre + away * grow) * near)


def _frame(
    frame: str,
    side: str,
    scanner: Scanner,
    size: int,
    film_z: float,
    hip_centre: Points,
    whole: Pose,
    rng: np.random.Generator,
) -> tuple[Geometry, tuple[float, float, float, float], tuple[float, float], str | None]:
    """Where source and film stand, what is collimated, and where the lead letter lies."""
    if frame == "pelvis":
        wide, high = 430.0, float(rng.choice([350.0, 430.0], p=[0.6, 0.4]))
        aim = np.array([rng.normal(0, 6), rng.normal(18 if high < 400 else 10, 10)])
        letter, sign = ("R", -1.0) if rng.random() < 0.65 else ("L", 1.0)
    else:
        wide, high = float(rng.choice([200.0, 240.0])), float(rng.choice([260.0, 300.0]))
        sign = 1.0 if side == "L" else -1.0
        aim = whole.to_world((hip_centre * np.array([sign, 1, 1]) + np.array([sign * 18, -32, 0]))[None])[0, :2]
        aim = aim + rng.normal(0, 8, 2)
        letter = side
    geometry = beam_geometry(aim, wide, high, size, film_z, scanner, rng)
    show = rng.random() < scanner.collimated
    cut = np.abs(rng.normal(0, 0.022, 4)) if show else np.zeros(4)
    field = (float(cut[0]), float(cut[1]), float(1 - cut[2]), float(1 - cut[3]))
    return geometry, field, letter_place(field, sign, rng, 0.4 if frame == "pelvis" else 0.0), letter
