"""Areas under ROC curves, alone and against one another, without resampling."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

from evidence.figure import Figure

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Difference:
    """What the second score's area has over the first's, with its 95 % interval, and p (two-sided) of no difference.

    None where the films at hand do not define it. p is None, too, where nothing varies, as for two equal scores.
    """

    figure: Figure
    p: float | None


def auc(positive: npt.NDArray[np.bool_], score: Array) -> Figure:
    """Area under the ROC curve of scores [N] with the 95 % interval of DeLong et al., Biometrics 1988.

    Films count as independent: for several of one patient use `metrics.interval`. The interval is cut at 0 and 1; for
    an area of exactly 0 or 1 it has no width, which says only that the films are too few.
    """
    if not _both(positive):
        return Figure(None, None, None)
    areas, covariance = _areas(positive, np.asarray(score)[None])
    return _within(float(areas[0]), float(covariance[0, 0]), 0.0)


def compare(positive: npt.NDArray[np.bool_], first: Array, second: Array) -> Difference:
    """How much more area `second` has than `first` [N each], both scores of the same films."""
    if not _both(positive):
        return Difference(Figure(None, None, None), None)
    areas, covariance = _areas(positive, np.stack([first, second]))
    more = float(areas[1] - areas[0])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # What rounding leaves of the variance of equal rankings is not variance.
    if variance <= 1e-12 * max(float(covariance.trace()), 1e-12):
        return Difference(_within(more, 0.0, -1.0), None)
    return Difference(_within(more, variance, -1.0), float(2 * norm.sf(abs(more) / np.sqrt(variance))))


def _both(positive: npt.NDArray[np.bool_]) -> bool:
    """A variance needs two films of each kind."""
    return bool(min(positive.sum(), (~positive).sum()) >= 2)


def _areas(positive: npt.NDArray[np.bool_], scores: Array) -> tuple[Array, Array]:
    """Areas [S] and their covariance [S, S] of scores [S, N], by the midranks of Sun and Xu, IEEE SPL 2014."""
    yes, no = scores[:, positive], scores[:, ~positive]
    m, n = yes.shape[1], no.shape[1]
    every = rankdata(np.concatenate([yes, no], 1), axis=1)
    above = (every[:, :m] - rankdata(yes, axis=1)) / n  # share of the others that each positive film outranks
    below = 1 - (every[:, m:] - rankdata(no, axis=1)) / m  # share of the positive films that outrank each other one
    return above.mean(1), np.atleast_2d(np.cov(above)) / m + np.atleast_2d(np.cov(below)) / n


def _within(value: float, variance: float, least: float) -> Figure:
    half = float(norm.ppf(0.975)) * float(np.sqrt(variance))
    return Figure(value, max(least, value - half), min(1.0, value + half))
