"""DeLong's intervals against the definition, simulation and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evidence.statistics.delong import auc, compare


def scores(count: int, seed: int, gain: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and two correlated scores, the second `gain` times as telling."""
    random = np.random.default_rng(seed)
    truth = random.random(count) < 0.4
    shared = random.normal(size=count)
    first = truth * 0.8 + shared + random.normal(size=count) * 0.5
    second = truth * 0.8 * gain + shared + random.normal(size=count) * 0.5
    return truth, first, second


def by_definition(truth: np.ndarray, *tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Areas and covariance from all pairs, as DeLong, DeLong and Clarke-Pearson write them."""
    wins = [(one[truth][:, None] > one[~truth]) + 0.5 * (one[truth][:, None] == one[~truth]) for one in tables]
    areas = np.array([win.mean() for win in wins])
    tens = np.array([win.mean(1) - area for win, area in zip(wins, areas, strict=True)])
    ones = np.array([win.mean(0) - area for win, area in zip(wins, areas, strict=True)])
    m, n = truth.sum(), (~truth).sum()
    return areas, tens @ tens.T / (m - 1) / m + ones @ ones.T / (n - 1) / n


@pytest.mark.parametrize("ties", [False, True])
def test_the_fast_algorithm_is_the_definition(ties: bool) -> None:
    truth, first, second = scores(80, 3, 1.4)
    if ties:
        first, second = first.round(), second.round()
    areas, covariance = by_definition(truth, first, second)
    one = auc(truth, first)
    assert one.value == pytest.approx(roc_auc_score(truth, first))
    assert one.high - one.low == pytest.approx(2 * 1.959964 * np.sqrt(covariance[0, 0]), rel=1e-6)
    both = compare(truth, first, second)
    assert both.figure.value == pytest.approx(areas[1] - areas[0])
    spread = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert both.figure.high - both.figure.low == pytest.approx(2 * 1.959964 * spread, rel=1e-6)


def test_a_case_worked_by_hand() -> None:
    # Positive films 1, 3, others 0, 2: of four pairs three are right. Shares outranked 1/2, 1 and 1, 1/2: each has
    # variance 1/8, halved for two films each, so that the area's variance is 1/8.
    figure = auc(np.array([True, True, False, False]), np.array([1.0, 3.0, 0.0, 2.0]))
    assert figure.value == 0.75
    assert figure.low == pytest.approx(0.75 - 1.959964 * np.sqrt(1 / 8))
    assert figure.high == 1.0


def test_intervals_hold_the_truth_as_often_as_they_say_and_p_is_uniform_without_a_difference() -> None:
    truth, first, _ = scores(200_000, 0)
    area = roc_auc_score(truth, first)
    held, small = 0, 0
    for seed in range(1, 401):
        truth, first, second = scores(120, seed)
        figure = auc(truth, first)
        held += figure.low <= area <= figure.high
        small += compare(truth, first, second).p < 0.05
    assert 366 <= held <= 394  # 380 expected, three standard deviations either side
    assert 7 <= small <= 33  # 20 expected


def test_a_difference_has_a_sign_and_is_found() -> None:
    truth, first, second = scores(800, 5, 2.0)
    there, back = compare(truth, first, second), compare(truth, second, first)
    assert there.p < 1e-6
    assert there.figure.low > 0
    assert back.figure.value == pytest.approx(-there.figure.value)
    assert back.p == pytest.approx(there.p)


def test_equal_rankings_differ_by_nothing_and_have_no_p() -> None:
    truth, first, _ = scores(100, 6)
    same = compare(truth, first, first * 2 + 1)
    assert same.p is None
    assert (same.figure.value, same.figure.low, same.figure.high) == (0, 0, 0)


def test_films_of_one_kind_define_no_area() -> None:
    assert auc(np.ones(5, bool), np.arange(5.0)).value is None
    assert auc(np.array([True, False, False]), np.arange(3.0)).value is None
    assert compare(np.zeros(5, bool), np.arange(5.0), np.arange(5.0)).p is None
