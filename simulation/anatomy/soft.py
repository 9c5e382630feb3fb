"""Soft parts: the muscle body, the fat around it, bowel gas. Coarse, for their shadows are soft."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of


def trunk(p: Points) -> npt.NDArray[np.float64]:
    """Muscle body of pelvis, loins and thighs in the pelvis frame, negative inside."""
    x, y, z = p.T
    waist = 1 - 0.13 * np.exp(-(((y - 175) / 60) ** 2))
    half_width, half_depth = 158 * waist, 92 * (1 - 0.04 * np.exp(-(((y - 150) / 80) ** 2)))
    middle = -12 + 24 / (1 + np.exp(-(y - 105) / 22))  # the loins hollow in behind
    barrel = (((np.abs(x) / half_width) ** 2.15 + (np.abs(z - middle) / half_depth) ** 2.15) ** (1 / 2.15) - 1) * 92
    barrel = solid.within(barrel, -(y + 66), k=60)
    seat = solid.ellipsoid(np.stack([np.abs(x), y, z], 1), (66, -22, -52), (82, 92, 62))
    thigh = solid.tube(np.stack([np.abs(x), y, z], 1), [(97, 20, -8, 76), (95, -120, -6, 80), (90, -420, 0, 66)])
    return solid.union(solid.union(barrel, seat, k=40), thigh, k=26)


@cache
def trunk_template() -> Surface:
    return surface_of(trunk, (-200, -420, -150), (200, 640, 130), 12.0)


@dataclass(frozen=True, eq=False)
class Gas:
    """Bubbles of bowel gas: centres [N, 3] and radii [N, 3] in mm, in the pelvis frame."""

    centres: Points
    radii: Points


def bowel_gas(rng: np.random.Generator, amount: float) -> Gas:
    """Gas in rectum, sigmoid, caecum, and loops of gut, as chains of bubbles along bent paths."""
    centres, radii = [], []
    places = [
        ((0, 45, -45), 16, 3),
        ((-62, 92, 28), 22, 3),
        ((66, 96, 22), 17, 4),
        ((20, 60, 10), 14, 3),
        ((-10, 130, 40), 14, 4),
        ((45, 150, 35), 16, 3),
        ((-50, 160, 30), 18, 3),
    ]
    for place, size, count in places:
        if rng.random() > 0.25 + 0.30 * amount:
            continue
        at = np.array(place, float) + rng.normal(0, (14, 16, 8))
        heading = rng.normal(size=3)
        for _ in range(rng.poisson(count * amount) + 1):
            heading = heading / np.linalg.norm(heading) + rng.normal(0, 0.5, 3)
            radius = size * np.exp(rng.normal(-0.15, 0.32))
            centres.append(at.copy())
            radii.append(radius * np.exp(rng.normal(0, 0.22, 3)) * np.array([1, 0.9, 0.7]))
            at = at + heading / np.linalg.norm(heading) * radius * np.array([1.15, 1.0, 0.4])
    if not centres:
        return Gas(np.zeros((0, 3)), np.ones((0, 3)))
    return Gas(np.array(centres), np.array(radii))


def crumbs(rng: np.random.Generator, amount: float) -> Gas:
    """Small bubbles in what the colon holds, in clusters before the lumbar spine, as lateral films are full of."""
    centres, radii = [], []
    for _ in range(rng.poisson(3 * amount)):
        place = np.array([rng.uniform(-70, 70), rng.uniform(60, 240), rng.uniform(15, 75)])
        for _ in range(rng.poisson(7)):
            centres.append(place + rng.normal(0, (12, 20, 14)))
            radii.append(rng.uniform(2.0, 4.5) * np.exp(rng.normal(0, 0.25, 3)))
    if not centres:
        return Gas(np.zeros((0, 3)), np.ones((0, 3)))
    return Gas(np.array(centres), np.array(radii))
