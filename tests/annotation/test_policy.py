"""Who is asked about what: properties of the policy."""

import math

import pytest
from hypothesis import given, strategies as st

from annotation.policy import CONTROL, REQUESTED, draw, reasons_to_ask
from core.estimate import Difficulty

CASES = st.text("0123456789abcdef", min_size=24, max_size=24)
KEYS = st.binary(min_size=32, max_size=32)
RATES = st.floats(0, 1)
PLAIN = Difficulty(0.1, False)
HARD = Difficulty(0.9, True, ("near_threshold", "candidates_disagree"))


@given(CASES, KEYS)
def test_a_draw_lies_in_the_unit_interval_and_is_the_same_every_time(case: str, key: bytes) -> None:
    assert 0 <= draw(case, "knee_resnet", key) < 1
    assert draw(case, "knee_resnet", key) == draw(case, "knee_resnet", key)


def test_draws_are_uniform_over_cases() -> None:
    """Kolmogorov-Smirnov: the largest gap to the uniform distribution stays under the 0.1 % critical value."""
    count = 20_000
    draws = sorted(draw(f"{number:024x}", "knee_resnet", b"k" * 32) for number in range(count))
    gap = max(max((i + 1) / count - value, value - i / count) for i, value in enumerate(draws))
    assert gap < 1.95 / math.sqrt(count)


def test_draws_differ_between_machines_and_between_recipes() -> None:
    cases = [f"{number:024x}" for number in range(4000)]
    for one, other in (
        (
            [draw(case, "knee_resnet", b"a" * 32) for case in cases],
            [draw(case, "knee_resnet", b"b" * 32) for case in cases],
        ),
        (
            [draw(case, "knee_resnet", b"a" * 32) for case in cases],
            [draw(case, "hip_vit", b"a" * 32) for case in cases],
        ),
    ):
        both = sum(x < 0.5 and y < 0.5 for x, y in zip(one, other, strict=True)) / len(cases)
        assert both == pytest.approx(0.25, abs=0.03)  # independent: 0.5 * 0.5, four standard errors


@given(CASES, KEYS, RATES, RATES)
def test_a_higher_rate_keeps_every_case_that_a_lower_one_drew(case: str, key: bytes, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if reasons_to_ask(case, "r", PLAIN, key, low):
        assert reasons_to_ask(case, "r", PLAIN, key, high)


@given(CASES, KEYS)
def test_a_rate_of_nought_draws_nothing_and_a_rate_of_one_draws_all(case: str, key: bytes) -> None:
    assert reasons_to_ask(case, "r", PLAIN, key, 0.0) == ()
    assert reasons_to_ask(case, "r", PLAIN, key, 1.0) == (CONTROL,)


@given(CASES, KEYS, RATES)
def test_a_hard_case_goes_in_with_its_own_reasons_and_is_drawn_as_a_plain_one_is(
    case: str, key: bytes, rate: float
) -> None:
    """Otherwise the control arm would hold plain cases alone, and tell their error rate for that of all."""
    drawn = reasons_to_ask(case, "r", PLAIN, key, rate)
    assert reasons_to_ask(case, "r", HARD, key, rate) == (*HARD.reasons, *drawn)


@given(CASES, KEYS, RATES, st.sampled_from([PLAIN, HARD, None]))
def test_asking_for_a_case_only_ever_adds_that_reason(
    case: str, key: bytes, rate: float, difficulty: Difficulty | None
) -> None:
    unasked = reasons_to_ask(case, "r", difficulty, key, rate)
    assert reasons_to_ask(case, "r", difficulty, key, rate, requested=True) == (*unasked, REQUESTED)


def test_a_hard_case_without_a_reason_is_a_fault() -> None:
    with pytest.raises(ValueError, match="without a named reason"):
        reasons_to_ask("0" * 24, "r", Difficulty(1.0, True), b"k" * 32, 0)
