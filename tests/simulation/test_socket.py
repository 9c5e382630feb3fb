"""Sockets: as varied as published ones, and never inside the head."""

import numpy as np
import pytest

from core.settings import settings
from simulation import hip, mesh, socket
from simulation.anatomy import femur, pelvis
from simulation.patient import draw
from simulation.socket import Socket
from simulation.xray.scanner import SCANNERS

NONE = {"R": 0.0, "L": 0.0}


def test_joints_are_as_wide_and_roofs_as_flat_as_on_published_films() -> None:
    rng = np.random.default_rng(0)
    drawn = [one for _ in range(1000) for one in socket.draw(rng, NONE, NONE).values()]
    joints = np.array([one.joint for one in drawn])
    assert joints.mean() == pytest.approx(4.19, abs=0.1)
    assert joints.std() == pytest.approx(0.92, abs=0.08)
    assert joints.min() >= 2
    assert joints.max() <= 7
    assert np.mean([one.flat > 0 for one in drawn]) == pytest.approx(0.215, abs=0.03)
    assert all(np.hypot(*one.settled) <= one.joint - 0.99 for one in drawn)


def test_arthritis_lifts_the_head_until_bone_nearly_stands_on_bone() -> None:
    sound, worn = Socket(4.0, (-0.5, -0.5)), Socket(4.0, (-0.5, -0.5), arthritis=1.0)
    assert sound.head(1.0, 2.0).tolist() == [-0.5, -0.5, 0.0]
    assert np.linalg.norm(worn.head(1.0, 2.0)) == pytest.approx(3.5 + 2.0, rel=0.01)
    plain = np.ones(3)
    points = pelvis.HIP + np.array([socket.ROOF, socket.ROOF * 3, [0.0, -40.0, 0.0]])
    thick = worn.thickness(points, plain)
    assert thick[0] == pytest.approx(3.2)
    assert thick[1:] == pytest.approx([1.0, 1.0], abs=0.01)


def test_the_socket_leaves_room_for_the_head() -> None:
    """On both sides of twelve people without arthritis, from the bones that are irradiated."""
    for number in range(12):
        rng = np.random.default_rng(number)
        scene = hip.scene(draw(rng), rng, SCANNERS["alpha"], 256, frame="pelvis")
        bones = {bone.name: bone for bone in scene.bones}
        for limb in scene.limbs:
            if "arthritis" in limb.facts:
                continue
            head = bones[f"{limb.side}_femur"]
            own = head.pose.to_world(head.outer)
            near = np.linalg.norm(own - limb.marks["head_centre"], axis=1)
            radius = limb.facts["head_diameter_mm"] / 2
            assert near.min() < radius * 1.02
            hip_bone = bones[f"{limb.side}_pelvis"]
            away = np.linalg.norm(hip_bone.pose.to_world(hip_bone.outer) - limb.marks["head_centre"], axis=1)
            assert away.min() > radius + 0.5


def test_a_hip_bone_of_meshes_has_a_socket_of_the_mean_size() -> None:
    folder = settings().data / "mesh"
    if not folder.exists():
        pytest.skip("no meshes: set OSTEOLENS_DATA to a folder with mesh/pelvis_lv.vtp")
    surface = mesh.left_hip_bone(folder)
    away = surface.vertices - pelvis.HIP
    distance = np.linalg.norm(away, axis=1)
    roof = (-(away * surface.normals).sum(1) / distance > 0.8) & (distance < 45)
    assert np.median(distance[roof]) == pytest.approx(pelvis.CUP_RADIUS, abs=2.0)
    assert pelvis.CUP_RADIUS - femur.HEAD_RADIUS > 0
