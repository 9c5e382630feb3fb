import json

import numpy as np
import pytest
from sklearn.metrics import auc

from evidence.statistics.curves import confusion, reliability, roc, roc_by_class
from evidence.statistics.metrics import auc_of, calibration_error


def answers(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, count)
    logits = random.normal(size=(count, 3)) + np.eye(3)[truth]
    return truth, np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def test_the_area_under_the_points_is_the_area_stated() -> None:
    truth, probabilities = answers(300)
    for number, (label, curve) in enumerate(roc_by_class(truth, probabilities, "abc").items()):
        assert label == "abc"[number]
        assert curve["auc"] == pytest.approx(auc(curve["false_positive"], curve["true_positive"]))
        assert curve["auc"] == pytest.approx(auc_of(truth == number, probabilities[:, number]))


def test_each_point_is_what_its_threshold_gives() -> None:
    truth, probabilities = answers(60)
    positive, score = truth == 1, probabilities[:, 1].round(1)  # with ties
    curve = roc(positive, score)
    points = zip(curve["threshold"], curve["false_positive"], curve["true_positive"], strict=True)
    for threshold, false, true in points:
        called = score >= (np.inf if threshold is None else threshold)
        assert false == pytest.approx(called[~positive].mean())
        assert true == pytest.approx(called[positive].mean())


def test_films_of_one_kind_have_no_curve() -> None:
    assert roc(np.ones(3, bool), np.arange(3.0))["auc"] is None


def test_a_confusion_worked_by_hand() -> None:
    table = confusion(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), ("a", "b", "c"))
    assert table["films"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert table["share"] == [[pytest.approx(2 / 3), pytest.approx(1 / 3), 0], [0, 1, 0], [None, None, None]]


def test_the_gaps_of_the_reliability_curve_are_the_calibration_error() -> None:
    truth, probabilities = answers(500)
    curve = reliability(truth, probabilities)
    gaps = np.abs(np.subtract(curve["confidence"], curve["right"]))
    assert sum(curve["films"]) == 500
    assert (gaps * curve["films"]).sum() / 500 == pytest.approx(calibration_error(truth, probabilities))


def test_everything_can_be_written_as_json() -> None:
    truth, probabilities = answers(50)
    curves = [
        roc_by_class(truth, probabilities, "abc"),
        confusion(truth, probabilities.argmax(1), "abc"),
        reliability(truth, probabilities),
    ]
    assert json.loads(json.dumps(curves, allow_nan=False)) == curves
