"""What every view has in common: where source and film stand, and where the lead letter lies."""

import numpy as np
import numpy.typing as npt

from simulation.xray.projector import Geometry
from simulation.xray.scanner import Scanner


def beam_geometry(
    aim: npt.NDArray[np.float64],
    wide_mm: float,
    high_mm: float,
    size: int,
    film_z: float,
    scanner: Scanner,
    rng: np.random.Generator,
    off_mm: float = 9.0,
) -> Geometry:
    """A film of the given size with its long side in `size` pixels, its middle where the ray through `aim` ends.

    aim: (x, y) in the patient's plane z = 0, mm. off_mm: how far off the centre the tube stands, as a spread.
    """
    pitch = max(wide_mm, high_mm) / size
    shape = (max(1, round(high_mm / pitch)), max(1, round(wide_mm / pitch)))
    off = rng.normal(0, off_mm, 2)
    if scanner.parallel:
        return Geometry(None, film_z, (float(aim[0] - wide_mm / 2), float(aim[1] + high_mm / 2)), pitch, shape)
    source_z = scanner.source_mm + film_z
    scale = scanner.source_mm / source_z
    focus = aim + off
    middle = focus + (aim - focus) * scale
    source = (float(focus[0]), float(focus[1]), source_z)
    return Geometry(source, film_z, (float(middle[0] - wide_mm / 2), float(middle[1] + high_mm / 2)), pitch, shape)


def letter_place(
    field: tuple[float, float, float, float], sign: float, rng: np.random.Generator, low: float = 0.4
) -> tuple[float, float]:
    """Just inside the field, right (sign above 0) or left, near the top or, in a share `low` of films, the foot."""
    down = rng.uniform(0.86, 0.92) if rng.random() < low else rng.uniform(0.07, 0.15)
    inset = rng.uniform(0.05, 0.09)
    x = field[2] - inset if sign > 0 else field[0] + inset
    return float(x), float(min(max(down, field[1] + 0.05), field[3] - 0.05))
