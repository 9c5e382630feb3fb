"""Figures with intervals. Whole groups (a patient, or the copies of one film) are drawn together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import confusion_matrix

from evidence.figure import Figure as Figure

Labels = npt.NDArray[np.integer]
Array = npt.NDArray[np.floating]

BINS = 15  # of confidence, for the calibration error (Guo et al., ICML 2017)
TOGETHER = 64  # draws that are weighed at once, so that they stay in the cache


class Bootstrap:
    """Percentile bootstrap (Efron 1979) over groups, for many figures of the same films from the same draws.

    Each draw says how often each group is in it. A figure made of sums over films then costs one product for all its
    draws, and 2,000 films take as long as 20. Row 0 of whatever comes back is the films as they are.
    """

    def __init__(self, group: Sequence[Hashable], draws: int = 1000, seed: int = 0) -> None:
        if not len(group):
            raise ValueError("found no films, expected at least one to draw from; check which part was chosen")
        known, self.group = np.unique(np.asarray(group), return_inverse=True)
        self.groups = len(known)
        random = np.random.default_rng(seed)
        drawn = random.integers(self.groups, size=(draws, self.groups))
        times = [np.ones(self.groups), *(np.bincount(one, minlength=self.groups) for one in drawn)]
        self.times: npt.NDArray[np.float64] = np.array(times, np.float64)

    def sums(self, values: npt.NDArray) -> Array:
        """Values of films [N, ...] summed over the films of each draw: [draws + 1, ...]."""
        flat = np.asarray(values, np.float64).reshape(len(values), -1)
        each = np.zeros((self.groups, flat.shape[1]))
        np.add.at(each, self.group, flat)
        return (self.times @ each).reshape(len(self.times), *np.shape(values)[1:])

    def mean(self, values: npt.NDArray) -> Figure:
        """Mean of values [N] over films; films whose value is NaN do not count."""
        known = np.isfinite(values)
        return self.ratio(np.where(known, values, 0.0), known)

    def ratio(self, of: npt.NDArray, to: npt.NDArray) -> Figure:
        """The sum of one over the sum of the other, [N] each."""
        return figure(_divided(self.sums(of), self.sums(to)))

    def auc(self, positive: npt.NDArray[np.bool_], score: Array) -> Figure:
        """Area under the ROC curve of scores [N], as `auc_of`."""
        order = np.argsort(score, kind="stable")
        starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))  # films of one score stand together
        group, is_it = self.group[order], np.asarray(positive)[order]
        areas = []
        for first in range(0, len(self.times), TOGETHER):
            times = self.times[first : first + TOGETHER, group]
            yes = np.add.reduceat(times * is_it, starts, axis=1)
            no = np.add.reduceat(times * ~is_it, starts, axis=1)
            won = (yes * (no.cumsum(1) - no / 2)).sum(1)
            areas.append(_divided(won, yes.sum(1) * no.sum(1)))
        return figure(np.concatenate(areas))


def figure(values: Array) -> Figure:
    """From a value [0] and its draws [1:]; not defined if it is NaN or half of its draws are."""
    value, drawn = values[0], values[1:]
    kept = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or len(kept) < len(drawn) / 2 or not len(kept):
        return Figure(None, None, None)
    low, high = np.quantile(kept, [0.025, 0.975])
    return Figure(float(value), float(low), float(high))


def centred(values: Array) -> Array:
    """A figure [0] and its draws [1:] less the draws' bias, their mean's distance from the figure; none below 0.

    For a sum of sizes, such as the calibration error: what chance adds to the films at hand, each draw adds once more,
    and a plain percentile interval may lie wholly above its own figure (Efron and Tibshirani 1993, section 10.4).
    """
    drawn = values[1:]
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return values
    return np.concatenate([values[:1], np.maximum(drawn - (known.mean() - values[0]), 0.0)])


def interval(
    measure: Callable[[npt.NDArray[np.integer]], float], group: Sequence[Hashable], draws: int = 1000, seed: int = 0
) -> Figure:
    """A bootstrap of any figure. `measure` takes indices of films and may give NaN for a draw.

    It is asked once a draw; means, ratios and areas are had from `Bootstrap` in a hundredth of the time.
    """
    _, number_of = np.unique(np.asarray(group), return_inverse=True)
    members = np.split(np.argsort(number_of, kind="stable"), np.cumsum(np.bincount(number_of))[:-1])
    random = np.random.default_rng(seed)
    drawn = [
        measure(np.concatenate([members[pick] for pick in random.integers(len(members), size=len(members))]))
        for _ in range(draws)
    ]
    return figure(np.array([measure(np.arange(len(number_of))), *drawn]))


def classification(
    truth: Labels, probabilities: Array, labels: Sequence[str], group: Sequence[Hashable], draws: int = 1000
) -> dict[str, Any]:
    """Figures of a classifier from truth [N] and probabilities [N, K]; predictive values hold at `prevalence` only."""
    count, answer = len(labels), probabilities.argmax(1)
    bootstrap = Bootstrap(group, draws)
    one_hot = np.eye(count)[truth]
    tables = bootstrap.sums(one_hot[:, :, None] * np.eye(count)[answer][:, None, :])  # [draws + 1, truth, answer]
    films = tables.sum((1, 2))
    right = np.diagonal(tables, axis1=1, axis2=2)
    are, said = tables.sum(2), tables.sum(1)
    gaps = bootstrap.sums(_gaps(truth, probabilities))

    def given(values: Array) -> dict[str, float | None]:
        return asdict(figure(values))

    per_class = {
        label: {
            "films": int(are[0, number]),
            "prevalence": float((truth == number).mean()),
            "auc": asdict(bootstrap.auc(truth == number, probabilities[:, number])),
            "sensitivity": given(_divided(right, are)[:, number]),
            "specificity": given(_divided(films - are.T - said.T + right.T, films - are.T)[number]),
            "ppv": given(_divided(right, said)[:, number]),
            "npv": given(_divided(films - are.T - said.T + right.T, films - said.T)[number]),
        }
        for number, label in enumerate(labels)
    }
    return {
        "films": len(truth),
        "groups": bootstrap.groups,
        "accuracy": given(_divided(right.sum(1), films)),
        "balanced_accuracy": given(_divided(right, are).mean(1)),
        "quadratic_kappa": given(kappa(tables)),
        "brier": asdict(bootstrap.mean(((probabilities - one_hot) ** 2).sum(1))),
        "calibration_error": given(centred(_divided(np.abs(gaps).sum(1), films))),
        "classes": per_class,
        "confusion": confusion_matrix(truth, answer, labels=list(range(count))).tolist(),
    }


def calibration_error(truth: Labels, probabilities: Array) -> float:
    """Expected calibration error of the answered class: how far confidence and share of right answers lie apart,
    over `BINS` bins of equal width (Guo et al., ICML 2017). Chance alone makes it larger than 0: with few films neither
    the value nor its interval reaches 0, however well calibrated the classifier is."""
    return float(np.abs(_gaps(truth, probabilities).sum(0)).sum() / len(truth))


def auc_of(positive: npt.NDArray[np.bool_], score: Array) -> float:
    """Area under the ROC curve as the Mann-Whitney statistic; NaN without both kinds. A bootstrap asks thousands of
    times, and scikit-learn's own takes thirty times as long."""
    count = int(positive.sum())
    if not 0 < count < len(positive):
        return np.nan
    return float((rankdata(score)[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def kappa_of(truth: Labels, answer: Labels, count: int) -> float:
    """Cohen's kappa with quadratic weights (Cohen, Psychol. Bull. 1968); NaN where only one class occurs."""
    table = np.bincount(truth * count + answer, minlength=count * count).reshape(1, count, count)
    return float(kappa(table)[0])


def kappa(tables: npt.NDArray, quadratic: bool = True) -> Array:
    """Cohen's kappa of tables [..., one, other], with quadratic weights or with none; NaN where only one class occurs
    in a table."""
    count = tables.shape[-1]
    apart = np.subtract.outer(np.arange(count), np.arange(count))
    weight = apart**2 if quadratic else apart != 0
    films = tables.sum((-2, -1))
    expected = (weight * tables.sum(-1)[..., :, None] * tables.sum(-2)[..., None, :]).sum((-2, -1))
    return 1 - _divided((weight * tables).sum((-2, -1)) * films, expected)


def confidence_bins(probabilities: Array) -> Labels:
    """The bin of each film's confidence [N], its highest probability."""
    return np.minimum((probabilities.max(1) * BINS).astype(int), BINS - 1)


def _gaps(truth: Labels, probabilities: Array) -> Array:
    """Confidence less being right, in the column of the film's bin: [N, BINS]."""
    gap = probabilities.max(1) - (probabilities.argmax(1) == truth)
    return np.eye(BINS)[confidence_bins(probabilities)] * gap[:, None]


def _divided(above: npt.NDArray, below: npt.NDArray) -> Array:
    """NaN where there is nothing to divide by."""
    whole = np.asarray(below, np.float64)
    return np.divide(above, whole, out=np.full(np.broadcast(above, whole).shape, np.nan), where=whole > 0)
