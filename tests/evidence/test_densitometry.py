import json

import numpy as np
import pytest

from core.clinical import Clinical
from core.labels import CLASSES, NORMAL, OSTEOPENIA, OSTEOPOROSIS
from core.reference import below_expected
from evidence.densitometry import (
    AGES,
    NECK_BY_AGE,
    OWN_AGE,
    Residuals,
    class_probabilities,
    deciding,
    report,
    t_score,
    who_class,
    z_score,
)

REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")


def made(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truths, answers and spreads of looks [N, 4]; answers too high by a tenth, and noisier where looks differ."""
    random = np.random.default_rng(seed)
    truth = random.normal(0.8, 0.15, (count, 4))
    spread = random.uniform(0.0, 0.08, (count, 4))
    return truth, 1.1 * truth + random.normal(0, np.hypot(0.04, spread)), spread


def test_a_z_score_of_minus_two_and_lower_is_below_the_expected_range() -> None:
    assert [below_expected(z) for z in (None, 0.0, -1.9, -1.96, -2.0, -3.1)] == [False, False, False, True, True, True]


def test_scores_are_those_of_the_references() -> None:
    assert t_score("femoral_neck", 0.858 - 2.5 * 0.120) == pytest.approx(-2.5)
    assert t_score("total_hip", 0.942) == 0
    assert t_score("wards_triangle", 0.5) is None
    woman = Clinical(age_years=35, sex="F")
    assert z_score("femoral_neck", NECK_BY_AGE["F"][AGES.index(35)], woman) == 0
    man = Clinical(age_years=45, sex="M")
    assert z_score("femoral_neck", NECK_BY_AGE["M"][AGES.index(45)] - 0.120, man) == pytest.approx(-1)
    assert "SD 0.120" in OWN_AGE  # one spread for all, and the reader is told
    assert z_score("femoral_neck", 0.8, Clinical(age_years=35)) is None
    assert z_score("total_hip", 0.8, woman) is None


@pytest.mark.parametrize(
    ("score", "named"), [(-1.0, NORMAL), (-1.001, OSTEOPENIA), (-2.499, OSTEOPENIA), (-2.5, OSTEOPOROSIS)]
)
def test_classes_change_exactly_where_who_says(score: float, named: str) -> None:
    assert who_class(score) == named


def test_intervals_hold_new_truths_as_often_as_they_promise_and_undo_a_constant_fault() -> None:
    learned = Residuals.learn(REGIONS, *made(600, 0), coverage=0.9)
    truth, answer, spread = made(4000, 1)
    low, high = learned.interval(answer, spread)
    held = ((truth >= low) & (truth <= high)).mean(0)
    assert np.all((held > 0.87) & (held < 0.93))
    assert np.abs(learned.settled(answer, spread)[0] - truth).mean() < 0.06
    wide = high - low
    assert wide[spread > 0.06].mean() > wide[spread < 0.02].mean()  # more doubt where the looks differ


def test_residuals_come_back_from_json_and_give_the_same_answers() -> None:
    learned = Residuals.learn(REGIONS, *made(200, 0), coverage=0.9)
    back = Residuals.from_dict(REGIONS, json.loads(json.dumps(learned.to_dict())))
    answer, spread = np.full(4, 0.7), np.full(4, 0.03)
    assert np.allclose(back.interval(answer, spread), learned.interval(answer, spread), atol=2e-4)


def test_too_few_limbs_held_out_is_told() -> None:
    with pytest.raises(ValueError, match=r"found 5 limbs held out .* expected at least 20"):
        Residuals.learn(REGIONS, *made(5, 0), coverage=0.9)


def test_the_class_is_by_the_lower_t_score_and_probabilities_agree_with_how_far_the_line_is() -> None:
    learned = Residuals.learn(REGIONS, *made(600, 0), coverage=0.9)
    spread = np.zeros(4)
    for truth, named in ((1.1, NORMAL), (0.72, OSTEOPENIA), (0.35, OSTEOPOROSIS)):
        answer = (np.full(4, truth) - learned.line[:, 1]) / learned.line[:, 0]
        label, shares, kept = class_probabilities(learned, answer, spread, CLASSES)
        assert label == named
        assert sum(shares.values()) == pytest.approx(1)
        assert label in kept
        told = report(learned, answer, spread, Clinical())
        assert deciding(told).t_score == min(one.t_score for one in told if one.t_score is not None)
        assert who_class(deciding(told).t_score or 0) == label
    line = np.array([0.738, 0.8, 0.8, 0.82])  # a T-score of -1 in neck and total hip
    _, _, kept = class_probabilities(learned, (line - learned.line[:, 1]) / learned.line[:, 0], spread, CLASSES)
    assert {NORMAL, OSTEOPENIA} <= set(kept)  # on the line neither can be ruled out


def test_a_t_score_never_stands_without_region_and_reference() -> None:
    learned = Residuals.learn(REGIONS, *made(100, 0), coverage=0.9)
    old, young = (report(learned, np.full(4, 0.7), np.zeros(4), Clinical(age, "F")) for age in (50, 49))
    assert [one.t_score is not None for one in old] == [True, False, False, True]
    assert [one.z_score is not None for one in young] == [True, False, False, False]
    assert all(one.z_score is None for one in old)
    assert all(one.t_score is None for one in young)
    for one in (*old, *young):
        assert (one.t_score is None) == (one.reference is None)
        assert (one.z_score is None) == (one.z_reference is None)
        assert one.interval[0] < one.abmd_g_cm2 < one.interval[1]
