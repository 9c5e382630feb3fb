"""Curves and tables of a classifier as plain numbers, for whoever draws them. Ready for JSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, roc_curve

from evidence.statistics.metrics import BINS, Array, Labels, auc_of, confidence_bins


def roc(positive: npt.NDArray[np.bool_], score: Array) -> dict[str, Any]:
    """Points of the ROC curve of scores [N]: `false_positive` and `true_positive` rates from (0, 0) to (1, 1), the
    `threshold` from which a film is called positive (None at the first point: no film is), and the area `auc`.

    Points on a straight line are left out. Empty lists and no area where the films are all of one kind.
    """
    area = auc_of(positive, score)
    if not np.isfinite(area):
        return {"false_positive": [], "true_positive": [], "threshold": [], "auc": None}
    false, true, threshold = roc_curve(positive, score)
    return {
        "false_positive": false.tolist(),
        "true_positive": true.tolist(),
        "threshold": [None, *threshold[1:].tolist()],
        "auc": area,
    }


def roc_by_class(truth: Labels, probabilities: Array, labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The curve of each class against the rest, from truth [N] and probabilities [N, K]."""
    return {label: roc(truth == number, probabilities[:, number]) for number, label in enumerate(labels)}


def confusion(truth: Labels, answer: Labels, labels: Sequence[str]) -> dict[str, Any]:
    """`films`[truth][answer] in the order of `labels`, and the `share` each is of its row; None in an empty row."""
    films = confusion_matrix(truth, answer, labels=list(range(len(labels))))
    share = [(row / row.sum()).tolist() if row.sum() else [None] * len(labels) for row in films]
    return {"labels": list(labels), "films": films.tolist(), "share": share}


def reliability(truth: Labels, probabilities: Array) -> dict[str, list[float] | list[int]]:
    """For each bin of confidence that has films: how many, their mean `confidence`, and the share `right`."""
    of = confidence_bins(probabilities)
    films = np.bincount(of, minlength=BINS)
    some = films > 0
    confidence = np.bincount(of, probabilities.max(1), BINS)[some] / films[some]
    right = np.bincount(of, probabilities.argmax(1) == truth, BINS)[some] / films[some]
    return {"films": films[some].tolist(), "confidence": confidence.tolist(), "right": right.tolist()}
