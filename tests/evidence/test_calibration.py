import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.special import softmax

from evidence.calibration import (
    calibrated,
    conformal_quantile,
    conformal_set,
    fit_temperature,
    fit_temperature_and_bias,
)


def cohort(count: int, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax at temperature `sharpness` is the truth's distribution."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(count, 3)) * 2
    draws = random.random((count, 1))
    labels = (softmax(logits, axis=1).cumsum(1) > draws).argmax(1)
    return logits * sharpness, labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_over_and_underconfidence(sharpness: float) -> None:
    logits, labels = cohort(20_000, sharpness)
    assert fit_temperature(logits, labels) == pytest.approx(sharpness, rel=0.05)


def test_sets_hold_the_truth_as_often_as_promised() -> None:
    logits, labels = cohort(3000, 1.0)
    fresh, truth = cohort(3000, 1.0, seed=1)
    for coverage in (0.8, 0.9, 0.95):
        quantile = conformal_quantile(calibrated(logits, 1.0), labels, coverage)
        names = "abc"
        held = [
            names[label] in conformal_set(dict(zip(names, answer, strict=True)), quantile)
            for answer, label in zip(calibrated(fresh, 1.0), truth, strict=True)
        ]
        assert np.mean(held) == pytest.approx(coverage, abs=0.02)


def test_too_few_films_for_a_promise_give_the_whole_set() -> None:
    logits, labels = cohort(5, 1.0)
    quantile = conformal_quantile(calibrated(logits, 1.0), labels, 0.9)
    assert len(conformal_set({"a": 0.98, "b": 0.01, "c": 0.01}, quantile)) == 3


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.floats(0, 1))
def test_a_set_is_never_empty_and_likeliest_first(weights: list[float], quantile: float) -> None:
    answer = {name: weight / sum(weights) for name, weight in zip("abc", weights, strict=True)}
    members = conformal_set(answer, quantile)
    assert members[0] == max(answer, key=answer.__getitem__)
    assert [answer[name] for name in members] == sorted((answer[name] for name in members), reverse=True)


def test_a_class_named_too_often_is_named_less() -> None:
    logits, labels = cohort(20_000, 2.0)
    shifted = logits + np.array([0.0, 3.0, -1.0])
    temperature, bias = fit_temperature_and_bias(shifted, labels)
    assert temperature == pytest.approx(2.0, rel=0.05)
    assert bias == pytest.approx(np.array([2 / 3, -7 / 3, 5 / 3]), abs=0.15)
    better = (shifted + bias).argmax(1) == labels
    assert better.mean() > (shifted.argmax(1) == labels).mean() + 0.05
