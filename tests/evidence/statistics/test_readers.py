"""Agreement of readers, against worked examples from the papers and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from evidence.statistics.readers import cohen_kappa, fleiss_kappa, mean

# 30 patients, 6 psychiatrists, 5 diagnoses (Fleiss, Psychol. Bull. 1971, table 1)
DIAGNOSES = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip
# 200 persons, two raters, three classes: kappa .492 (Fleiss, Cohen and Everitt, Psychol. Bull. 1969)
RATED = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])


def spread(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A table as two readers' classes."""
    one, other = np.nonzero(table)
    times = table[one, other]
    return np.repeat(one, times), np.repeat(other, times)


def test_cohen_s_kappa_is_that_of_the_worked_example() -> None:
    one, other = spread(RATED)
    found = cohen_kappa(one, other, 3, range(200))
    assert found.value == pytest.approx(0.492, abs=5e-4)
    # its standard error by the same paper's formula is .051: the bootstrap's interval is as wide
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(0.051, abs=0.006)


def test_fleiss_kappa_is_that_of_the_paper() -> None:
    assert (DIAGNOSES.sum(0) / DIAGNOSES.sum()).round(3).tolist() == [0.144, 0.144, 0.167, 0.306, 0.239]  # as printed
    found = fleiss_kappa(DIAGNOSES, range(30))
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.430 < found.high


@pytest.mark.parametrize("quadratic", [False, True])
def test_kappa_is_scikit_learn_s(quadratic: bool) -> None:
    random = np.random.default_rng(3)
    one = random.integers(4, size=300)
    other = np.clip(one + random.integers(-1, 2, size=300), 0, 3)
    expected = cohen_kappa_score(one, other, weights="quadratic" if quadratic else None)
    assert cohen_kappa(one, other, 4, range(300), quadratic).value == pytest.approx(expected)


def test_two_readers_by_fleiss_come_close_to_scott_s_pi() -> None:
    one, other = spread(RATED)
    counts = np.eye(3, dtype=int)[one] + np.eye(3, dtype=int)[other]
    shares = (RATED.sum(0) + RATED.sum(1)) / 400
    chance = (shares**2).sum()
    assert fleiss_kappa(counts, range(200)).value == pytest.approx((0.7 - chance) / (1 - chance))


def test_a_film_that_one_reader_alone_read_does_not_count() -> None:
    more = np.vstack([DIAGNOSES, [[1, 0, 0, 0, 0]] * 9])
    assert fleiss_kappa(more, range(39)) == fleiss_kappa(DIAGNOSES, range(30))


def test_films_of_one_patient_are_drawn_together() -> None:
    one, other = spread(RATED)
    apart, together = (cohen_kappa(one, other, 3, group) for group in (range(200), [n // 8 for n in range(200)]))
    assert apart.value == together.value
    assert apart.high - apart.low < together.high - together.low  # type: ignore[operator]


def test_where_nothing_varies_or_one_patient_is_all_there_is_no_interval() -> None:
    alike = np.zeros(5, int)
    assert cohen_kappa(alike, alike, 3, range(5)).value is None
    assert cohen_kappa(np.array([], int), np.array([], int), 3, []).value is None
    assert fleiss_kappa(np.array([[2, 0]] * 4), range(4)).value is None
    alone = mean([1.0, 3.0, np.nan], ["p"] * 3)
    assert (alone.value, alone.low) == (2.0, None)
    assert mean([np.nan], ["p"]).value is None
