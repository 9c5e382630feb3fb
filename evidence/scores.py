"""Scores of yes or no: what they mean, where their line is drawn, and how good they are."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve

from evidence.statistics import delong
from evidence.statistics.metrics import Bootstrap

Array = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

FEWEST = 5  # of each kind, to draw a line between


@dataclass(frozen=True)
class Line:
    """Where yes begins (`threshold`), and between which probabilities neither answer can be ruled out (`doubt`)."""

    threshold: float
    doubt: tuple[float, float] | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any], score: str) -> "Line":
        """The line of one score, from what a bundle keeps of a network."""
        low, high = facts["doubt"][score]
        return cls(float(facts["threshold"][score]), (float(low), float(high)))


def fit_scale(logits: Array, truth: Flags) -> tuple[float, float]:
    """Slope and shift that make a probability of a logit [N] (Platt 1999). On held-out films only.

    As they are (1, 0) where there are too few of either kind to tell.
    """
    if min(truth.sum(), (~truth).sum()) < FEWEST:
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e3).fit(logits[:, None], truth)
    return float(max(fitted.coef_[0, 0], 1e-3)), float(fitted.intercept_[0])


def fit_beside(logits: Array, beside: Array, truth: Flags) -> tuple[float, float, float] | None:
    """Slope, shift and weight that make a probability of a logit [N] and of what was measured beside it [N]:
    `scaled(logits, (slope, shift), weight * measured)`. On held-out films only; None where too few of either kind tell.
    """
    if min(truth.sum(), (~truth).sum()) < FEWEST:
        return None
    spread = float(beside.std()) or 1.0  # the regression holds its weights down: give both like units
    fitted = LogisticRegression(C=1e3).fit(np.stack([logits, beside / spread], 1), truth)
    slope, weight = (float(one) for one in fitted.coef_[0])
    return max(slope, 1e-3), float(fitted.intercept_[0]), weight / spread


def scaled(logits: Array | float, scale: tuple[float, float], beside: Array | float = 0.0) -> Array:
    """Probabilities of logits. beside: what else weighs on them, in units of the scaled logit."""
    return np.asarray(expit(np.asarray(logits, np.float64) * scale[0] + scale[1] + beside))


def fit_threshold(probabilities: Array, truth: Flags) -> float:
    """Where sensitivity and specificity together are greatest (Youden 1950), on held-out films; the prevalence where
    there are too few of either kind."""
    if min(truth.sum(), (~truth).sum()) < FEWEST:
        return float(np.clip(truth.mean(), 0.01, 0.99)) if len(truth) else 0.5
    false, right, bounds = roc_curve(truth, probabilities)
    inner = slice(1, None)  # the first bound lies above every probability
    return float(np.clip(bounds[inner][np.argmax((right - false)[inner])], 1e-4, 1 - 1e-4))


def fit_doubt(probabilities: Array, truth: Flags, coverage: float) -> tuple[float, float]:
    """Lowest probability of a yes and highest of a no that occur at the rate `coverage` (class-conditional split
    conformal bounds; Vovk, ACML 2012), on held-out films: below the first a yes is ruled out, above the second a no.

    Each holds for its own answer, however rare that is. With too few of a kind its answer is never ruled out.
    """
    few = 1 - coverage
    yes, no = np.sort(probabilities[truth]), np.sort(probabilities[~truth])
    least, most = (int(few * (len(ones) + 1) + 1e-9) for ones in (yes, no))  # so many may lie beyond
    return (float(yes[least - 1]) if least else 0.0, float(no[-most]) if most else 1.0)


def about_line(probability: float, threshold: float) -> float:
    """The probability with odds against those of the line: 0.5 on it, whatever the prevalence."""
    inside = np.clip([probability, threshold], 1e-6, 1 - 1e-6)
    return float(expit(logit(inside[0]) - logit(inside[1])))


def score_figures(truth: Flags, probabilities: Array, line: Line, group: Sequence[Hashable]) -> dict[str, Any]:
    """Figures of one score [N] with 95 % intervals; predictive values hold at the stated prevalence only. With bounds
    of doubt: how often each answer, being true, is not ruled out; and how many films stay undecided."""
    drawn, said, doubt = Bootstrap(group), probabilities >= line.threshold, line.doubt
    figures = {
        "films": len(truth),
        "positive": int(truth.sum()),
        "prevalence": float(truth.mean()),
        "auc": asdict(drawn.auc(truth, probabilities)),
        "auc_delong": asdict(delong.auc(truth, probabilities)),
        "threshold": line.threshold,
        "sensitivity": asdict(drawn.ratio(truth & said, truth)),
        "specificity": asdict(drawn.ratio(~truth & ~said, ~truth)),
        "ppv": asdict(drawn.ratio(truth & said, said)),
        "npv": asdict(drawn.ratio(~truth & ~said, ~said)),
        "brier": asdict(drawn.mean((probabilities - truth) ** 2)),
        "mean_probability": float(probabilities.mean()),
    }
    if doubt is not None:
        every = np.ones_like(truth)
        figures["doubt"] = {
            "between": list(doubt),
            "yes_kept": asdict(drawn.ratio(truth & (probabilities >= doubt[0]), truth)),
            "no_kept": asdict(drawn.ratio(~truth & (probabilities <= doubt[1]), ~truth)),
            "undecided": asdict(drawn.ratio((probabilities >= doubt[0]) & (probabilities <= doubt[1]), every)),
        }
    return figures
