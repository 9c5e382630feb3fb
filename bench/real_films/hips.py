"""What a recipe says of every hip of a film, as plain values: the answer, and what is wrong with its outlines."""

from typing import Any

import numpy as np
from scipy import ndimage

import reading
from anatomy.femur import REGIONS
from core.clinical import Clinical
from core.radiograph import Mask
from core.reading import Reading
from core.regions import Regions

OUTSIDE = 0.05  # of a region's area, outside the femur's outline
HOLES = 0.005  # of a mask's area
OVERLAP = 0.05  # of the smaller of two regions that lie side by side, neck and trochanter
NOTCH = 0.03  # of the femur's area, filled when its outline is closed by a disc of a tenth of its width
RULE = (
    f"A hip's outlines are faulty where a region lies by more than {OUTSIDE:.0%} outside the femur, a mask has holes "
    f"of more than {HOLES:.1%}, neck and trochanter overlap by more than {OVERLAP:.0%}, the femur has a notch of more "
    f"than {NOTCH:.0%} of its area, or a region is missing."
)


def answers(data: bytes, recipe: str, person: Clinical, pixel_mm: float) -> list[dict[str, Any]]:
    """A row a limb, or one for a film that was refused."""
    return [_row(one) for one in reading.read(data, "film", recipe, person, pixel_mm)]


def _row(one: Reading) -> dict[str, Any]:
    estimate = one.estimate
    row: dict[str, Any] = {
        "status": one.status,
        "side": one.side,
        "code": one.refusal.code if one.refusal else None,
        "warnings": [str(notice.code) for notice in one.warnings],
    }
    if one.status != "read" or estimate is None:
        return row
    return row | {
        "label": estimate.label,
        "probabilities": estimate.probabilities,
        "abmd": {told.region: told.abmd_g_cm2 for told in estimate.densities},
        "unlike": bool(one.difficulty and "out_of_distribution" in one.difficulty.reasons),
        "faults": faults(one.regions),
    }


def expected_t(row: dict[str, Any]) -> float:
    """One number for classes, higher for denser bone: the mean of normal 1, osteopenia 0, osteoporosis -1."""
    shares = row["probabilities"]
    return float(shares["normal"] - shares["osteoporosis"]) if shares else float("nan")


def faults(regions: Regions) -> list[str]:
    """The faults of one hip's outlines, by `RULE`."""
    masks = {region.name: np.asarray(region.mask, bool) for region in regions}
    if "femur" not in masks:
        return ["missing"]
    rows, columns = np.nonzero(masks["femur"])
    room = tuple(slice(max(0, at.min() - 8), at.max() + 9) for at in (rows, columns))
    masks = {name: mask[room] for name, mask in masks.items()}
    femur, found = masks["femur"], []
    if not set(REGIONS) <= masks.keys():
        found.append("missing")
    if any((mask & ~femur).sum() > OUTSIDE * mask.sum() for name, mask in masks.items() if name in REGIONS):
        found.append("outside")
    if any(_holes(mask) > HOLES * mask.sum() for mask in masks.values()):
        found.append("holes")
    neck, trochanter = (masks.get(name) for name in ("femoral_neck", "greater_trochanter"))
    if neck is not None and trochanter is not None and _overlap(neck, trochanter):
        found.append("overlap")
    if _notch(femur) > NOTCH * femur.sum():
        found.append("notch")
    return found


def _overlap(one: Mask, other: Mask) -> bool:
    return bool((one & other).sum() > OVERLAP * min(one.sum(), other.sum()))


def _holes(mask: Mask) -> int:
    return int((ndimage.binary_fill_holes(mask) & ~mask).sum())


def _notch(mask: Mask) -> int:
    """Area that closing by a disc fills, on a copy of at most 200 pixels a side."""
    step = max(1, max(mask.shape) // 200)
    small = np.pad(mask[::step, ::step], 24)
    reach = max(3, round(0.1 * np.sqrt(small.sum())))
    away = ndimage.distance_transform_edt(~small)
    closed = ndimage.distance_transform_edt(away <= reach) > reach
    bays, count = ndimage.label(closed & ~small)
    sizes = np.bincount(bays.ravel())[1:] if count else np.array([0])
    # The bay between neck and trochanter, and that under the neck, belong to every femur: only a third one is a notch.
    return int(np.sort(sizes)[::-1][2:3].sum()) * step**2
