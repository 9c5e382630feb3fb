import numpy as np
import pytest
from scipy.special import softmax

from evidence.calibration import conformal_quantile, conformal_set
from evidence.sets import set_figures, sets_of

LABELS = ("normal", "osteopenia", "osteoporosis")


def films(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth and the probabilities it was drawn from; the third class is rare."""
    random = np.random.default_rng(seed)
    probabilities = softmax(2 * random.normal(size=(count, 3)) + np.array([1.0, 1.0, -1.5]), axis=1)
    return (probabilities.cumsum(1) > random.random((count, 1))).argmax(1), probabilities


def test_many_sets_at_once_are_those_of_each_film() -> None:
    _, probabilities = films(300, 0)
    for quantile in (0.0, 0.3, 0.7, 1.0):
        for row, kept in zip(probabilities, sets_of(probabilities, quantile), strict=True):
            one = conformal_set(dict(zip(LABELS, row, strict=True)), quantile)
            assert {label for label, there in zip(LABELS, kept, strict=True) if there} == set(one)


def test_figures_of_a_case_worked_by_hand() -> None:
    truth = np.array([0, 0, 1, 2])
    kept = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [1, 1, 1]], bool)
    found = set_figures(truth, kept, LABELS, list("abcd"), draws=50)
    assert found["coverage"]["value"] == 3 / 4
    assert found["mean_size"]["value"] == 8 / 4
    assert found["by_class"]["normal"]["coverage"]["value"] == 1 / 2
    assert found["by_class"]["normal"]["mean_size"]["value"] == 3 / 2
    assert found["by_class"]["osteoporosis"] == {
        "films": 1,
        "coverage": {"value": 1.0, "low": 1.0, "high": 1.0},
        "mean_size": {"value": 3.0, "low": 3.0, "high": 3.0},
    }


def test_the_promise_holds_over_all_films_and_the_rare_class_shows_its_own() -> None:
    truth, probabilities = films(4000, 1)
    quantile = conformal_quantile(probabilities, truth, 0.9)
    fresh, answers = films(4000, 2)
    found = set_figures(fresh, sets_of(answers, quantile), LABELS, range(4000))
    assert found["coverage"]["low"] < 0.9 < found["coverage"]["high"]
    assert 1 < found["mean_size"]["value"] < 2
    assert found["by_class"]["osteoporosis"]["coverage"]["high"] < found["coverage"]["low"]


def test_films_of_one_patient_are_drawn_together() -> None:
    truth, probabilities = films(60, 3)
    kept = sets_of(probabilities, 0.5)
    once = set_figures(truth, kept, LABELS, range(60))["coverage"]
    tenfold = [np.repeat(values, 10, axis=0) for values in (truth, kept)]
    copied = set_figures(*tenfold, LABELS, np.repeat(np.arange(60), 10).tolist())["coverage"]
    assert copied["high"] - copied["low"] == pytest.approx(once["high"] - once["low"], rel=0.15)


def test_a_class_without_films_has_no_coverage() -> None:
    found = set_figures(np.array([0, 1]), np.ones((2, 3), bool), LABELS, ["a", "b"], draws=20)
    assert found["by_class"]["osteoporosis"]["coverage"]["value"] is None
