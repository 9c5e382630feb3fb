import time

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from torchmetrics.functional.classification import multiclass_calibration_error

from evidence.statistics.metrics import (
    BINS,
    Bootstrap,
    auc_of,
    calibration_error,
    classification,
    figure,
    interval,
    kappa_of,
)


def answers(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth and probabilities of a middling classifier."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, count)
    return truth, softmax(random.normal(size=(count, 3)) + np.eye(3)[truth], axis=1)


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


def test_the_calibration_error_is_that_of_torchmetrics() -> None:
    truth, probabilities = answers(700)
    theirs = multiclass_calibration_error(torch.tensor(probabilities), torch.tensor(truth), 3, n_bins=BINS).item()
    assert calibration_error(truth, probabilities) == pytest.approx(theirs, abs=1e-6)
    assert classification(truth, probabilities, "abc", range(700), 20)["calibration_error"]["value"] == pytest.approx(
        theirs, abs=1e-6
    )


@pytest.mark.parametrize("count", [40, 150, 1000])
def test_the_interval_of_the_calibration_error_holds_its_value(count: int) -> None:
    """Of a classifier whose probabilities are true, where the value is chance alone and draws add as much again."""
    random = np.random.default_rng(0)
    for _ in range(20):
        probabilities = softmax(2 * random.normal(size=(count, 3)), axis=1)
        truth = (probabilities.cumsum(1) > random.random((count, 1))).argmax(1)
        found = classification(truth, probabilities, "abc", range(count), 300)["calibration_error"]
        assert found["low"] < found["value"] < found["high"]


def test_the_interval_of_the_calibration_error_holds_that_of_all_films() -> None:
    """Of an overconfident classifier, whose error over films without end is known, about as often as it says."""
    random = np.random.default_rng(1)

    def films(count: int) -> tuple[np.ndarray, np.ndarray]:
        logits = random.normal(size=(count, 3))
        return (softmax(logits, axis=1).cumsum(1) > random.random((count, 1))).argmax(1), softmax(3 * logits, axis=1)

    true, held = calibration_error(*films(300_000)), 0
    for _ in range(60):
        found = classification(*films(400), "abc", range(400), 300)["calibration_error"]
        held += found["low"] <= true <= found["high"]
    assert held >= 52


def test_figures_of_a_classifier_are_those_of_scikit_learn() -> None:
    truth, probabilities = answers(250)
    answer, found = probabilities.argmax(1), classification(truth, probabilities, "abc", range(250), 20)
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(truth, answer))
    assert found["balanced_accuracy"]["value"] == pytest.approx(balanced_accuracy_score(truth, answer))
    assert found["quadratic_kappa"]["value"] == pytest.approx(cohen_kappa_score(truth, answer, weights="quadratic"))
    assert found["brier"]["value"] == pytest.approx(brier_score_loss(truth, probabilities, scale_by_half=False))
    sensitivity, ppv = recall_score(truth, answer, average=None), precision_score(truth, answer, average=None)
    for number, label in enumerate("abc"):
        assert found["classes"][label]["sensitivity"]["value"] == pytest.approx(sensitivity[number])
        assert found["classes"][label]["ppv"]["value"] == pytest.approx(ppv[number])


def test_one_hundred_percent_confidence_has_a_bin() -> None:
    assert calibration_error(np.array([0, 0, 1, 1]), np.eye(2)[[0, 0, 0, 0]]) == 0.5


def test_every_draw_of_the_quick_bootstrap_is_the_figure_of_the_films_drawn() -> None:
    truth, probabilities = answers(60)
    score = probabilities[:, 1].round(1)  # with ties
    group = np.repeat([f"patient {number}" for number in range(20)], 3)
    bootstrap = Bootstrap(group.tolist(), draws=30, seed=4)
    rows = [np.repeat(np.arange(60), times.astype(int)[bootstrap.group]) for times in bootstrap.times]
    assert all(len(one) == 60 for one in rows)
    assert bootstrap.auc(truth == 1, score) == figure(np.array([auc_of(truth[one] == 1, score[one]) for one in rows]))
    mean, by_hand = bootstrap.mean(score), figure(np.array([score[one].mean() for one in rows]))
    assert (mean.value, mean.low, mean.high) == pytest.approx((by_hand.value, by_hand.low, by_hand.high))


def test_the_quick_intervals_are_as_wide_as_those_drawn_film_by_film() -> None:
    truth, probabilities = answers(400)
    group = [film // 2 for film in range(400)]
    answer = probabilities.argmax(1)
    figures = classification(truth, probabilities, "abc", group, 2000)
    slow = {
        "accuracy": lambda rows: float((truth[rows] == answer[rows]).mean()),
        "quadratic_kappa": lambda rows: kappa_of(truth[rows], answer[rows], 3),
        "calibration_error": lambda rows: calibration_error(truth[rows], probabilities[rows]),
    }
    for name, measure in slow.items():
        drawn = interval(measure, group, 2000, seed=9)
        assert figures[name]["value"] == pytest.approx(drawn.value)
        bias = (
            figures[name]["low"] - drawn.low if name == "calibration_error" else 0.0
        )  # which that interval leaves out
        assert figures[name]["low"] == pytest.approx(drawn.low + bias, abs=0.012)
        assert figures[name]["high"] == pytest.approx(drawn.high + bias, abs=0.012)


def test_a_mean_leaves_out_what_is_not_known() -> None:
    assert Bootstrap(range(4), 50).mean(np.array([1.0, np.nan, 3.0, np.nan])).value == 2
    assert Bootstrap(range(2), 50).mean(np.full(2, np.nan)).value is None


def test_all_figures_of_two_thousand_films_take_less_than_three_seconds() -> None:
    truth, probabilities = answers(2000)
    start = time.process_time()
    classification(truth, probabilities, "abc", [film // 2 for film in range(2000)], 1000)
    assert time.process_time() - start < 3


def test_no_films_at_all_are_told() -> None:
    with pytest.raises(ValueError, match="found no films"):
        Bootstrap([])
