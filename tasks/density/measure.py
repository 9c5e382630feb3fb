"""How well bone densities agree with the truth: what was predicted of one limb, and the figures of a set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.example import Example
from core.labels import CLASSES
from core.radiograph import Radiograph
from evidence.agreement import agreement, coverage
from evidence.densitometry import lowest_t, who_class
from evidence.metrics import classification

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class DensityPrediction:
    """abmd, spread [R]: the network's mean over looks at the film and how far they differ, before calibration;
    value, low, high [R]: calibrated, with the interval's ends; all in g/cm2. label, shares, kept: the class by the
    lower T-score, the classes' probabilities and the conformal set. projection [h, w] in g/cm2 over the crop that the
    network saw."""

    abmd: Array
    spread: Array
    value: Array
    low: Array
    high: Array
    label: str
    shares: dict[str, float]
    kept: tuple[str, ...]
    projection: Array


@dataclass(frozen=True, eq=False)
class DensityRow:
    """One limb: truth, answer and the interval's ends [R] in g/cm2, NaN where the truth is not known; the classes'
    probabilities [K]."""

    truth: Array
    value: Array
    low: Array
    high: Array
    shares: Array
    patient: str


def compare(
    prediction: DensityPrediction, part: "Part", example: Example, shown: Radiograph, folder: Path
) -> DensityRow:
    """The densities beside those the row names."""
    known = [example.others.get(f"abmd_{region}") for region in part.outputs]
    return DensityRow(
        np.array([np.nan if one is None else float(one) for one in known]),
        prediction.value,
        prediction.low,
        prediction.high,
        np.array([prediction.shares[label] for label in CLASSES]),
        example.person,
    )


def figures(rows: Sequence[DensityRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """Agreement and coverage by region with 95 % intervals by patient, the answers themselves for plots, and how well
    the classes by the lower T-score agree."""
    group = [row.patient for row in rows]
    truths, values, lows, highs = (
        np.stack([getattr(row, name) for row in rows]) for name in ("truth", "value", "low", "high")
    )
    regions = {}
    for at, region in enumerate(part.outputs):
        truth, answer = truths[:, at], values[:, at]
        known = np.isfinite(truth)
        regions[region] = agreement(truth, answer, group)
        if known.any():
            whose = [one for one, there in zip(group, known, strict=True) if there]
            regions[region] |= {
                "coverage": coverage(truth[known], lows[known, at], highs[known, at], whose),
                "interval_width": round(float((highs - lows)[:, at].mean()), 4),
                "truth": truth[known].round(4).tolist(),
                "answer": answer[known].round(4).tolist(),
            }
    return {
        "promised_coverage": ensemble.nodes[0].facts["coverage"],
        "regions": regions,
        "classes": classes(rows, part),
    }


def classes(rows: Sequence[DensityRow], part: "Part") -> dict[str, Any]:
    """How well the classes by the lower T-score agree, of limbs whose densities are all known; empty without any."""
    true = lowest_t(np.stack([row.truth for row in rows]), part.outputs)
    known = np.isfinite(true)
    if not known.any():
        return {}
    truth = np.array([CLASSES.index(who_class(float(one))) for one in true[known]])
    group = [row.patient for row, there in zip(rows, known, strict=True) if there]
    return classification(truth, np.stack([row.shares for row in rows])[known], CLASSES, group)
