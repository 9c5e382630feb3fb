"""Which of the bodies found on a lateral film make up a spine: each has a body's shape, and they stand in a row.

Bounds are those of 597 virtual spines, two in five broken (heights 0.33 to 0.83 of the depth, endplates within 23
degrees, neighbours 0.64 to 1.25 depths apart and tilted by up to 24 degrees against each other), with room for people.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

HEIGHT_TO_DEPTH = (0.3, 1.15)
LEAST_TO_LARGEST_HEIGHT = 0.35
UPPER_TO_LOWER_DEPTH = (0.75, 1.33)
ENDPLATES_DEG = 30.0
APART = (0.5, 1.5)  # of the depth, from the middle of one body to that of the next
OVERLAP = 0.05  # of the depth, that a body's lower endplate may lie below the next one's upper: points are not exact
TILT_DEG = 40.0  # of an endplate against the next body's
NEXT_DEPTH = (0.75, 1.33)  # of the body above against the one below
OVER_A_GAP = (0.7, 1.25)  # a level's share of a gap, of the distance between neighbours elsewhere in the row

Array = npt.NDArray[np.float64]
Found = Mapping[str, tuple[Array, float]]  # level -> six points [6, 2] in the order of core.vertebra.POINTS, how sure


def is_body(points: Array) -> bool:
    """Whether six points lie to each other as those of a vertebral body, intact or broken."""
    upper, lower = points[:3], points[3:]
    heights = np.linalg.norm(upper - lower, axis=1)
    above, below = (float(np.linalg.norm(plate[2] - plate[0])) for plate in (upper, lower))
    if min(above, below, *heights) <= 0:
        return False
    return (
        _within(float(heights.mean()) / depth_of(points), HEIGHT_TO_DEPTH)
        and heights.min() >= LEAST_TO_LARGEST_HEIGHT * heights.max()
        and _within(above / below, UPPER_TO_LOWER_DEPTH)
        and abs(_turn(_tilt(upper), _tilt(lower))) <= ENDPLATES_DEG
    )


def are_neighbours(lower: Array, upper: Array, steps: int) -> bool:
    """Whether a body stands `steps` levels above another as bodies of one spine do."""
    depth = (depth_of(lower) + depth_of(upper)) / 2
    down = lower.mean(0) - upper.mean(0)
    gap = float(np.linalg.norm(down)) / depth
    disc = float((lower[:3].mean(0) - upper[3:].mean(0)) @ down) / (gap * depth**2) if gap else -1.0
    tilt = max(abs(_turn(_tilt(lower[plate]), _tilt(upper[plate]))) for plate in (slice(0, 3), slice(3, 6)))
    narrow, wide = NEXT_DEPTH
    return (
        _within(gap / steps, APART)
        and float(down @ (lower[3:].mean(0) - lower[:3].mean(0))) > 0
        and disc >= -OVERLAP
        and tilt <= TILT_DEG * steps
        and _within(depth_of(upper) / depth_of(lower), (narrow**steps, wide**steps))
    )


def row_of(found: Found, levels: tuple[str, ...]) -> dict[str, tuple[Array, float]]:
    """The most bodies that make one row, the surest of equally many; levels: every level from the lowest up."""
    bodies = [(levels.index(level), level) for level in found if is_body(found[level][0])]
    best: list[tuple[int, float, list[str]]] = []  # of the row that ends with each body: how many, how sure, which
    for number, (height, level) in enumerate(sorted(bodies)):
        points, sure = found[level]
        row = (1, sure, [level])
        for (below, lower), (count, total, names) in zip(sorted(bodies)[:number], best, strict=True):
            if are_neighbours(found[lower][0], points, height - below):
                row = max(row, (count + 1, total + sure, [*names, level]))
        best.append(row)
    return {level: found[level] for level in (_counted(max(best)[2], found, levels) if best else [])}


def _counted(row: list[str], found: Found, levels: tuple[str, ...]) -> list[str]:
    """The longest part of a row without a gap that is too wide or too narrow for the bodies missing in it: beyond such
    a gap every name would be wrong. The lower part of two as long."""
    steps = [levels.index(upper) - levels.index(lower) for lower, upper in pairwise(row)]
    apart = [float(np.linalg.norm(found[b][0].mean(0) - found[a][0].mean(0))) for a, b in pairwise(row)]
    usual = [distance for distance, step in zip(apart, steps, strict=True) if step == 1]
    if not usual:
        return row
    parts = [row[:1]]
    for level, distance, step in zip(row[1:], apart, steps, strict=True):
        if step > 1 and not _within(distance / step / float(np.median(usual)), OVER_A_GAP):
            parts.append([])
        parts[-1].append(level)
    return max(parts, key=len)


def depth_of(points: npt.NDArray[np.floating]) -> float:
    """Mean depth of a body's two endplates."""
    return float(np.linalg.norm(points[2] - points[0]) + np.linalg.norm(points[5] - points[3])) / 2


def _tilt(plate: Array) -> float:
    """Of an endplate [3, 2] against the horizontal, in degrees."""
    across = plate[2] - plate[0]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def _turn(one: float, other: float) -> float:
    return (other - one + 180) % 360 - 180


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
