"""The socket of a hip: how wide the joint is, how the head lies in it, how far its roof reaches and how thick it is.

On films of 446 hips without complaint the joint was 4.19 mm wide above the head (SD 0.92, 2 to 7), wider towards the
side than towards the middle, and one roof in five was not round (Lequesne et al., Ann Rheum Dis 2004). Without that
variety a network takes the roof for the head.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.anatomy import pelvis
from simulation.anatomy.surface import Points

Values = npt.NDArray[np.float64]

# From the hip's centre: the roof, which turns dense in arthritis; its outer part, which may be flat; its outer rim,
# which grows a spur in arthritis and falls short in dysplasia.
ROOF, OUTER_ROOF, RIM = np.array([8.0, 27.0, 0.0]), np.array([17.0, 23.0, 0.0]), np.array([24.0, 17.0, 0.0])
SPUR, SHORT_ROOF = np.array([6.0, -3.5, 0.0]), np.array([-9.0, 6.0, 0.0])  # mm by which the rim moves at the most
FLAT = np.array([0.45, 0.9, 0.0])  # the way a flat roof lies beyond a round one
SLIPPED = np.array([7.0, 2.0, 0.0])  # mm that the head of a severely dysplastic hip has moved
FLAT_ROOFS = 0.215


@dataclass(frozen=True)
class Socket:
    """One hip's socket. Lengths in mm on a hip of mean size, x outward from the midline, y up.

    joint: width of the joint above the head. settled: where the head's centre lies from the socket's. reach: how far
    the rim reaches outward, as shares of SPUR. flat: how far the roof's outer part lies above a round one. dense: how
    many times as thick its plate is. arthritis, dysplasia: 0 none to 1 severe.
    """

    joint: float
    settled: tuple[float, float] = (0.0, 0.0)
    reach: float = 0.0
    flat: float = 0.0
    dense: float = 1.0
    arthritis: float = 0.0
    dysplasia: float = 0.0

    def head(self, size: float, flattened_mm: float) -> Values:
        """Where the head's centre lies from the socket's. Cartilage goes above and to the side first: there the head
        moves in arthritis until bone nearly stands on bone."""
        risen = self.arthritis * (flattened_mm * size + max(self.joint - 0.5, 0.0))
        lies = np.array([*self.settled, 0.0]) * (1 - self.arthritis)
        return np.asarray(lies + risen * np.array([0.25, 0.97, 0.0]) + self.dysplasia * size * SLIPPED)

    def thickness(self, points: Points, plain: Values) -> Values:
        """Cortex of the left hip bone in mm at its points, where it is `plain` without this socket's own roof."""
        roof = _near(points, ROOF, (15.0, 6.0, 16.0))
        return plain * self.dense**roof + 2.2 * self.arthritis * roof

    def change(self, points: Points) -> Points:
        """By how much the points of the left hip bone lie elsewhere than in a round socket of mean reach."""
        rim = _near(points, RIM, (7.0, 6.0, 20.0))[:, None]
        outer = _near(points, OUTER_ROOF, (9.0, 7.0, 18.0))[:, None]
        return rim * ((self.arthritis + self.reach) * SPUR + self.dysplasia * SHORT_ROOF) + outer * self.flat * FLAT


def draw(rng: np.random.Generator, worn: dict[str, float], shallow: dict[str, float]) -> dict[str, Socket]:
    """The sockets of a person's right and left hip, alike but not the same."""
    joint, reach = rng.normal(4.19, 0.9), rng.normal(0, 0.45)
    dense = rng.normal(0, 0.3)
    sockets = {}
    for side in ("R", "L"):
        width = float(np.clip(joint + rng.normal(0, 0.25), 2.0, 7.0))
        settled = rng.normal((-0.3, -0.3), 0.7)
        settled *= min(1.0, (width - 1.0) / max(float(np.hypot(*settled)), 1e-6))  # bone never stands in bone
        sockets[side] = Socket(
            width,
            (float(settled[0]), float(settled[1])),
            float(np.clip(reach + rng.normal(0, 0.15), -1.2, 1.2)),
            float(rng.uniform(1.0, 3.5)) if rng.random() < FLAT_ROOFS else 0.0,
            float(np.exp(np.clip(dense + rng.normal(0, 0.1), -0.6, 0.8))),
            worn[side],
            shallow[side],
        )
    return sockets


def _near(points: Points, place: Values, reach: tuple[float, float, float]) -> Values:
    """1 at a place of the left hip bone, falling to 0 beyond its reach in each direction."""
    return np.asarray(np.exp(-(((points - pelvis.HIP - place) / np.array(reach)) ** 2).sum(1)))
