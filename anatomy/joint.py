"""A joint that is found by its landmarks: which they are, how they lie to each other, and the square around it.

`anatomy.femur.FEMUR` and `anatomy.knee.KNEE` are values of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.radiograph import Side
from imaging.crop import Box

SIDES: tuple[Side, ...] = ("R", "L")
Points = Mapping[str, tuple[float, float]]  # landmark -> (x, y) on the film


@dataclass(frozen=True)
class Joint:
    """One kind of joint.

    landmarks: what the finder looks for on either side, by the simulator's names. needed: those that must be seen; the
    first is the origin of the joint's shape. unit: the needed landmark one length away from it, `unit_mm` in an adult.
    box_of: the square around the joint; a right one is mirrored, so that all look like left ones. called, many: what it
    is, and several of it, for a sentence; whole: from where to where it must be on a film. alike: times the farthest
    shape learned from that is still one. sided_by: what names the side of a limb on a film that
    names none. one_by_one: what the finder's maps show where it looks at one limb at a time, whichever it is; empty
    where it looks for right and left ones at once.
    """

    name: str
    called: str
    many: str
    whole: str
    landmarks: tuple[str, ...]
    needed: tuple[str, ...]
    unit: str
    unit_mm: int
    box_of: Callable[[Points, Side], Box]
    alike: float
    sided_by: str
    one_by_one: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a film's truth names, in order."""
        return tuple(f"{side}_{name}" for side in SIDES for name in self.landmarks)

    @property
    def maps(self) -> tuple[str, ...]:
        """What the finder's maps show, in order."""
        return self.one_by_one or self.outputs

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The places in `outputs` that belong to one limb, the needed ones by their order in `landmarks`."""
        return tuple(tuple(self.outputs.index(f"{side}_{name}") for name in self.landmarks) for side in SIDES)

    def numbers(self, side: Side) -> list[int]:
        """The places in `outputs` of what is needed on one side."""
        return [self.outputs.index(f"{side}_{name}") for name in self.needed]

    def places(self, points: Points, side: Side) -> npt.NDArray[np.float64]:
        """Where the needed landmarks lie [2 (N - 1)]: the origin at 0, the unit one away, a right joint mirrored."""
        table = np.array([points[name] for name in self.needed], float) - np.array(points[self.needed[0]])
        table /= np.linalg.norm(table[self.needed.index(self.unit)])
        if side == "R":
            table[:, 0] *= -1
        return table[1:].ravel()


@dataclass(frozen=True, eq=False)
class Shape:
    """How landmarks of a joint lie to each other, learned from virtual persons: mean and spread of their places [P].

    beyond: Mahalanobis distance that no joint learned from reached.
    """

    joint: Joint
    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]  # inverse of the covariance's Cholesky factor [P, P]
    beyond: float

    def distance(self, points: Points, side: Side) -> float:
        """How unlike the joint the landmarks lie: 1 is the farthest ever learned from."""
        return float(np.linalg.norm(self.spread @ (self.joint.places(points, side) - self.mean)) / self.beyond)

    @classmethod
    def learn(cls, joint: Joint, limbs: list[tuple[Points, Side]]) -> "Shape":
        places = np.array([joint.places(points, side) for points, side in limbs])
        mean = places.mean(0)
        # A millimetre or two of the finder's own error belongs to the spread.
        covariance = np.cov(places.T) + np.eye(places.shape[1]) * 0.02**2
        spread = np.linalg.inv(np.linalg.cholesky(covariance))
        return cls(joint, mean, spread, float(np.linalg.norm((places - mean) @ spread.T, axis=1).max()))

    def to_dict(self) -> dict[str, object]:
        return {
            "mean": self.mean.round(5).tolist(), "spread": self.spread.round(4).tolist(),
            "beyond": round(self.beyond, 3),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, joint: Joint, values: dict[str, object]) -> "Shape":
        return cls(joint, np.array(values["mean"]), np.array(values["spread"]), float(str(values["beyond"])))
