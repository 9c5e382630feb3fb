import numpy as np
import pytest

from evidence.control import design_effect, share_wrong, wilson
from evidence.figure import UNDEFINED


def test_wilson_s_interval_is_that_of_the_textbook() -> None:
    """Newcombe, Statistics in Medicine 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for of, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip # noqa: E501
        assert wilson(of / count, count) == pytest.approx((low, high), abs=5e-4)


def test_nothing_judged_defines_no_share() -> None:
    assert share_wrong([]) == UNDEFINED
    assert share_wrong([(0, 0)]) == UNDEFINED


def test_hips_that_are_wrong_together_count_for_less() -> None:
    together = [(2, 2)] * 10 + [(0, 2)] * 40
    apart = [(1, 2)] * 20 + [(0, 2)] * 30
    assert design_effect(together) == pytest.approx(2, rel=0.05)
    assert design_effect(apart) == 1.0
    wide, narrow = share_wrong(together), share_wrong(apart)
    assert wide.value == narrow.value == 0.2
    assert wide.low is not None and narrow.low is not None  # noqa: PT018
    assert wide.low < narrow.low


def test_the_interval_holds_the_true_rate_as_often_as_it_says() -> None:
    """60 films of two hips each, wrong together in half of the cases."""
    random = np.random.default_rng(0)
    held = []
    for _ in range(600):
        first = random.random(60) < 0.2
        second = np.where(random.random(60) < 0.5, first, random.random(60) < 0.2)
        rate = share_wrong([(int(a) + int(b), 2) for a, b in zip(first, second, strict=True)])
        assert rate.low is not None and rate.high is not None  # noqa: PT018
        held.append(rate.low <= 0.2 <= rate.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most"):
        share_wrong([(2, 1)])
