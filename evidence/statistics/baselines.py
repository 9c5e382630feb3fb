"""What the answer is worth before any network has looked: the figures a model must beat."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.radiograph import Radiograph

Array = npt.NDArray[np.floating]
WEIGHTED = "(classes weighted alike)"
TRIVIAL = ("height", "width", "mean", "contrast", "5th percentile", "median", "95th percentile")


def trivial_features(film: Radiograph) -> list[float]:
    """What a network could cheat with: size, brightness and contrast of the whole film, in the order of `TRIVIAL`."""
    low, middle, high = np.percentile(film.pixels, [5, 50, 95])
    return [film.height, film.width, film.pixels.mean(), film.pixels.std(), low, middle, high]


def out_of_fold(
    features: Array,
    labels: npt.NDArray[np.integer],
    part: Sequence[str],
    count: int,
    balanced: bool = False,
    model: ClassifierMixin | None = None,
) -> Array:
    """Probabilities [N, count] of a logistic regression on features [N, D], for each film from the folds it is not in.

    model: another classifier of scikit-learn, to be fitted instead.

    balanced: weight each class alike, which is the fair baseline for balanced accuracy and sensitivities. Weighted
    probabilities are not those of the films at hand: accuracy and Brier score must be compared without.
    """
    fold = np.asarray(part)
    answers = np.zeros((len(labels), count))
    logistic = LogisticRegression(class_weight="balanced" if balanced else None, max_iter=2000)
    untaught = model if model is not None else make_pipeline(StandardScaler(), logistic)
    for held in np.unique(fold):
        known = np.unique(labels[fold != held])
        if len(known) == 1:  # nothing to tell apart in a small set
            answers[np.ix_(fold == held, known)] = 1
            continue
        fitted = clone(untaught).fit(features[fold != held], labels[fold != held])
        answers[np.ix_(fold == held, fitted.classes_)] = fitted.predict_proba(features[fold == held])
    return answers


def both_weightings(
    name: str, features: Array, labels: npt.NDArray[np.integer], part: Sequence[str], count: int
) -> dict[str, Array]:
    """The same baseline for both kinds of figures, by name: without class weights, and with classes weighted alike."""
    return {
        name: out_of_fold(features, labels, part, count),
        f"{name} {WEIGHTED}": out_of_fold(features, labels, part, count, balanced=True),
    }
