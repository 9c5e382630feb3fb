"""A proximal femur of simple solids, and a piece of pelvis, as a CT would hold them."""

import numpy as np
import numpy.typing as npt

SPACING = (3.0, 3.0, 3.0)


def femur() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Mineral in mg/cm3 [x left, y up, z front] of all bone, and which of it is the femur. No symmetry, so that every
    turn shows."""
    x, y, z = np.meshgrid(*(np.arange(n) * 3.0 - (n - 1) * 1.5 for n in (50, 60, 36)), indexing="ij")
    bone = np.zeros(x.shape, np.float32)
    bone[(x + 5) ** 2 + (y - 45) ** 2 + (z - 5) ** 2 < 24**2] = 350  # head
    along = np.clip(((x + 5) * 35 - (y - 45) * 40 - (z - 5) * 12) / (35**2 + 40**2 + 12**2), 0, 1)
    neck = (x + 5 - 35 * along) ** 2 + (y - 45 + 40 * along) ** 2 + (z - 5 + 12 * along) ** 2
    bone[neck < 15**2] = 450
    shaft = (x - 30 - 0.1 * y) ** 2 + (z + 7) ** 2
    bone[(shaft < 16**2) & (y < 10)] = 900
    bone[(shaft < 9**2) & (y < 10)] = 60
    bone[(x - 42) ** 2 + (y - 20) ** 2 + (z + 12) ** 2 < 14**2] = 300  # greater trochanter
    own = bone > 0
    bone[((x + 45) / 25) ** 2 + ((y - 50) / 34) ** 2 + ((z - 20) / 12) ** 2 < 1] = 500  # pelvis
    return bone, own
