"""Paired differences against values that are known."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from evidence.statistics.paired import holm, mcnemar, mean_difference, rmse_difference, worse


def test_mcnemar_is_the_exact_binomial_test_of_the_disagreements() -> None:
    """Agresti, Categorical Data Analysis: of 6 and 16 disagreements p = 0.0525 (two-sided, exact)."""
    first = np.array([True] * 6 + [False] * 16 + [True] * 40)
    second = np.array([False] * 6 + [True] * 16 + [True] * 40)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (6, 16)
    assert found.p == pytest.approx(0.0525, abs=5e-4)


def test_mcnemar_of_two_that_never_disagree_is_one() -> None:
    same = np.array([True, False, True])
    assert mcnemar(same, same).p == 1.0


def test_holm_against_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_difference_of_means_is_paired_and_by_patient() -> None:
    """Noise that both share does not widen it; a patient given ten times does not narrow it."""
    random = np.random.default_rng(0)
    shared, own = random.normal(0, 5, 200), random.normal(0, 0.1, 200)
    more = mean_difference(shared, shared + 0.5 + own, list(range(200)))
    assert more.value == pytest.approx(0.5, abs=0.03)
    assert more.high - more.low < 0.06
    tenfold = mean_difference(np.repeat(shared, 10), np.repeat(shared + 0.5 + own, 10), np.repeat(range(200), 10))
    assert tenfold.high - tenfold.low == pytest.approx(more.high - more.low, rel=0.05)


def test_the_rmse_difference_is_that_of_the_two_rmses() -> None:
    random = np.random.default_rng(1)
    truth = random.normal(0.8, 0.1, 300)
    first, second = truth + random.normal(0, 0.08, 300), truth + random.normal(0, 0.05, 300)
    first[5] = np.nan
    found = rmse_difference(truth, first, second, list(range(300)))
    known = np.isfinite(first)
    expected = np.sqrt(((second - truth)[known] ** 2).mean()) - np.sqrt(((first - truth)[known] ** 2).mean())
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high < 0


def test_worse_is_the_paired_t_test_where_each_patient_has_one_unit() -> None:
    random = np.random.default_rng(2)
    first = random.normal(1, 0.3, 400)
    second = first + random.normal(0.02, 0.2, 400)
    expected = ttest_rel(second, first, alternative="greater").pvalue
    assert worse(first, second, list(range(400))) == pytest.approx(expected, abs=0.003)
    assert worse(first, first, list(range(400))) == 1.0
    assert worse(first, first + 1, list(range(400))) == 0.0
