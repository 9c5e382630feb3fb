"""The proximal femur as the hip recipes see it: its landmarks, its regions, and the square around them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.radiograph import Side
from imaging.crop import Box

# Where each lies: middle of the head; waist and base of the neck on its axis; tip of the greater and the lesser
# trochanter; a point on the shaft's axis below them.
LANDMARKS = ("head_centre", "neck_waist", "neck_base", "greater_trochanter", "lesser_trochanter", "shaft_upper")
# What must be seen of a femur. Close films of one hip often end just below the lesser trochanter.
NEEDED = LANDMARKS[:5]
SIDES: tuple[Side, ...] = ("R", "L")
FINDER_OUTPUTS = tuple(f"{side}_{name}" for side in SIDES for name in LANDMARKS)
REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")
OUTLINED = (*REGIONS, "femur")

# Square of about 155 mm in an adult: the head's upper edge lies 0.4 of the distance from head to lesser trochanter
# above the head's centre, and total hip ends 20 mm (0.25) below the lesser trochanter.
SIDE = 2.0
MIDDLE = 0.49

Points = Mapping[str, tuple[float, float]]  # landmark -> (x, y) on the film


def box_of(points: Points, side: Side) -> Box:
    """The square around one proximal femur; a right one is mirrored, so that all look like left ones.

    Raises KeyError where head centre or a trochanter is missing.
    """
    head, greater, lesser = (
        np.array(points[name]) for name in ("head_centre", "greater_trochanter", "lesser_trochanter")
    )
    length = float(np.linalg.norm(lesser - head))
    down = (lesser - head)[1]
    return Box((float((head[0] + greater[0]) / 2), float(head[1] + MIDDLE * down)), SIDE * length, mirrored=side == "R")


@dataclass(frozen=True, eq=False)
class Shape:
    """How landmarks of a femur lie to each other, learned from virtual persons: mean and spread of their places [P]
    with the head's centre at the origin, the lesser trochanter one unit away, and a right femur mirrored.

    beyond: Mahalanobis distance that no femur learned from reached.
    """

    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]  # inverse of the covariance's Cholesky factor [P, P]
    beyond: float

    def distance(self, points: Points, side: Side) -> float:
        """How unlike a femur the landmarks lie: 1 is the farthest ever learned from."""
        return float(np.linalg.norm(self.spread @ (_places(points, side) - self.mean)) / self.beyond)

    @classmethod
    def learn(cls, femora: list[tuple[Points, Side]]) -> "Shape":
        places = np.array([_places(points, side) for points, side in femora])
        mean = places.mean(0)
        # A millimetre or two of the finder's own error belongs to the spread.
        covariance = np.cov(places.T) + np.eye(places.shape[1]) * 0.02**2
        spread = np.linalg.inv(np.linalg.cholesky(covariance))
        return cls(mean, spread, float(np.linalg.norm((places - mean) @ spread.T, axis=1).max()))

    def to_dict(self) -> dict[str, object]:
        return {
            "mean": self.mean.round(5).tolist(), "spread": self.spread.round(4).tolist(),
            "beyond": round(self.beyond, 3),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> "Shape":
        return cls(np.array(values["mean"]), np.array(values["spread"]), float(str(values["beyond"])))


def _places(points: Points, side: Side) -> npt.NDArray[np.float64]:
    table = np.array([points[name] for name in NEEDED], float) - np.array(points["head_centre"])
    table /= np.linalg.norm(table[NEEDED.index("lesser_trochanter")])
    if side == "R":
        table[:, 0] *= -1
    return table[1:].ravel()
