"""One answer from several networks that know unequally much."""

import numpy as np
import pytest
from scipy.special import softmax

from evidence.statistics.pooling import FEWEST, fit_pool, pooled


def told(skill: float, truth: np.ndarray, seed: int) -> np.ndarray:
    """Calibrated answers [N, 3] that know so much of the truth."""
    random = np.random.default_rng(seed)
    return softmax(skill**2 * np.eye(3)[truth] + skill * random.normal(size=(len(truth), 3)), axis=1)


TRUTH = np.random.default_rng(0).choice(3, 3000)


def likelihood(answers: np.ndarray) -> float:
    return float(np.log(answers[np.arange(len(TRUTH)), TRUTH]).mean())


def test_one_that_knows_nothing_has_no_voice() -> None:
    knows, guesses = told(2.0, TRUTH, 1), np.full((len(TRUTH), 3), 1 / 3) + 1e-3 * told(1.0, TRUTH[::-1], 2)
    voices = fit_pool([knows, guesses / guesses.sum(1, keepdims=True)], TRUTH)
    assert voices[0] == pytest.approx(1.0, abs=0.1)
    noise = fit_pool([knows, told(1.0, np.random.default_rng(3).permutation(TRUTH), 4)], TRUTH)
    assert noise[1] < 0.05


def test_networks_that_err_each_in_its_own_way_are_surer_together_than_their_mean() -> None:
    answers = [told(1.5, TRUTH, 5), told(1.0, TRUTH, 6)]
    voices = fit_pool(answers, TRUTH)
    fresh = [told(1.5, TRUTH, 7), told(1.0, TRUTH, 8)]  # the same networks on other films
    assert sum(voices) > 1.5
    assert likelihood(pooled(fresh, voices)) > likelihood(pooled(fresh, [None, None])) + 0.05
    assert likelihood(pooled(fresh, voices)) > max(map(likelihood, fresh))


def test_few_films_give_no_voices() -> None:
    answers = [told(2.0, TRUTH, 1)[: FEWEST - 1], told(1.0, TRUTH, 2)[: FEWEST - 1]]
    assert fit_pool(answers, TRUTH[: FEWEST - 1]) == [None, None]


def test_without_voices_the_joint_answer_is_the_mean() -> None:
    answers = [np.array([0.2, 0.8]), np.array([0.6, 0.4])]
    assert pooled(answers, [None, None]) == pytest.approx([0.4, 0.6])
    assert pooled(answers, [1.0, None]) == pytest.approx([0.4, 0.6])
    assert pooled(answers, [1.0, 0.0]) == pytest.approx([0.2, 0.8])


def test_nothing_is_ruled_out_by_one_certain_network() -> None:
    joint = pooled([np.array([1.0, 0.0, 0.0]), np.array([0.1, 0.8, 0.1])], [0.5, 0.5])
    assert np.isfinite(joint).all()
    assert joint.min() > 0
