"""Vertebral heights, and the grade of a fracture (Genant et al., J. Bone Miner. Res. 1993; 8: 1137)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.vertebra import LEVELS, Vertebra

GRADES = (0.20, 0.25, 0.40)  # share of height lost from which each grade begins
INTACT_BACK = 0.15  # less of the back's height lost than this: a body is judged against its own back

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Norm:
    """Heights of intact bodies, front, middle and back by level, as shares of the mean back height of one spine."""

    heights: dict[str, tuple[float, float, float]]

    @classmethod
    def learn(cls, spines: Sequence[Mapping[str, Array]]) -> "Norm":
        """From spines without a fracture, whole: heights [3] by level. Raises ValueError where there is none."""
        whole = [spine for spine in spines if set(LEVELS) <= set(spine)]
        if not whole:
            raise ValueError(
                "found no unbroken spine with all its points, expected some to learn the heights of intact bodies from"
            )
        shares = [
            np.array([spine[level] for level in LEVELS]) / np.mean([spine[level][2] for level in LEVELS])
            for spine in whole
        ]
        mean = np.mean(shares, 0).round(4)
        return cls({level: (float(f), float(m), float(b)) for level, (f, m, b) in zip(LEVELS, mean, strict=True)})


def heights_of(points: npt.NDArray[np.floating]) -> Array:
    """Front, middle and back height [3] of six points [6, 2] in the order of `POINTS`."""
    upper, lower = np.asarray(points, float).reshape(2, 3, 2)
    return np.asarray(np.linalg.norm(upper - lower, axis=1))


def losses(heights: Mapping[str, Array], norm: Norm) -> dict[str, Array]:
    """Share of height lost in front, in the middle and behind [3], by level.

    The spine's own size is the median over its bodies of height against the norm: a few broken bodies do not move it.
    A body whose back stands is judged against its own back, for which neighbours and the beam's slant matter less.
    """
    against = {level: own / np.array(norm.heights[level]) for level, own in heights.items()}
    size = float(np.median([ratio for ratios in against.values() for ratio in ratios]))
    lost = {}
    for level, ratios in against.items():
        to_spine = 1 - ratios / size
        own_back = 1 - ratios / ratios[2]
        lost[level] = np.array([own_back[0], own_back[1], 0.0]) if to_spine[2] < INTACT_BACK else to_spine
    return lost


def graded(lost: Array) -> tuple[int, str, float]:
    """Genant's grade, its kind and the share lost that it stands for, from losses in front, middle and behind [3]."""
    front, middle, back = lost
    most = float(max(lost))
    grade = sum(most >= bound for bound in GRADES)
    if not grade:
        return 0, "none", max(most, 0.0)
    kind = "crush" if back >= GRADES[0] else "wedge" if front >= middle else "biconcave"
    return grade, kind, most


def greatest_loss(bodies: Sequence[Vertebra]) -> float | None:
    """Share of its height that the most broken body lost; None where none is graded."""
    return max((body.loss for body in bodies if body.loss is not None), default=None)
