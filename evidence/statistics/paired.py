"""Two models on the same films: how much they differ, and whether chance would explain it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, norm, rankdata

from evidence.figure import Figure
from evidence.statistics.metrics import Bootstrap, figure

Array = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class McNemar:
    """Cases that only the first model has right, cases that only the second has right, and p (two-sided, exact)."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first: Flags, second: Flags) -> McNemar:
    """The exact test of McNemar (Psychometrika 1947): which of two models is right [N] where they disagree. Cases count
    as independent: give one a patient."""
    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemar(one, other, float(binomtest(one, one + other).pvalue) if one + other else 1.0)


def mean_difference(first: Array, second: Array, group: Sequence[Hashable]) -> Figure:
    """The second's mean less the first's, of values [N] of the same cases, with a paired 95 % bootstrap interval by
    group (patient). Cases of which either is NaN do not count."""
    more = np.asarray(second, np.float64) - first
    return Bootstrap(group).mean(more) if len(more) else Figure(None, None, None)


def rmse_difference(truth: Array, first: Array, second: Array, group: Sequence[Hashable]) -> Figure:
    """The second's root mean square error less the first's, paired and by group as `mean_difference`."""
    known = np.isfinite(truth) & np.isfinite(first) & np.isfinite(second)
    if not known.any():
        return Figure(None, None, None)
    whose = [one for one, there in zip(group, known, strict=True) if there]
    off = np.stack([first[known] - truth[known], second[known] - truth[known], np.ones(known.sum())], 1)
    sums = Bootstrap(whose).sums(off**2)
    with np.errstate(all="ignore"):
        return figure(np.sqrt(sums[:, 1] / sums[:, 2]) - np.sqrt(sums[:, 0] / sums[:, 2]))


def worse(first: Array, second: Array, group: Sequence[Hashable]) -> float:
    """p (one-sided) of a second model that costs no more than the first, from losses [N] of the same cases: small where
    it is worse. By the mean of the differences over its standard error with whole groups (Liang and Zeger, Biometrika
    1986); 1.0 where there are fewer than two groups or nothing differs."""
    more = np.asarray(second, np.float64) - first
    known = np.isfinite(more)
    more = more[known]
    numbers = np.unique([str(one) for one, there in zip(group, known, strict=True) if there], return_inverse=True)[1]
    groups = int(numbers.max()) + 1 if len(more) else 0
    if groups < 2:
        return 1.0
    off = np.bincount(numbers, more - more.mean(), groups)
    error = float(np.sqrt((off**2).sum() * groups / (groups - 1))) / len(more)
    if error <= 1e-12:
        return 1.0 if more.mean() <= 1e-12 else 0.0
    return float(norm.sf(more.mean() / error))


def holm(p: Sequence[float]) -> list[float]:
    """The same p values corrected for how many they are (Holm, Scand. J. Stat. 1979)."""
    values = np.asarray(p, np.float64)
    if not len(values):
        return []
    order = np.argsort(values, kind="stable")
    stepped = np.minimum(np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values)))), 1.0)
    return [float(one) for one in stepped[np.asarray(rankdata(values, "ordinal"), int) - 1]]
