"""Sacrum and coccyx as the lateral film shows them: five bodies grown together along a bent line, with what is left of
the discs between them, the wings, the canal and the crest behind it.

Frame: origin in the middle of the first body's upper endplate, x left, y up along the endplate's normal, z forward, mm.
Depths, lengths and curvature of a mean adult after Cheng and Song 2003 and Marty et al. 2002.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of

LENGTH, COCCYX = 108.0, 34.0  # along the line, mm
BEND = 72.0  # degrees that the line has turned forward at the sacrum's end
DISCS = ((30.0, 3.4, 0.82), (55.0, 2.4, 0.7), (77.0, 1.8, 0.55))  # where on the line, how high in front, how deep


@cache
def _line() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The line through the bodies' middles: how far along [N], (y, z) [N, 2] and forward normal [N, 2]."""
    along = np.arange(LENGTH + COCCYX, dtype=np.float64).reshape(-1)
    turned = np.radians(BEND * (along / LENGTH) ** 1.25)
    ahead = np.stack([-np.cos(turned), np.sin(turned)], 1)
    places = np.concatenate([np.zeros((1, 2)), np.cumsum(ahead[:-1], 0)])
    return along, np.asarray(places), np.stack([np.sin(turned), np.cos(turned)], 1)


def unrolled(p: Points) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How far along the line each point lies, below 0 above the endplate, and how far before it."""
    along, places, normals = _line()
    away = p[:, None, 1:] - places[None]
    nearest = (away**2).sum(2).argmin(1)
    offset = away[np.arange(len(p)), nearest]
    normal = normals[nearest]
    ahead = np.stack([-normal[:, 1], normal[:, 0]], 1)
    return along[nearest] + (offset * ahead).sum(1), (offset * normal).sum(1)


def sacrum(p: Points) -> npt.NDArray[np.float64]:
    """Negative inside."""
    along, before = unrolled(p)
    side = np.abs(p[:, 0])
    half = np.interp(along, [0, 12, 30, 55, 77, 95, 108, 142], [16.5, 14.0, 11.5, 8.8, 7.0, 6.0, 5.2, 3.2])
    width = np.interp(along, [0, 30, 55, 77, 95, 108, 116, 142], [25.0, 22.0, 19.0, 17.0, 16.0, 13.0, 8.5, 5.0])
    oval = ((side / width) ** 2.6 + (np.abs(before) / half) ** 2.6 + 1e-9) ** (1 / 2.6)
    hollow = 1.4 * np.clip(1 - (side / 25) ** 2 - (before / 16.5) ** 2, 0, 1)
    column = solid.within((oval - 1) * half, np.maximum(-along + hollow, along - LENGTH - COCCYX), k=2.2)

    rolled = np.stack([side, -along, before], 1)
    wing = solid.tube(rolled, [(20, -14, -6, 13), (38, -20, -10, 14.5), (45, -38, -10, 13), (36, -62, -7, 9)])
    wing = solid.union(wing, solid.tube(rolled, [(36, -62, -7, 9), (22, -88, -4, 6), (14, -104, -2, 4)]), k=6)
    crest = solid.tube(rolled, [(0, -4, -44, 4.0), (0, -16, -43, 5.5), (0, -44, -33, 5.0), (0, -80, -20, 3.5)])
    plate = solid.tube(rolled, [(13, -4, -34, 4.0), (13, -30, -31, 4.0), (12, -62, -22, 3.4), (10, -88, -14, 3.0)])
    joint = solid.tube(rolled, [(18, 9, -27, 4.5), (19, -2, -29, 6.5), (20, -18, -24, 8.0)])
    bone = solid.union(solid.union(column, wing, k=7), joint, crest, plate, k=5)

    gaps = np.full(len(p), 1e3)
    for at, high, deep in DISCS:  # wedges, wider in front and open there
        reach = np.interp(at, [0, 30, 55, 77, 108], [16.5, 11.5, 8.8, 7.0, 5.2])
        wedge = np.abs(along - at) - high / 2 * (1 + 0.35 * np.clip(before / reach, -1, 1))
        gaps = np.minimum(gaps, solid.within(wedge, np.maximum(side - 17, -before - deep * reach), k=1.0))
    return solid.without(bone, gaps, k=0.8)


@cache
def template() -> Surface:
    return surface_of(sacrum, (-64, -104, -70), (64, 16, 96), 2.0)
