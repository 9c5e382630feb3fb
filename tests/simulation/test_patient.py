"""A department's cohort: as dense, as old and as alike in its regions as DXA studies find."""

import numpy as np
import pytest

from simulation import hip, loss
from simulation.patient import draw


def person(index: int) -> tuple[str, float, float, float]:
    patient = draw(np.random.default_rng([20, index, 0]))
    _, _, dxa = loss.measured(patient, np.random.default_rng([20, index, 1]))
    return patient.sex, patient.age_years, dxa.t_scores["femoral_neck"], dxa.t_scores["total_hip"]


@pytest.mark.slow
def test_neck_and_total_hip_agree_and_osteoporosis_is_as_common_as_published() -> None:
    """r about 0.85; one region in women of 50 and more 13-18 % (Looker et al. 1997), with the scatter of 200 women."""
    people = [person(index) for index in range(400)]
    neck, total = (np.array([one[i] for one in people]) for i in (2, 3))
    assert 0.80 < np.corrcoef(neck, total)[0, 1] < 0.90
    women = np.array([sex == "F" and age >= 50 for sex, age, _, _ in people])
    assert 0.09 < (neck[women] <= -2.5).mean() < 0.22
    assert 0.09 < (total[women] <= -2.5).mean() < 0.23
    men = np.array([sex == "M" and age >= 50 for sex, age, _, _ in people])
    assert (neck[men] <= -2.5).mean() < 0.08


def test_arthritis_is_commoner_with_age_and_wears_the_side_it_says() -> None:
    rng = np.random.default_rng(0)
    young, old = (hip.Patient(age, "F", 162, 26, 0.7, 0.8, False, 5, False) for age in (45.0, 88.0))
    worn = {who.age_years: [hip.draw_arthritis(who, rng) for _ in range(2000)] for who in (young, old)}
    share = {age: np.mean([max(pair) > 0 for pair in pairs]) for age, pairs in worn.items()}
    assert share[45.0] < 0.6 * share[88.0] < 0.25
    both = [pair for pair in worn[88.0] if min(pair) > 0]
    assert 0.3 < len(both) / (2000 * share[88.0]) < 0.7
    assert all(0 <= side <= 1 for pair in worn[88.0] for side in pair)
