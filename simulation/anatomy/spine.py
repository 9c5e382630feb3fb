"""The lower spine from the side: T10 to L5, ribs, and what fractures do to a vertebra.

A vertebra's frame: origin in the body's middle, x left, y up, z forward, mm. Mean heights and depths after Panjabi et
al. 1992 and Masharawi et al. 2008; lordosis of 50 degrees between L1 and S1 (Roussouly et al. 2005).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of

LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10")  # from the sacrum up
ABOVE = ("T9", "T8")  # stand on those, so that no film shows where a spine ends; nothing is told of them
_NAMES = LEVELS + ABOVE
HALF_HEIGHT, HALF_DEPTH, HALF_WIDTH = 14.0, 17.5, 24.0  # of the mean body, mm
HEIGHT = dict(zip(_NAMES, (27.0, 28.0, 28.2, 27.8, 26.8, 25.5, 24.0, 23.0, 22.4, 21.8), strict=True))
DEPTH = dict(zip(_NAMES, (35.0, 35.0, 34.6, 34.0, 33.0, 32.0, 31.0, 30.0, 29.4, 28.8), strict=True))
# Below each body, between rims; the endplates' hollows make the disc's middle 3 mm higher (Frobin et al. 1997).
DISC = dict(zip(_NAMES, (8.5, 9.2, 8.8, 7.8, 6.4, 5.0, 4.0, 3.6, 3.4, 3.2), strict=True))
TILT = dict(zip(_NAMES, (28.0, 15.0, 3.0, -6.0, -10.0, -11.0, -9.0, -6.0, -2.0, 2.0), strict=True))  # degrees


@dataclass(frozen=True)
class Fracture:
    """Shares of a body's height left in front, in the middle and behind; kind and grade after Genant et al. 1993."""

    kind: str = "none"
    grade: int = 0
    front: float = 1.0
    middle: float = 1.0
    back: float = 1.0

    def __post_init__(self) -> None:
        lowest = min(self.front, self.middle, self.back)
        if not 0.2 <= lowest <= max(self.front, self.middle, self.back) <= 1.1:
            raise ValueError(
                f"heights of {self.front:.2f}, {self.middle:.2f}, {self.back:.2f} were asked for, expected 0.2 to 1.1"
            )


def fracture(kind: str, grade: int, rng: np.random.Generator) -> Fracture:
    """A wedge, biconcave or crush fracture: height lost 20-25 % (grade 1), 25-40 % (2), over 40 % (3)."""
    ranges = {1: (0.20, 0.25), 2: (0.26, 0.39), 3: (0.41, 0.58)}
    if kind not in ("wedge", "biconcave", "crush") or grade not in ranges:
        raise ValueError(
            f"a {kind} fracture of grade {grade} was asked for, expected wedge, biconcave or crush, 1 to 3"
        )
    lost = rng.uniform(*ranges[grade])
    part = rng.uniform(0.0, 0.35)
    if kind == "wedge":
        return Fracture(kind, grade, 1 - lost, 1 - lost * (0.55 + part), 1 - lost * 0.1)
    if kind == "biconcave":
        return Fracture(kind, grade, 1 - lost * 0.2 * part, 1 - lost, 1 - lost * 0.2 * part)
    return Fracture(kind, grade, 1 - lost, 1 - lost, 1 - lost * (0.85 + 0.15 * rng.random()))


def vertebra(p: Points) -> npt.NDArray[np.float64]:
    """The mean vertebra, negative inside: waisted body with rims, pedicles, facets and processes."""
    x, y, z = p.T
    q = np.stack([np.abs(x), y, z], 1)
    level = np.clip(y / HALF_HEIGHT, -0.999, 0.999)
    waist = 1 - 0.115 * np.cos(level * np.pi / 2) ** 1.3
    across, deep = HALF_WIDTH * waist, HALF_DEPTH * waist
    oval = ((np.abs(x) / across) ** 2.5 + (np.abs(z) / deep) ** 2.5) ** 0.4
    hollow = 1.5 * np.clip(1 - (x / HALF_WIDTH) ** 2 - (z / HALF_DEPTH) ** 2, 0, 1)
    body = solid.within((oval - 1) * 16.0, np.abs(y) - HALF_HEIGHT + hollow, k=2.2)
    pedicle = solid.tube(q, [(13, 5, -13, 5.5), (14.5, 4.5, -27, 5.5)], flat=(1, 0.78, 1))
    facets = solid.tube(q, [(15, 18, -29, 4.5), (15, 6, -32, 5.5), (13.5, -8, -37, 5.0), (14, -21, -37, 5.0)])
    transverse = solid.tube(q, [(15, 4, -29, 4.5), (30, 5, -33, 4.0), (41, 7, -36, 3.2)])
    lamina = solid.tube(q, [(13, -2, -36, 4.0), (0, -6, -45, 3.8)])
    spinous = solid.tube(p, [(0, -4, -44, 4.2), (0, -8, -60, 4.4), (0, -10, -72, 5.0)], flat=(1.4, 0.62, 1))
    arch = solid.union(facets, transverse, lamina, k=4)
    return solid.union(body, solid.union(pedicle, solid.union(arch, spinous, k=4), k=4), k=3)


@cache
def template() -> Surface:
    return surface_of(vertebra, (-47, -32, -84), (47, 28, 22), 1.7)


@cache
def body_share() -> npt.NDArray[np.float64]:
    """1 at the template's vertices that belong to the body, 0 at the arch behind it."""
    return np.clip((template().vertices[:, 2] + 24) / 6, 0, 1)


def shaped(p: Points, level: str, size: float, broken: Fracture) -> Points:
    """The mean vertebra's points -> this level's, with the heights that a fracture has left."""
    x, y, z = p.T
    t = np.clip(z / HALF_DEPTH, -1.15, 1.15)
    curve = (
        broken.middle + (broken.front - broken.back) / 2 * t + ((broken.front + broken.back) / 2 - broken.middle) * t**2
    )
    behind = np.clip((-z - 18) / 8, 0, 1)
    curve = curve * (1 - behind) + (0.5 + 0.5 * broken.back) * behind
    scale = np.array([DEPTH[level] / 35, HEIGHT[level] / 28, DEPTH[level] / 35]) * size
    return np.stack([x, y * curve, z], 1) * scale


def rib(p: Points) -> npt.NDArray[np.float64]:
    """A lower rib, left, from its vertebra (origin) around the flank, negative inside."""
    path = [
        (14, 4, -16, 3.6),
        (40, 0, -38, 4.2),
        (78, -18, -40, 4.4),
        (110, -50, -6, 4.2),
        (120, -88, 42, 3.9),
        (114, -108, 72, 3.4),
    ]
    return solid.tube(p, path, flat=(1.25, 0.8, 1))


@cache
def rib_template() -> Surface:
    return surface_of(rib, (4, -124, -52), (130, 12, 86), 2.4)


def lung(p: Points) -> npt.NDArray[np.float64]:
    """The base of the left lung with the dome of the diaphragm below, negative inside; origin on the dome's top."""
    x, y, z = p.T
    column = (((np.abs(x - 62) / 52) ** 2.4 + (np.abs(z) / 92) ** 2.4) ** (1 / 2.4) - 1) * 52
    dome = -(y + 0.0062 * ((x - 55) ** 2 + (z - 22) ** 2))
    return solid.within(column, np.maximum(dome, y - 300), k=10)


@cache
def lung_template() -> Surface:
    return surface_of(lung, (0, -110, -100), (124, 310, 100), 8.0)
