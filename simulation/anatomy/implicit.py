"""Implicit solids: signed distance in mm, negative inside. Points are [N, 3]; each function returns [N].

The smooth union is the polynomial minimum of Inigo Quilez ("Smooth minimum"), blending over `k` mm.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulation.anatomy.surface import Points

Values = npt.NDArray[np.float64]


def union(*fields: Values, k: float = 4.0) -> Values:
    """Smooth union of several solids, seams rounded over k mm."""
    total = fields[0]
    for other in fields[1:]:
        h = np.maximum(k - np.abs(total - other), 0) / k
        total = np.minimum(total, other) - h * h * k / 4
    return total


def without(solid: Values, hole: Values, k: float = 2.0) -> Values:
    """The solid less the hole, edges rounded over k mm."""
    return -union(-solid, hole, k=k)


def within(solid: Values, other: Values, k: float = 2.0) -> Values:
    """What two solids share."""
    return -union(-solid, -other, k=k)


def sphere(p: Points, centre: tuple[float, ...], radius: float) -> Values:
    return np.asarray(np.linalg.norm(p - np.array(centre), axis=1) - radius)


def ellipsoid(p: Points, centre: tuple[float, ...], radii: tuple[float, ...]) -> Values:
    """First-order distance to an ellipsoid (exact at the surface)."""
    q = (p - np.array(centre)) / np.array(radii)
    inner = np.linalg.norm(q, axis=1)
    slope = np.linalg.norm(q / np.array(radii), axis=1)
    return np.asarray(inner * (inner - 1) / np.maximum(slope, 1e-9))


def tube(p: Points, nodes: Sequence[tuple[float, ...]], flat: tuple[float, float, float] = (1, 1, 1)) -> Values:
    """A tube along a smooth curve through nodes (x, y, z, radius). `flat` stretches distances along an axis,
    so that (1, 1, 1.25) makes it thinner in z."""
    stretch = np.array(flat)
    fine = curve(np.array(nodes, float), 4 if len(nodes) > 2 else 1)
    nearest = np.full(len(p), np.inf)
    for a, b in itertools.pairwise(fine):
        along = b[:3] - a[:3]
        t = np.clip(((p - a[:3]) @ along) / (along @ along), 0, 1)
        reach = np.linalg.norm((p - a[:3] - t[:, None] * along) * stretch, axis=1)
        nearest = np.minimum(nearest, reach - (a[3] + t * (b[3] - a[3])))
    return nearest


def curve(nodes: Points, pieces: int) -> Points:
    """A Catmull-Rom curve through the nodes [N, d], each stretch cut into so many pieces."""
    ends = np.concatenate([2 * nodes[:1] - nodes[1:2], nodes, 2 * nodes[-1:] - nodes[-2:-1]])
    t = (np.arange(pieces) / pieces)[:, None]
    stretches = []
    for before, a, b, after in zip(ends[:-3], ends[1:-2], ends[2:-1], ends[3:], strict=True):
        linear, square = b - before, 2 * before - 5 * a + 4 * b - after
        stretches.append(0.5 * (2 * a + linear * t + square * t**2 + (3 * a - before - 3 * b + after) * t**3))
    return np.concatenate([*stretches, nodes[-1:]])


def loop(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A closed smooth curve through the corners of a polygon, as a finer polygon."""
    ring = np.array([corners[-1], *corners, corners[0], corners[1]], float)
    fine = curve(ring, 2)[2 : 2 * (len(corners) + 1)]
    return [(float(a), float(b)) for a, b in fine]


def polygon(a: Values, b: Values, corners: Sequence[tuple[float, float]]) -> Values:
    """Signed distance in a plane to a closed polygon, points given by their coordinates a and b."""
    p = np.stack([a, b], 1)
    ring = np.array(corners)
    nearest, crossing = np.full(len(a), np.inf), np.zeros(len(a), bool)
    for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        edge = end - start
        t = np.clip(((p - start) @ edge) / (edge @ edge), 0, 1)
        nearest = np.minimum(nearest, ((p - start - t[:, None] * edge) ** 2).sum(1))
        upward = (start[1] > p[:, 1]) != (end[1] > p[:, 1])
        if edge[1] != 0:
            crossing ^= upward & (p[:, 0] < edge[0] * (p[:, 1] - start[1]) / edge[1] + start[0])
    return np.where(crossing, -1, 1) * np.sqrt(nearest)


def half_space(p: Points, through: tuple[float, ...], outward: tuple[float, ...]) -> Values:
    normal = np.array(outward, float) / np.linalg.norm(outward)
    return np.asarray((p - np.array(through)) @ normal)
