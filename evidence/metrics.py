"""Figures with intervals. Whole groups (a patient, or the copies of one film) are drawn together."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import confusion_matrix

Labels = npt.NDArray[np.integer]
Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; None where the films at hand do not define it."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "not defined"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def interval(
    measure: Callable[[npt.NDArray[np.integer]], float], group: Sequence[int], draws: int = 1000, seed: int = 0
) -> Figure:
    """Percentile bootstrap (Efron 1979) over groups. `measure` takes indices of films and may give NaN for a draw."""
    number_of = np.asarray(group)
    members = [np.flatnonzero(number_of == number) for number in np.unique(number_of)]
    random = np.random.default_rng(seed)
    value = measure(np.arange(len(group)))
    drawn = [
        measure(np.concatenate([members[pick] for pick in random.integers(len(members), size=len(members))]))
        for _ in range(draws)
    ]
    kept = [one for one in drawn if np.isfinite(one)]
    if not np.isfinite(value) or len(kept) < draws / 2:
        return Figure(None, None, None)
    low, high = np.quantile(kept, [0.025, 0.975])
    return Figure(float(value), float(low), float(high))


def classification(
    truth: Labels, probabilities: Array, labels: Sequence[str], group: Sequence[int], draws: int = 1000
) -> dict[str, Any]:
    """Figures of a classifier from truth [N] and probabilities [N, K]; predictive values hold at `prevalence` only."""
    answer = probabilities.argmax(1)

    def over(score: Callable[[npt.NDArray[np.integer]], float]) -> dict[str, float | None]:
        return asdict(interval(score, group, draws))

    def auc(positive: int) -> Callable[[npt.NDArray[np.integer]], float]:
        def score(rows: npt.NDArray[np.integer]) -> float:
            return auc_of(truth[rows] == positive, probabilities[rows, positive])

        return score

    def share(of: npt.NDArray[np.bool_], hit: npt.NDArray[np.bool_]) -> Callable[[npt.NDArray[np.integer]], float]:
        return lambda rows: float(hit[rows][of[rows]].mean()) if of[rows].any() else np.nan

    per_class = {}
    for number, label in enumerate(labels):
        is_it, said = truth == number, answer == number
        per_class[label] = {
            "films": int(is_it.sum()),
            "prevalence": float(is_it.mean()),
            "auc": over(auc(number)),
            "sensitivity": over(share(is_it, said)),
            "specificity": over(share(~is_it, ~said)),
            "ppv": over(share(said, is_it)),
            "npv": over(share(~said, ~is_it)),
        }
    return {
        "films": len(truth),
        "groups": len(set(group)),
        "accuracy": over(lambda rows: float((truth[rows] == answer[rows]).mean())),
        "balanced_accuracy": over(lambda rows: _balanced(truth[rows], answer[rows], len(labels))),
        "quadratic_kappa": over(lambda rows: kappa_of(truth[rows], answer[rows], len(labels))),
        "brier": over(
            lambda rows: float(((probabilities[rows] - np.eye(len(labels))[truth[rows]]) ** 2).sum(1).mean())
        ),
        "classes": per_class,
        "confusion": confusion_matrix(truth, answer, labels=list(range(len(labels)))).tolist(),
    }


def _balanced(truth: Labels, answer: Labels, count: int) -> float:
    """Mean recall over the classes; not defined for a draw that lacks one."""
    recalls = [(answer[truth == number] == number).mean() for number in range(count) if (truth == number).any()]
    return float(np.mean(recalls)) if len(recalls) == count else np.nan


def auc_of(positive: npt.NDArray[np.bool_], score: Array) -> float:
    """Area under the ROC curve as the Mann-Whitney statistic; NaN without both kinds. A bootstrap asks thousands of
    times, and scikit-learn's own takes thirty times as long."""
    count = int(positive.sum())
    if not 0 < count < len(positive):
        return np.nan
    return float((rankdata(score)[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def kappa_of(truth: Labels, answer: Labels, count: int) -> float:
    """Cohen's kappa with quadratic weights (Cohen, Psychol. Bull. 1968); NaN where only one class occurs."""
    table = np.bincount(truth * count + answer, minlength=count * count).reshape(count, count) / len(truth)
    weight = np.subtract.outer(np.arange(count), np.arange(count)) ** 2
    expected = float((weight * np.outer(table.sum(1), table.sum(0))).sum())
    return 1 - float((weight * table).sum()) / expected if expected > 0 else np.nan
