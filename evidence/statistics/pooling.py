"""One answer from several networks that know unequally much."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Array = npt.NDArray[np.floating]

FEWEST = 100  # films held out, below which voices would be fitted to chance and a mean is safer
LEAST = 1e-6  # no probability counts as less: one network's certainty alone rules nothing out


def pooled(answers: Sequence[Array], voices: Sequence[float | None]) -> Array:
    """The joint answer [..., K] of M networks' probabilities [M, ..., K]: their geometric mean weighted by their voices
    (logarithmic opinion pool; Genest and Zidek, Statistical Science 1986). Their arithmetic mean where any has none."""
    known = [one for one in voices if one is not None]
    if len(known) < len(voices):
        return np.asarray(np.mean(answers, axis=0))
    return np.asarray(softmax(_summed(np.asarray(answers, np.float64), np.array(known)), axis=-1))


def fit_pool(answers: Sequence[Array], labels: npt.NDArray[np.integer]) -> list[float] | list[None]:
    """Voices [M], none below 0, that make the pool of the probabilities [M, N, K] likeliest (Heskes, NIPS 1998). On
    held-out films only; none where these are too few.

    They need not add up to 1: where networks err each in its own way, their agreement means more than any one says.
    """
    if len(labels) < FEWEST:
        return [None] * len(answers)
    told, rows = np.asarray(answers, np.float64), np.arange(len(labels))

    def loss(voices: Array) -> float:
        return -float(log_softmax(_summed(told, voices), axis=1)[rows, labels].mean())

    found = minimize(loss, np.full(len(told), 1 / len(told)), method="L-BFGS-B", bounds=[(0, 5)] * len(told)).x
    return [round(float(one), 4) for one in found]


def _summed(answers: Array, voices: Array) -> Array:
    return np.tensordot(voices, np.log(np.maximum(answers, LEAST)), axes=1)
