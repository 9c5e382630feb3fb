import numpy as np
import pytest
from hypothesis import given, strategies as st

from evidence.change import change
from evidence.statistics.metrics import Bootstrap, Figure

shares = st.floats(0, 1)


@given(shares, shares, st.floats(0, 0.3), st.floats(0, 0.3))
def test_a_change_and_the_way_back_are_mirror_images(one: float, other: float, wide: float, wider: float) -> None:
    first, second = Figure(one, one - wide, one + wide), Figure(other, other - wider, other + wider)
    there, back = change(first, second), change(second, first)
    assert there.value == pytest.approx(-back.value)
    assert there.low == pytest.approx(-back.high)
    assert there.high - there.low == pytest.approx(2 * np.hypot(wide, wider))


def test_the_interval_holds_the_true_change_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        before, after = (Bootstrap(range(150), draws=200).mean(random.random(150) < share) for share in (0.8, 0.65))
        found = change(before, after)
        held += found.low <= -0.15 <= found.high
    assert 180 <= held <= 200


def test_what_is_not_defined_on_one_side_has_no_change() -> None:
    assert change(Figure(None, None, None), Figure(0.5, 0.4, 0.6)) == Figure(None, None, None)
