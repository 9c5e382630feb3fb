"""What the answer is worth before any network has looked: the figures a model must beat."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.radiograph import Radiograph

TRIVIAL = ("height", "width", "mean", "contrast", "5th percentile", "median", "95th percentile")


def trivial_features(film: Radiograph) -> list[float]:
    """What a network could cheat with: size, brightness and contrast of the whole film, in the order of `TRIVIAL`."""
    low, middle, high = np.percentile(film.pixels, [5, 50, 95])
    return [film.height, film.width, film.pixels.mean(), film.pixels.std(), low, middle, high]


def out_of_fold(
    features: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], part: Sequence[str], count: int
) -> npt.NDArray[np.floating]:
    """Probabilities [N, count] of a logistic regression, for each film from the folds it is not in."""
    fold = np.asarray(part)
    answers = np.zeros((len(labels), count))
    for held in np.unique(fold):
        known = np.unique(labels[fold != held])
        if len(known) == 1:  # nothing to tell apart in a small set
            answers[np.ix_(fold == held, known)] = 1
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
        model.fit(features[fold != held], labels[fold != held])
        answers[np.ix_(fold == held, model.classes_)] = model.predict_proba(features[fold == held])
    return answers
