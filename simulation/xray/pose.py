"""Where a body stands in the world: rotation and place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.anatomy.surface import Points

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pose:
    """world = rotation @ own + place, mm."""

    rotation: Matrix
    place: npt.NDArray[np.float64]

    def to_world(self, p: Points) -> Points:
        return np.asarray(p @ self.rotation.T + self.place)

    def to_own(self, q: Points) -> Points:
        return np.asarray((q - self.place) @ self.rotation)

    def after(self, first: "Pose") -> "Pose":
        """The pose that stands first, then this one."""
        return Pose(self.rotation @ first.rotation, self.rotation @ first.place + self.place)


def turn(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Matrix:
    """Rotation in degrees about y (the long axis), then z (in the frontal plane), then x."""
    ax, ay, az = np.radians([x, y, z])
    about_x = np.array([[1, 0, 0], [0, np.cos(ax), -np.sin(ax)], [0, np.sin(ax), np.cos(ax)]])
    about_y = np.array([[np.cos(ay), 0, np.sin(ay)], [0, 1, 0], [-np.sin(ay), 0, np.cos(ay)]])
    about_z = np.array([[np.cos(az), -np.sin(az), 0], [np.sin(az), np.cos(az), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_z @ about_y)


STILL = Pose(np.eye(3), np.zeros(3))
