"""The knee, left: distal femur, tibia, fibula, patella.

Frame: origin in the middle of the joint line, x lateral, y up along the tibia, z forward, mm. Mean measures after
Terzidis et al. 2012 and Yue et al. 2011: epicondylar width 84 mm, tibial plateau 77 mm wide and 50 mm deep, femoral
shaft in 6 degrees of valgus against the tibia.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of

REACH = 330.0  # how far the shafts run from the joint


def femur(p: Points) -> npt.NDArray[np.float64]:
    """Distal femur, negative inside: two condyles with the notch between them, trochlea, flare, shaft."""
    shaft = solid.tube(
        p,
        [
            (1, 40, 1, 34),
            (2, 60, 2, 31),
            (4, 80, 3, 25),
            (8, 112, 5, 18),
            (11, 140, 6, 15.6),
            (16, 180, 7, 14.6),
            (33, 340, 6, 14.0),
        ],
        flat=(1, 1, 1.18),
    )
    medial = solid.union(
        solid.ellipsoid(p, (-21.5, 23, -10), (17.5, 20.5, 29)), solid.ellipsoid(p, (-24, 29, -2), (15.5, 17, 24)), k=6
    )
    lateral = solid.union(
        solid.ellipsoid(p, (21.5, 23.2, -9), (17.0, 20.2, 28)), solid.ellipsoid(p, (24, 29, 0), (14.5, 17, 25)), k=6
    )
    trochlea = solid.ellipsoid(p, (1, 38, 10), (31, 21, 19))
    sides = solid.union(
        solid.ellipsoid(p, (-32, 36, -6), (9.5, 15, 14)), solid.ellipsoid(p, (32.5, 35, -6), (8.5, 14, 14)), k=5
    )
    ends = solid.union(medial, lateral, k=3)
    bone = solid.union(shaft, solid.union(ends, trochlea, k=9), k=12)
    bone = solid.union(bone, sides, k=15)
    notch = solid.tube(p, [(0, 0, -34, 11), (0, 5, -16, 10), (0, 7, 4, 6)])
    tubercle = solid.ellipsoid(p, (-33, 50, -5), (4, 8, 5))
    return solid.without(solid.union(bone, tubercle, k=12), notch, k=5)


def tibia(p: Points) -> npt.NDArray[np.float64]:
    """Proximal tibia with both plateaus, the spines between them, the tuberosity and the shaft, negative inside."""
    x, y, z = p.T
    half = np.interp(
        -y, [0, 6, 14, 24, 38, 56, 80, 120, 200, 340], [35, 38.3, 37.5, 32.5, 25.7, 20.2, 16.8, 14.8, 13.8, 13.0]
    )
    middle = np.interp(-y, [0, 40, 120, 340], [0, -1.0, -2.0, -5])
    deep = np.interp(-y, [0, 14, 38, 80, 120, 340], [24, 25.5, 22.5, 18, 16.5, 14.0])
    behind = np.interp(-y, [0, 40, 120], [-6, -5, -2])
    round_part = (
        ((np.abs(x - middle) / half) ** 2.3 + (np.abs(z - behind) / deep) ** 2.3) ** (1 / 2.3) - 1
    ) * np.minimum(half, deep)
    dish = 1.6 * np.exp(-(((x + 21) / 11) ** 2) - ((z + 5) / 16) ** 2) - 0.2 * np.exp(-(((x - 20) / 11) ** 2))
    top = (
        y
        + 3.2
        + dish
        - 4.5 * np.exp(-((x / 11) ** 2) - ((z + 6) / 16) ** 2)
        + 0.035 * np.maximum(np.abs(x) - 26, 0) ** 2
        - 0.10 * (z + 5) * (np.abs(x) > 8)
    )
    bone = solid.within(round_part * 0.75, np.maximum(top, -(y + REACH + 10)), k=4)
    spines = solid.union(
        solid.tube(p, [(-6.5, -8, -4, 7.5), (-5.2, 5.2, -4, 1.8)]),
        solid.tube(p, [(7, -8, -8, 7.5), (6.0, 4.0, -8, 1.8)]),
        k=3,
    )
    tuberosity = solid.ellipsoid(p, (2, -44, 15), (9, 16, 8))
    return solid.union(bone, spines, tuberosity, k=6)


def fibula(p: Points) -> npt.NDArray[np.float64]:
    """Fibula, negative inside. Its head lies a thumb's breadth below the plateau and beside the tibia, as on real films
    (35 mm below the joint line, under the plateau's edge); the shaft then leans in towards the tibia's."""
    head = solid.union(
        solid.ellipsoid(p, (35, -36, -16), (11.5, 11, 11.5)),
        solid.tube(p, [(37, -31, -18, 6), (38.5, -25, -19, 3.5)]),
        k=6,
    )
    shaft = solid.tube(
        p, [(35, -40, -16, 9), (31, -60, -16, 6.4), (28.5, -80, -15, 6.0), (27, -220, -11, 6.6), (27, -350, -9, 6.5)]
    )
    return solid.union(head, shaft, k=8)


def patella(p: Points) -> npt.NDArray[np.float64]:
    body = solid.ellipsoid(p, (3, 45, 42), (21.5, 19.5, 10))
    return solid.union(body, solid.tube(p, [(3, 36, 41, 10), (2, 23, 40, 4.5)]), k=10)


def cortex(name: str, p: Points) -> npt.NDArray[np.float64]:
    """Thickness of the cortex in mm at surface points: a film at the ends, firm under cartilage, thick on shafts."""
    y = p[:, 1]
    if name == "patella":
        return np.full(len(p), 0.45)
    if name == "fibula":
        return 0.6 + 2.4 * _rise(-y, 42, 75)
    if name == "femur":
        joint = np.exp(-(((y - 6) / 7) ** 2))
        return 0.5 + 4.3 * _rise(y, 55, 160) + 0.5 * joint
    joint = np.exp(-(((y + 4) / 4) ** 2))
    return 0.5 + 4.3 * _rise(-y, 30, 105) + 0.9 * joint


def _rise(value: npt.NDArray[np.float64], start: float, end: float) -> npt.NDArray[np.float64]:
    t = np.clip((value - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


@cache
def template(name: str) -> Surface:
    """The mean left bone: femur, tibia, fibula or patella."""
    field, low, high, step = {
        "femur": (femur, (-48, -2, -46), (52, REACH, 40), 2.4),
        "tibia": (tibia, (-46, -REACH, -38), (46, 10, 32), 2.4),
        "fibula": (fibula, (14, -REACH, -34), (52, -16, 4), 2.0),
        "patella": (patella, (-24, 14, 26), (30, 70, 58), 2.0),
    }[name]
    return surface_of(field, low, high, step)


def leg(p: Points) -> npt.NDArray[np.float64]:
    """The leg's muscles from thigh to calf, negative inside."""
    return solid.tube(
        p,
        [
            (14, 420, -8, 74),
            (8, 220, -4, 62),
            (2, 90, 0, 51),
            (0, 20, 0, 49),
            (1, -50, -6, 49),
            (1, -130, -16, 53),
            (3, -240, -10, 44),
            (4, -420, -4, 34),
        ],
        flat=(1, 1, 1.02),
    )


@cache
def leg_template() -> Surface:
    return surface_of(leg, (-90, -400, -90), (100, 400, 80), 8.0)
