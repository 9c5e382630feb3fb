"""Scores of yes or no: lines, probabilities, and bounds beyond which an answer is ruled out."""

import numpy as np
import pytest

from evidence.scores import DecisionThreshold, fit_beside, fit_doubt, fit_scale, fit_threshold, scaled, score_figures


def drawn(films: int, seed: int, prevalence: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that know something of the truth, and the truth."""
    random = np.random.default_rng(seed)
    truth = random.random(films) < prevalence
    return scaled(random.normal(truth * 1.5, 1), (1.0, -1.0)), truth


def test_each_answer_is_kept_as_often_as_was_promised_however_rare() -> None:
    kept_yes, kept_no = [], []
    for seed in range(60):
        low, high = fit_doubt(*drawn(300, seed), 0.9)
        probabilities, truth = drawn(4000, 1000 + seed)
        kept_yes.append((probabilities[truth] >= low).mean())
        kept_no.append((probabilities[~truth] <= high).mean())
    assert np.mean(kept_yes) == pytest.approx(0.91, abs=0.02)
    assert np.mean(kept_no) == pytest.approx(0.90, abs=0.02)


def test_bounds_of_few_films_rule_nothing_out() -> None:
    assert fit_doubt(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 0.9) == (0.0, 1.0)
    assert fit_doubt(np.array([0.9]), np.array([True]), 0.9) == (0.0, 1.0)


def test_the_bounds_are_values_worked_by_hand() -> None:
    yes, no = np.arange(0.40, 0.59, 0.01), np.arange(0.10, 0.29, 0.01)  # 19 each: one in ten of 20 is two
    low, high = fit_doubt(np.r_[yes, no], np.r_[np.ones(19, bool), np.zeros(19, bool)], 0.9)
    assert low == pytest.approx(0.41)
    assert high == pytest.approx(0.27)


def test_figures_tell_what_the_bounds_keep_and_leave_open() -> None:
    truth = np.array([True] * 10 + [False] * 10)
    probabilities = np.r_[np.linspace(0.35, 0.8, 10), np.linspace(0.1, 0.55, 10)]
    found = score_figures(truth, probabilities, DecisionThreshold(0.45, (0.39, 0.51)), list(range(20)))
    assert found["doubt"]["yes_kept"]["value"] == pytest.approx(0.9)
    assert found["doubt"]["no_kept"]["value"] == pytest.approx(0.9)
    assert found["doubt"]["undecided"]["value"] == pytest.approx(6 / 20)
    assert "doubt" not in score_figures(truth, probabilities, DecisionThreshold(0.45), list(range(20)))


def test_probabilities_mean_what_they_say() -> None:
    logits = np.random.default_rng(3).normal(size=4000)
    truth = np.random.default_rng(4).random(4000) < scaled(logits, (2.0, -1.0))
    slope, shift = fit_scale(logits, truth)
    assert (slope, shift) == (pytest.approx(2.0, abs=0.25), pytest.approx(-1.0, abs=0.15))
    assert fit_scale(logits[:6], truth[:6] & False) == (1.0, 0.0)
    assert 0 < fit_threshold(scaled(logits, (slope, shift)), truth) < 1


def test_what_was_measured_beside_a_logit_weighs_as_much_as_it_tells() -> None:
    random = np.random.default_rng(5)
    logits, beside = random.normal(size=4000), random.random(4000) / 3
    truth = random.random(4000) < scaled(logits, (1.5, -3.0), 20 * beside)
    fitted = fit_beside(logits, beside, truth)
    assert fitted is not None
    assert fitted == (pytest.approx(1.5, abs=0.2), pytest.approx(-3.0, abs=0.3), pytest.approx(20, abs=2))
    assert fit_beside(logits[:6], beside[:6], truth[:6] & False) is None
