"""Labels that a model contradicts: perhaps slips of the hand.

By cleanlab (Northcutt, Jiang and Chuang, JAIR 2021): every label where the model names another class, ranked by how
unlikely it held the label's. Its stricter choice, confident learning, passes over a class's blatant slips whenever the
model is a little less sure of them than it is on average of that class.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Doubted:
    """One label that the model contradicts. place: which of those asked about. instead: the model's class, with its
    probability. quality: how well the label fits the model's probabilities, 0..1."""

    place: int
    instead: int
    probability: float
    quality: float


def doubted(said: npt.NDArray[np.integer], probabilities: npt.NDArray[np.float64]) -> list[Doubted]:
    """The labels [N] to doubt by a model's probabilities [N, K], the most doubtful first."""
    from cleanlab.filter import find_label_issues  # loads pandas and scikit-learn

    table = probabilities / probabilities.sum(1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class that nobody was given is no fault
        places = find_label_issues(said, table, filter_by="predicted_neq_given", n_jobs=1)
    quality = qualities(said, table)
    found = [
        Doubted(int(place), int(table[place].argmax()), float(table[place].max()), float(quality[place]))
        for place in np.flatnonzero(places)
    ]
    return sorted(found, key=lambda one: one.quality)


def qualities(said: npt.NDArray[np.integer], probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How well each label [N] fits the model's probabilities [N, K]: 0 to 1, the most doubtful least."""
    from cleanlab.rank import get_label_quality_scores

    found: npt.NDArray[np.float64] = get_label_quality_scores(said, probabilities)
    return found
