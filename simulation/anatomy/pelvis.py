"""The pelvis and the lowest lumbar vertebrae seen from in front: left hip bone, sacrum, L4 and L5.

Frame: origin midway between the hip centres, x to the patient's left, y up, z forward, mm; a standing adult with the
anterior superior spines and the pubis in one vertical plane. The mean hip centre lies 88 mm from the midline.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of

HIP = np.array([88.0, 0.0, 0.0])
CUP_RADIUS = 26.6  # femoral head and both layers of cartilage
CUP_OPENING = np.array([0.66, -0.68, 0.30])  # abduction 43, anteversion 18 degrees


def ilium(p: Points) -> npt.NDArray[np.float64]:
    """The iliac wing: a curved sheet in the outline of the bone seen from the side, thick at crest and notch."""
    x, y, z = p.T
    up = np.clip(y, -10, 130)
    sheet = 86 + 0.31 * z + 0.31 * up * (z + 60) / 110 + 0.07 * up - 0.0031 * (z - 5) ** 2 * (z < 5)
    sheet = sheet - 8 * np.exp(-(((y - 62) / 34) ** 2) - ((z + 5) / 34) ** 2)  # the fossa
    outline = [
        (-92, 62),
        (-88, 40),
        (-74, 32),
        (-56, 20),
        (-42, 4),
        (-34, -16),
        (24, -16),
        (37, 18),
        (38, 32),
        (48, 52),
        (51, 64),
        (46, 88),
        (28, 112),
        (2, 126),
        (-26, 129),
        (-54, 119),
        (-78, 94),
    ]
    edge = solid.polygon(z, y, solid.loop(outline)) + 3 * np.exp(-(((y - 56) / 12) ** 2)) * (z < 0)
    crest = np.exp(-(((edge + 5) / 8.0) ** 2)) * np.clip((y - 40) / 20, 0, 1)
    root = np.exp(-(((y + 2) / 30) ** 2))
    joint = np.exp(-(((z + 62) / 24) ** 2) - ((y - 48) / 28) ** 2)
    pillar = np.exp(-(((z - 12 - 0.05 * y) / 13) ** 2)) * np.clip((y - 10) / 30, 0, 1)
    half = 3.1 + 4.2 * crest + 8.0 * root + 6.0 * joint + 2.2 * pillar
    return solid.within((np.abs(x - sheet) - half) * 0.8, edge, k=3.5)


def hip_bone(p: Points) -> npt.NDArray[np.float64]:
    """The left hip bone, negative inside."""
    hip = tuple(HIP)
    brim = solid.tube(p, [(56, 42, -54, 8), (63, 24, -30, 8), (68, 8, -2, 8), (60, -6, 20, 8)])
    upper = solid.tube(p, [(66, -2, 12, 11), (44, -14, 30, 7.5), (24, -26, 38, 7.5), (13, -33, 38, 9)], flat=(1, 1, 1))
    body = solid.ellipsoid(p, (12.5, -42, 35), (10, 19, 7.5))
    lower = solid.tube(p, [(14, -54, 31, 7.0), (24, -68, 16, 6.6), (39, -79, -10, 8.0), (54, -78, -32, 11)])
    ischium = solid.tube(p, [(80, -16, -24, 18), (70, -42, -36, 13.5), (63, -68, -40, 14.0), (58, -78, -36, 12)])
    spine = solid.tube(p, [(66, -8, -38, 8), (54, -16, -52, 3.2)])
    front = solid.tube(p, [(100, 16, 28, 9), (102, 30, 34, 5.5)])
    roof = solid.tube(p, [(90, 22, 2, 19), (95, 42, 4, 12), (101, 66, 6, 6)])
    column = solid.tube(p, [(84, 4, -28, 14), (68, 24, -46, 9)])
    socket = solid.sphere(p, hip, CUP_RADIUS + 7.0)
    rim = solid.half_space(p, tuple(HIP + 5.0 * CUP_OPENING), tuple(CUP_OPENING))
    socket = solid.within(socket, rim, k=3)
    bone = solid.union(ilium(p), brim, k=8)
    bone = solid.union(bone, column, socket, roof, front, ischium, k=9)
    bone = solid.union(bone, upper, body, lower, spine, k=10)
    notch = solid.tube(p, [(84, -18, 4, 8.5), (92, -36, 6, 10)])  # acetabular fossa and notch
    bone = solid.without(bone, notch, k=3)
    return solid.without(bone, solid.sphere(p, hip, CUP_RADIUS), k=1.5)


def sacrum(p: Points) -> npt.NDArray[np.float64]:
    """Sacrum and coccyx with four pairs of foramina, negative inside."""
    x, y, z = p.T
    u = np.abs(x)
    level = np.clip((112 - y) / 116, 0, 1.15)  # 0 at the promontory, 1 at the sacrum's apex
    back = -18 - 92 * np.sin(np.clip(level, 0, 1.2) * 1.45) + 26 * level**3
    width = np.interp(level, [0, 0.12, 0.35, 0.55, 0.8, 1.0, 1.15], [44, 53, 46, 33, 22, 10, 6])
    half = np.interp(level, [0, 0.3, 0.7, 1.15], [18, 15, 10, 5.5])
    oval = ((u / width) ** 3.2 + (np.abs(z - back) / half) ** 2.2 + 1e-9) ** (1 / 2.7)
    solid_part = (oval - 1) * half * 0.8
    solid_part = solid.within(solid_part, np.maximum(y - (113 - 0.16 * np.maximum(u - 24, 0)), -(y + 22)), k=7)
    holes = np.full(len(p), 1e3)
    for at, out, radius in ((0.24, 21, 6.0), (0.43, 18.5, 5.0), (0.59, 15, 3.8), (0.74, 11.5, 2.6)):
        holes = np.minimum(
            holes, np.hypot((u - out - 0.12 * (z - back)) / 1.25, (level - at) * 116 - 0.25 * (z - back)) - radius - 0.5
        )
    canal = np.maximum(np.hypot(x / 1.7, z - back + half * 0.8) - 6.5, 0.55 * (level - 0.8) * 116)
    crest = solid.tube(p, [(0, 92, -68, 6), (0, 60, -118, 5), (0, 30, -122, 3)])
    bone = solid.union(solid.without(solid_part, np.minimum(holes, canal), k=7), crest, k=6)
    facet = solid.tube(np.stack([u, y, z], 1), [(20, 100, -56, 7), (22, 118, -62, 5)])
    return solid.union(bone, facet, k=5)


def lumbar(p: Points, centre: tuple[float, float, float], tilt: float) -> npt.NDArray[np.float64]:
    """One lumbar vertebra as it stands on an AP film: waisted body, pedicles, transverse and spinous processes."""
    c, s = np.cos(tilt), np.sin(tilt)
    q = p - np.array(centre)
    x, y, z = q[:, 0], q[:, 1] * c + q[:, 2] * s, -q[:, 1] * s + q[:, 2] * c
    q = np.stack([np.abs(x), y, z], 1)
    waist = 1 - 0.10 * np.cos(np.clip(y / 14, -1, 1) * np.pi / 2)
    round_part = (np.hypot(x / (25 * waist), z / (17.5 * waist)) - 1) * 17.5
    body = solid.within(round_part, np.abs(y) - 14 + 0.0009 * (400 - x**2 - z**2), k=3)
    pedicle = solid.tube(q, [(15, 4, -14, 6), (17, 3, -28, 6)], flat=(1, 0.8, 1))
    transverse = solid.tube(q, [(17, 3, -28, 5), (30, 4, -31, 4.2), (43, 7, -33, 3.4)])
    facet = solid.tube(q, [(17, 16, -32, 5), (16, 2, -36, 5), (14, -16, -40, 5)], flat=(1, 1, 0.9))
    lamina = solid.tube(q, [(15, 0, -36, 4.5), (0, -6, -46, 4)])
    spine = solid.tube(q, [(0, -6, -46, 4.5), (0, -12, -70, 5)], flat=(1.5, 0.7, 1))
    bone = solid.union(pedicle, transverse, facet, k=4)
    return solid.union(body, solid.union(bone, lamina, spine, k=4), k=3)


def hip_bone_cortex(p: Points) -> npt.NDArray[np.float64]:
    """Thickness of the hip bone's cortex in mm at surface points of the left side."""
    x, y, _z = p.T
    cup = np.abs(np.linalg.norm(p - HIP, axis=1) - CUP_RADIUS) < 1.0
    dome = np.exp(-(((x - 92) / 14) ** 2) - ((y - 25) / 8) ** 2)
    brim = np.exp(-(((x - 62) / 8) ** 2)) / (1 + np.exp(-(y + 12) / 4)) / (1 + np.exp((y - 46) / 5))
    return np.asarray(0.8 + 1.7 * dome * cup + 0.9 * brim + 0.35 / (1 + np.exp(-(y - 105) / 6)))


@cache
def hip_bone_template() -> Surface:
    return surface_of(hip_bone, (0.8, -100, -100), (150, 142, 60), 2.6)


@cache
def sacrum_template() -> Surface:
    return surface_of(sacrum, (-62, -30, -140), (62, 126, 16), 3.0)


@cache
def lumbar_template(level: int) -> Surface:
    """L5 (level 5), L4 or L3, tilted by the lordosis."""
    centre, tilt = {5: ((0.0, 128.0, -10.0), 0.42), 4: ((0.0, 163.0, -2.0), 0.12), 3: ((0.0, 199.0, 0.0), -0.05)}[level]
    low = (-56, centre[1] - 50, centre[2] - 90)
    high = (56, centre[1] + 50, centre[2] + 40)
    return surface_of(lambda p: lumbar(p, centre, tilt), low, high, 3.0)
