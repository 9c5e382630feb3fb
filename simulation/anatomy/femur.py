"""The proximal femur, left, in its own frame: origin in the head's centre, x lateral, y up along the shaft, z forward.

The neck lies in the plane z = 0, so that the plane is what a DXA sees of a rightly turned hip. Mean measures after
Hoaglund & Low 1980, Noble et al. 1988 and Unnanuntana et al. 2010: head diameter 48 mm, neck-shaft angle 128 degrees,
offset 43 mm, isthmus of the neck 31 mm, shaft 28 mm below the lesser trochanter.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Points, Surface, surface_of

HEAD_RADIUS = 24.0
SHAFT_X = 43.0
JUNCTION = np.array([43.0, -33.0, 0.0])  # where the neck's axis meets the shaft's
NECK_AXIS = -JUNCTION / np.linalg.norm(JUNCTION)  # towards the head
NECK_SHAFT_ANGLE = float(np.degrees(np.arccos(-NECK_AXIS[1])))
NECK_WAIST = np.array([20.0, -15.5, 0.0])
LESSER_TROCHANTER = np.array([26.0, -69.0, -13.0])
GREATER_TIP = np.array([54.0, -5.0, -8.0])
LOWEST = -275.0
FLATTENED_MM = 2.6  # what the head's top loses in the worst arthritis


def field(p: Points) -> npt.NDArray[np.float64]:
    """Implicit proximal femur, negative inside."""
    head = solid.sphere(p, (0, 0, 0), HEAD_RADIUS)
    neck = solid.tube(p, [(3, -2, 0, 16), (20, -15.5, 0, 15.3), (38, -31, 0, 19)], flat=(1, 1, 1.16))
    shaft = solid.tube(
        p,
        [
            (39, -30, -1, 20.5),
            (41, -55, -1, 18.8),
            (43, -84, 0, 16.0),
            (43.4, -125, 1, 14.4),
            (42, -200, 3, 13.5),
            (39, -300, 5, 13.8),
        ],
        flat=(1, 1, 1.03),
    )
    greater = solid.union(
        solid.ellipsoid(p, (56, -26, -3), (11.5, 22, 17)),
        solid.tube(p, [(57, -14, -8, 8.5), (53, -7, -10, 6.0)]),
        k=7,
    )
    crest = solid.tube(p, [(51, -12, -15, 5.5), (42, -40, -17, 5.5), (30, -64, -14, 6.0)])
    lesser = solid.tube(p, [(36, -70, -7, 12), (27, -68, -13, 7.5)])
    body = solid.union(neck, shaft, k=9)
    body = solid.union(body, greater, k=8)
    body = solid.union(body, crest, lesser, k=7)
    fossa = solid.sphere(p, (43.5, -7, -13), 7.5)
    body = solid.without(body, fossa, k=5)
    fovea = solid.sphere(p, (-26.5, 4, -4), 5.5)
    return solid.union(body, solid.without(head, fovea, k=2.5), k=5)


def cortex(p: Points) -> npt.NDArray[np.float64]:
    """Thickness of the cortical shell in mm at points on the surface, for a young adult.

    A thin subchondral plate on the head, thin over the trochanter and the neck's upper side, thick at the calcar and
    along the shaft (Treece et al. 2010 map of cortical thickness).
    """
    x, y, z = p.T
    shaft = _rise(y, -45, -120)
    medial = x < 43 - 0.25 * (z < -8)
    in_neck = np.exp(-((((p - NECK_WAIST) @ NECK_AXIS) / 14) ** 2))
    thickness = 1.0 + 4.0 * shaft + 0.35 * in_neck * (y < -2)
    calcar = np.exp(-(((x - 27) / 9) ** 2) - ((y + 57) / 19) ** 2) * medial
    under_neck = np.exp(-(((x - 15) / 10) ** 2) - ((y + 34) / 9) ** 2)
    above_neck = np.exp(-(((x - 22) / 10) ** 2) - ((y + 2) / 8) ** 2)
    lateral = np.exp(-(((x - 62) / 8) ** 2) - ((y + 62) / 16) ** 2)
    thickness += 2.9 * calcar + 1.5 * under_neck + 0.35 * above_neck + 1.1 * lateral
    on_head = np.linalg.norm(p, axis=1) < HEAD_RADIUS + 1.5
    thickness = np.where(on_head, 1.0 + 0.25 * np.exp(-(((x + 2) / 14) ** 2) - ((y - 22) / 9) ** 2), thickness)
    return np.asarray(thickness)


def below_neck(p: Points) -> npt.NDArray[np.float64]:
    """0 on head and neck, 1 on trochanters and shaft, rising over the neck's base."""
    return _rise((p - JUNCTION) @ NECK_AXIS, 20, 8)


def _rise(value: npt.NDArray[np.float64], start: float, end: float) -> npt.NDArray[np.float64]:
    t = np.clip((value - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


@cache
def template() -> Surface:
    """The mean left femur from 20 mm above the head to below the middle of the shaft."""
    return surface_of(field, (-32, LOWEST, -34), (78, 32, 34), 2.2)


@dataclass(frozen=True)
class FemurShape:
    """How one femur differs from the mean. `size` scales all; the rest act on top.

    head: factor of the head's radius. neck_width: factor across the neck. neck_length: mm added along its axis.
    neck_shaft_angle: degrees. trochanter, lesser, shaft: factors of their bulk. arthritis: 0 none to 1 severe, a head
    flattened on top with osteophytes around its edge.
    """

    size: float = 1.0
    head: float = 1.0
    neck_width: float = 1.0
    neck_length: float = 0.0
    neck_shaft_angle: float = NECK_SHAFT_ANGLE
    trochanter: float = 1.0
    lesser: float = 1.0
    shaft: float = 1.0
    arthritis: float = 0.0

    def __post_init__(self) -> None:
        if not 0.7 <= self.size <= 1.4 or not 105 <= self.neck_shaft_angle <= 150:
            raise ValueError(
                f"a femur of {self.size:.2f} times the mean size with a neck-shaft angle of "
                f"{self.neck_shaft_angle:.0f} degrees was asked for; expected 0.7 to 1.4 and 105 to 150 degrees"
            )

    def apply(self, p: Points) -> Points:
        """Points of the mean femur [N, 3] -> points of this one, head centre still at the origin."""
        q = p.copy()
        radius = np.linalg.norm(p, axis=1)
        at_head = 1 - _rise(radius, 20, 40)
        q += p * ((self.head - 1) * at_head)[:, None]

        along = p @ NECK_AXIS - JUNCTION @ NECK_AXIS  # 0 at the shaft's axis, 54 at the head's centre
        across = p - JUNCTION - along[:, None] * NECK_AXIS
        at_neck = np.exp(-(((along - 29) / 13) ** 2)) * (1 - at_head)
        q += across * ((self.neck_width - 1) * at_neck)[:, None]

        greater = np.array([56.0, -24.0, -4.0])
        at_greater = np.exp(-(((p - greater) / np.array([14.0, 20.0, 18.0])) ** 2).sum(1))
        q += (p - np.array([44.0, -34.0, 0])) * ((self.trochanter - 1) * at_greater)[:, None]
        at_lesser = np.exp(-(((p - LESSER_TROCHANTER) / np.array([12.0, 13.0, 13.0])) ** 2).sum(1))
        q += (p - np.array([42.0, -66.0, 0])) * ((self.lesser - 1) * at_lesser)[:, None]
        low = _rise(p[:, 1], -55, -95)
        q[:, [0, 2]] += (p[:, [0, 2]] - np.array([SHAFT_X, 0])) * ((self.shaft - 1) * low)[:, None]

        if self.arthritis:
            height = p @ NECK_AXIS
            aside = p - height[:, None] * NECK_AXIS
            edge = np.exp(-(((height + 11) / 4.5) ** 2) - (((radius - HEAD_RADIUS) / 7) ** 2))
            lobes = 0.35 + 0.65 * (aside[:, 1] / np.maximum(np.linalg.norm(aside, axis=1), 1e-6)) ** 2
            q += aside * (0.17 * self.arthritis * edge * lobes)[:, None]
            q[:, 1] -= FLATTENED_MM * self.arthritis * _rise(p[:, 1], 13, 25) * at_head

        # Away from the head the bone is moved along the neck and turned about the neck's base in the plane z = 0.
        away = _rise(-along, -44, -12)
        q -= NECK_AXIS * (self.neck_length * away)[:, None]
        turn = np.radians(self.neck_shaft_angle - NECK_SHAFT_ANGLE) * away
        pivot = np.array([30.0, -23.0, 0.0])
        dx, dy = q[:, 0] - pivot[0], q[:, 1] - pivot[1]
        q[:, 0] = pivot[0] + np.cos(turn) * dx - np.sin(turn) * dy
        q[:, 1] = pivot[1] + np.sin(turn) * dx + np.cos(turn) * dy
        return np.asarray(q * self.size)

    def invert(self, q: Points, rounds: int = 12) -> Points:
        """The mean femur's points that `apply` takes to q, by fixed-point iteration (error below 0.1 mm)."""
        p = q / self.size
        for _ in range(rounds):
            p = p - (self.apply(p) - q) / self.size
        return p
