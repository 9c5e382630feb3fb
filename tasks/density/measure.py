"""How well bone densities agree with the truth: what was predicted of one limb, and the figures of a set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.labels import CLASSES
from core.reference import YOUNG
from evidence.densitometry import lowest_t, who_class
from evidence.statistics import bodies
from evidence.statistics.agreement import agreement, coverage, likeness, pearson
from evidence.statistics.metrics import classification
from evidence.statistics.paired import mean_difference, rmse_difference
from evidence.versus import Measure, Paired
from tasks.task import Truth

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

PROJECTION = "projection_proximal_femur"

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class DensityPrediction:
    """abmd, spread [R]: the network's mean over looks at the film and how far they differ, before calibration;
    value, low, high [R]: calibrated, with the interval's ends; all in g/cm2. label, shares, kept: the class by the
    lower T-score, the classes' probabilities and the conformal set. projection [h, w] in g/cm2 over
    what the network saw, shown [h, w] in 0..1."""

    abmd: Array
    spread: Array
    value: Array
    low: Array
    high: Array
    label: str
    shares: dict[str, float]
    kept: tuple[str, ...]
    projection: Array
    shown: Array


@dataclass(frozen=True, eq=False)
class Pictured:
    """One limb whose projection was compared: film in 0..1, projection and truth in g/cm2, each [H, W]."""

    film: Array
    drawn: Array
    truth: Array
    likeness: float  # structural similarity
    r: float


@dataclass(frozen=True, eq=False)
class DensityRow:
    """One limb: truth, answer and the interval's ends [R] in g/cm2, NaN where the truth is not known; the classes'
    probabilities [K]. body: whose bones a simulated patient has."""

    truth: Array
    value: Array
    low: Array
    high: Array
    shares: Array
    patient: str
    pictured: Pictured | None = None
    body: str | None = None


def compare(prediction: DensityPrediction, part: "Part", truth: Truth) -> DensityRow:
    """The densities beside those the row names, and the projection beside the true one."""
    example = truth.example
    known = [example.others.get(f"abmd_{region}") for region in part.outputs]
    return DensityRow(
        np.array([np.nan if one is None else float(one) for one in known]),
        prediction.value,
        prediction.low,
        prediction.high,
        np.array([prediction.shares[label] for label in CLASSES]),
        example.person,
        _pictured(prediction, truth),
        example.others.get("body"),
    )


def _pictured(prediction: DensityPrediction, truth: Truth) -> Pictured | None:
    drawn = prediction.projection
    real = truth.image(PROJECTION, drawn.shape[0])
    if real is None:
        return None
    film, told, true = (np.asarray(one, np.float16) for one in (prediction.shown, drawn, real))
    return Pictured(film, told, true, likeness(drawn, real), pearson(drawn.ravel(), real.ravel()))


def figures(rows: Sequence[DensityRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """Agreement and coverage by region with 95 % intervals by patient, the answers themselves for plots, how well the
    classes by the lower T-score agree, and agreement by body where simulated patients have several."""
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
        "projections": projections([row.pictured for row in rows if row.pictured is not None]),
        **by_body(rows, part, truths, values),
    }


def by_body(rows: Sequence[DensityRow], part: "Part", truths: Array, values: Array) -> dict[str, Any]:
    """Agreement by region for each kind of bones that simulated patients have; nothing where there is one kind."""
    group = np.array([row.patient for row in rows])
    found = {
        kind: {
            region: agreement(truths[has, at], values[has, at], group[has].tolist())
            for at, region in enumerate(part.outputs)
        }
        for kind, has in bodies.by_body([row.body for row in rows]).items()
    }
    return {"regions_by_body": found} if found else {}


def projections(pictured: Sequence[Pictured]) -> dict[str, Any]:
    """How like the truth the projections are: median and 5 to 95 % of structural similarity and of Pearson's r."""
    if not pictured:
        return {"limbs": 0}
    return {
        "limbs": len(pictured),
        "likeness": _quantiles([one.likeness for one in pictured]),
        "r": _quantiles([one.r for one in pictured]),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return {"median": round(float(middle), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def classes(rows: Sequence[DensityRow], part: "Part") -> dict[str, Any]:
    """How well the classes by the lower T-score agree, of limbs whose densities are all known; empty without any."""
    true = lowest_t(np.stack([row.truth for row in rows]), part.outputs)
    known = np.isfinite(true)
    if not known.any():
        return {}
    truth = np.array([CLASSES.index(who_class(float(one))) for one in true[known]])
    group = [row.patient for row, there in zip(rows, known, strict=True) if there]
    return classification(truth, np.stack([row.shares for row in rows])[known], CLASSES, group)


def extras(rows: Sequence[DensityRow], part: "Part") -> dict[str, Any]:
    """`pictured`: the limbs whose projections were compared."""
    return {"pictured": [row.pictured for row in rows if row.pictured is not None]}


def paired(
    first: Sequence[DensityRow],
    second: Sequence[DensityRow],
    part: "Part",
    ensembles: "tuple[Ensemble, Ensemble]",
) -> Paired:
    """Two bundles' densities of the same limbs. The mean squared error over the regions that have a T-score decides."""
    group = [row.patient for row in first]
    truth, one, other = (
        np.stack([getattr(row, name) for row in rows])
        for rows, name in ((first, "truth"), (first, "value"), (second, "value"))
    )
    measures = []
    for at, region in enumerate(part.outputs):
        known = np.isfinite(truth[:, at])
        if not known.any():
            continue
        off = [answer[known, at] - truth[known, at] for answer in (one, other)]
        rmse = [float(np.sqrt((each**2).mean())) for each in off]
        gain = rmse_difference(truth[:, at], one[:, at], other[:, at], group)
        measures.append(
            Measure(f"RMSE, {region}, g/cm2", rmse[0], rmse[1], gain, better="less", how="paired bootstrap by patient")
        )
        whose = [person for person, there in zip(group, known, strict=True) if there]
        bias = [float(each.mean()) for each in off]
        measures.append(Measure(f"Bias, {region}, g/cm2", bias[0], bias[1], mean_difference(off[0], off[1], whose)))
        held = [
            np.array([row.low[at] <= row.truth[at] <= row.high[at] for row in rows], float)[known]
            for rows in (first, second)
        ]
        promised = f"promised: {ensembles[1].nodes[0].facts['coverage']:.2f}"
        rates = [float(each.mean()) for each in held]
        measures.append(
            Measure(f"Coverage, {region}", rates[0], rates[1], mean_difference(held[0], held[1], whose), how=promised)
        )
    scored = [at for at, region in enumerate(part.outputs) if region in YOUNG] or list(range(len(part.outputs)))
    losses = tuple(((answer - truth)[:, scored] ** 2).mean(1) for answer in (one, other))
    return Paired("Mean squared error, (g/cm2)^2", (losses[0], losses[1]), tuple(measures))
