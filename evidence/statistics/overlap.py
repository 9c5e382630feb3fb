"""How well an outline lies on the true one."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from evidence.statistics.metrics import Bootstrap

Mask = npt.NDArray[np.bool_]
AGREES = 0.5  # IoU from which an outline is counted as found (Feng et al., Appl. Sci. 2024)


@dataclass(frozen=True)
class Overlap:
    """Two masks against one another; NaN where they do not define it.

    iou, dice: 0 for a miss, not defined where both are empty.
    boundary_mm: mean distance between the two boundaries, both ways; boundary_95_mm: the larger of the two ways'
    95th percentiles (Hausdorff distance at 95 %). Not defined where a mask is empty or the film has no spacing.
    """

    iou: float
    dice: float
    boundary_mm: float
    boundary_95_mm: float


def overlap(truth: Mask, found: Mask, spacing_mm: tuple[float, float] | None) -> Overlap:
    """Of masks [H, W], with the film's spacing (row, column). Raises ValueError for masks of two sizes."""
    if truth.shape != found.shape:
        raise ValueError(
            f"found masks of {truth.shape} and {found.shape} px, expected one size; bring both to the film's pixels"
        )
    both, either = int((truth & found).sum()), int((truth | found).sum())
    if not either:
        return Overlap(np.nan, np.nan, np.nan, np.nan)
    iou, dice = both / either, 2 * both / (both + either)
    if spacing_mm is None or not truth.any() or not found.any():
        return Overlap(iou, dice, np.nan, np.nan)
    one, other = (_boundary(mask) * np.asarray(spacing_mm) for mask in (truth, found))
    there, back = cKDTree(other).query(one)[0], cKDTree(one).query(other)[0]
    far = max(np.percentile(there, 95), np.percentile(back, 95))
    return Overlap(iou, dice, float(np.concatenate([there, back]).mean()), float(far))


def summary(
    overlaps: Mapping[str, Sequence[Overlap | None]], group: Sequence[Hashable], draws: int = 1000
) -> dict[str, dict[str, Any]]:
    """For each region, figures over films with intervals over groups (patients).

    overlaps: by region, one for each film; None where nothing was outlined: a miss, of no overlap and no distance.
    Besides the means of `Overlap`: `found`, the share of films with an IoU of at least `AGREES`.
    """
    bootstrap = Bootstrap(group, draws)
    regions = {}
    for name, each in overlaps.items():
        table = np.array([(0.0, 0.0, np.nan, np.nan) if one is None else astuple(one) for one in each])
        if len(table) != len(bootstrap.group):
            raise ValueError(f"found {len(table)} outlines of {name}, expected one for each of {len(group)} films")
        known = np.isfinite(table[:, 0])
        regions[name] = {
            "films": int(known.sum()),
            **{
                field: asdict(bootstrap.mean(column))
                for field, column in zip(Overlap.__dataclass_fields__, table.T, strict=True)
            },
            "found": asdict(bootstrap.ratio(known & (table[:, 0] >= AGREES), known)),
        }
    return regions


def _boundary(mask: Mask) -> npt.NDArray[np.integer]:
    """Row and column of the mask's pixels that touch what is outside: [N, 2]."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    corner = np.array([rows[0], columns[0]])
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.argwhere(inside & ~binary_erosion(inside)) + corner
