import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from evidence.metrics import auc_of, classification, interval, kappa_of


def test_an_interval_holds_the_true_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(120):
        sample = random.normal(0.3, 1, 60)
        figure = interval(lambda rows, sample=sample: float(sample[rows].mean()), list(range(60)), draws=300)
        held += figure.low <= 0.3 <= figure.high
    assert 105 <= held <= 120


def test_copies_do_not_narrow_an_interval() -> None:
    sample = np.random.default_rng(1).normal(size=40)
    once = interval(lambda rows: float(sample[rows].mean()), list(range(40)))
    tenfold = np.repeat(sample, 10)
    copied = interval(lambda rows: float(tenfold[rows].mean()), np.repeat(np.arange(40), 10).tolist())
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.1)


def test_figures_of_a_case_worked_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    answer = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    figures = classification(truth, answer, ("a", "b", "c"), list(range(6)), draws=50)
    assert figures["accuracy"]["value"] == pytest.approx(4 / 6)
    assert figures["balanced_accuracy"]["value"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert figures["confusion"] == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    one = figures["classes"]["b"]
    assert one["sensitivity"]["value"] == pytest.approx(1 / 2)
    assert one["specificity"]["value"] == pytest.approx(3 / 4)
    assert one["ppv"]["value"] == pytest.approx(1 / 2)
    assert one["npv"]["value"] == pytest.approx(3 / 4)
    assert figures["brier"]["value"] == pytest.approx(2 * 2 / 6)


def test_a_figure_that_the_films_do_not_define_is_not_made_up() -> None:
    figures = classification(np.array([0, 0, 1]), np.eye(3)[[0, 0, 1]], ("a", "b", "c"), [0, 1, 2], draws=50)
    assert figures["classes"]["c"]["sensitivity"]["value"] is None
    assert figures["classes"]["c"]["auc"]["value"] is None
    assert figures["balanced_accuracy"]["value"] is None


def test_the_quick_figures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    for count in (8, 50, 300):
        truth, answer = random.integers(0, 3, count), random.integers(0, 3, count)
        score = random.integers(0, 12, count) / 11  # with ties
        assert auc_of(truth == 1, score) == pytest.approx(roc_auc_score(truth == 1, score))
        assert kappa_of(truth, answer, 3) == pytest.approx(cohen_kappa_score(truth, answer, weights="quadratic"))
    assert np.isnan(auc_of(np.ones(5, bool), np.ones(5)))
    assert np.isnan(kappa_of(np.ones(5, int), np.ones(5, int), 3))
