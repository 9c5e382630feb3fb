"""The figures of a trained recipe, on the test part and across the folds, beside those that need no network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.baselines import both_weightings
from evidence.calibration import calibrated
from evidence.metrics import classification
from training.crossfit import Fitted
from training.dataset import Dataset
from training.split import TEST, Split

Array = npt.NDArray[np.floating]


def joint(fitted: Sequence[Fitted], which: str) -> Array:
    """Mean of the candidates' calibrated probabilities [N, K], as reading joins them; `which`: `held_out` or `test`."""
    return np.mean([calibrated(getattr(one, which), one.temperature) for one in fitted], axis=0)


def score(fitted: Sequence[Fitted], data: Dataset, parts: Split, labels: Sequence[str]) -> dict[str, Any]:
    """Figures with 95 % intervals for the joint answer, each candidate and each baseline."""
    test, rows = parts.rows(TEST), parts.rows(*parts.folds)

    def figures(probabilities: Array, on: list[int]) -> dict[str, Any]:
        first, whole = by_film(probabilities, [str(data.examples[row].path) for row in on])
        rows = [on[number] for number in first]
        return classification(data.labels[rows], whole, labels, [parts.group[row] for row in rows])

    return {
        "test": {
            "joint": figures(joint(fitted, "test"), test),
            **{one.candidate.name: figures(calibrated(one.test, one.temperature), test) for one in fitted},
        },
        "cross_validation": {
            "joint": figures(joint(fitted, "held_out")[rows], rows),
            **{one.candidate.name: figures(calibrated(one.held_out[rows], one.temperature), rows) for one in fitted},
            **{name: figures(answer, rows) for name, answer in _baselines(data, parts, rows, len(labels)).items()},
        },
    }


def by_film(probabilities: Array, films: Sequence[str]) -> tuple[npt.NDArray[np.intp], Array]:
    """Each film's first row, and the mean answer [F, K] of its rows, as a reading joins the limbs of one."""
    _, first, film = np.unique(films, return_index=True, return_inverse=True)
    whole = np.zeros((len(first), probabilities.shape[1]))
    np.add.at(whole, film, probabilities)
    return first, whole / whole.sum(1, keepdims=True)


def _baselines(data: Dataset, parts: Split, rows: list[int], count: int) -> dict[str, Array]:
    """The commonest class; a regression on size, brightness and contrast; one on age, where every film has one."""
    truth, part = data.labels[rows], [parts.part[row] for row in rows]
    commonest = np.bincount(truth, minlength=count) / len(truth)
    found = {
        "commonest class": np.tile(commonest, (len(rows), 1)),
        **both_weightings("size and contrast only", data.trivial[rows], truth, part, count),
    }
    ages = [data.examples[row].clinical.age_years for row in rows]
    if all(age is not None for age in ages):
        found |= both_weightings("age only", np.array(ages, float)[:, None], truth, part, count)
    return found
