"""How well a measurement agrees with the truth, or with itself."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from evidence.statistics.metrics import Bootstrap, figure, interval

Array = npt.NDArray[np.floating]
LEAST_SIGNIFICANT = 2.77  # 1.96 x sqrt(2): of two measurements of one person (ISCD)


def pearson(one: Array, other: Array) -> float:
    """Pearson's r; NaN where either does not vary."""
    a, b = one - one.mean(), other - other.mean()
    below = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / below) if below > 0 else float("nan")


def agreement(truth: Array, answer: Array, group: Sequence[Hashable], draws: int = 1000) -> dict[str, Any]:
    """Pearson's r, root mean square error, bias (answer less truth), the half width of the limits of agreement (Bland
    and Altman, Lancet 1986) and the slope of answer on truth, each with its 95 % interval by patient. NaN rows are left
    out."""
    known = np.isfinite(truth) & np.isfinite(answer)
    truth, answer = np.asarray(truth)[known].astype(float), np.asarray(answer)[known].astype(float)
    group = [one for one, there in zip(group, known, strict=True) if there]
    if not group:
        return {"limbs": 0}
    bootstrap = Bootstrap(group, draws)
    # Sums of each draw: everything below follows from them.
    n, x, y, xx, yy, xy = bootstrap.sums(
        np.stack([np.ones_like(truth), truth, answer, truth**2, answer**2, truth * answer], 1)
    ).T
    with np.errstate(all="ignore"):
        sxx, syy, sxy = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2, xy / n - x * y / n**2
        bias, square = (y - x) / n, (xx + yy - 2 * xy) / n
        r = sxy / np.sqrt(np.maximum(sxx * syy, 1e-18))
        wide = 1.96 * np.sqrt(np.maximum(square - bias**2, 0))
        return {
            "limbs": len(truth),
            "patients": bootstrap.groups,
            "r": asdict(figure(r)),
            "rmse": asdict(figure(np.sqrt(np.maximum(square, 0)))),
            "bias": asdict(figure(bias)),
            "limits": asdict(figure(wide)),
            "slope": asdict(figure(sxy / np.maximum(sxx, 1e-12))),
        }


def coverage(truth: Array, low: Array, high: Array, group: Sequence[Hashable]) -> dict[str, float | None]:
    """How often an interval holds the truth, with its own 95 % interval by patient."""
    return asdict(Bootstrap(group).mean((truth >= low) & (truth <= high)))


def repeatability(measured: Array, draws: int = 1000) -> dict[str, Any]:
    """From measurements [persons, repeats]: the root-mean-square coefficient of variation in per cent (Glueer et al.,
    Osteoporos. Int. 1995) and the least significant change in g/cm2, with 95 % intervals by person."""
    spread = measured.std(1, ddof=1)
    mean = measured.mean(1)
    persons = list(range(len(measured)))
    cv = interval(lambda rows: float(100 * np.sqrt(((spread[rows] / mean[rows]) ** 2).mean())), persons, draws)
    change = interval(lambda rows: float(LEAST_SIGNIFICANT * np.sqrt((spread[rows] ** 2).mean())), persons, draws)
    return {
        "persons": len(measured),
        "repeats": int(measured.shape[1]),
        "cv_percent": asdict(cv),
        "least_significant_change": asdict(change),
    }


def likeness(drawn: Array, truth: Array) -> float:
    """Structural similarity (Wang et al., IEEE TIP 2004) of two maps [H, W] over the truth's own range, with means,
    variances and covariance over windows of 7 x 7."""
    reach = max(float(truth.max() - truth.min()), 1e-6)
    a, b = drawn.astype(float), truth.astype(float)
    mean_a, mean_b = uniform_filter(a, 7), uniform_filter(b, 7)
    more = 49 / 48  # of a sample's variance
    var_a = more * (uniform_filter(a * a, 7) - mean_a**2)
    var_b = more * (uniform_filter(b * b, 7) - mean_b**2)
    both = more * (uniform_filter(a * b, 7) - mean_a * mean_b)
    small, large = (0.01 * reach) ** 2, (0.03 * reach) ** 2
    map_ = ((2 * mean_a * mean_b + small) * (2 * both + large)) / (
        (mean_a**2 + mean_b**2 + small) * (var_a + var_b + large)
    )
    return float(map_[3:-3, 3:-3].mean())
