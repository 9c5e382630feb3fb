"""What is a vertebral body, and what is a row of them."""

import numpy as np
import pytest

from anatomy.vertebral_row import are_neighbours, is_body, row_of
from core.vertebra import LEVELS


def body(level: int, height: float = 26.0, tilt: float = 0.0, aside: float = 0.0) -> np.ndarray:
    """Six points of a body 35 deep, `level` bodies above the lowest."""
    x = np.array([-17.5, 0.0, 17.5])
    points = np.concatenate([np.stack([x, x * 0 - height / 2], 1), np.stack([x, x * 0 + height / 2], 1)])
    angle = np.radians(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + (100 + aside, 400 - 36 * level)


def spine(**changed: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    return {level: (changed.get(level, body(number)), 0.9) for number, level in enumerate(LEVELS)}


def test_a_whole_spine_stays_whole_however_it_bends() -> None:
    assert tuple(row_of(spine(), LEVELS)) == LEVELS
    bent = {level: (body(number, tilt=12 * number - 40), 0.9) for number, level in enumerate(LEVELS)}
    assert tuple(row_of(bent, LEVELS)) == LEVELS


@pytest.mark.parametrize("height", [12.0, 18.0, 26.0])
def test_a_crushed_body_is_one(height: float) -> None:
    assert is_body(body(0, height))
    assert tuple(row_of(spine(L1=body(4, height)), LEVELS)) == LEVELS


def test_what_no_body_looks_like_is_none() -> None:
    assert not is_body(body(0, 70.0))  # a strip along a rib
    assert not is_body(body(0, 8.0))
    askew = body(0)
    askew[3:] = (askew[3:] - askew[4]) @ np.array([[0.6, 0.8], [-0.8, 0.6]]) + askew[4]
    assert not is_body(askew)
    assert not is_body(np.zeros((6, 2)))


@pytest.mark.parametrize(
    "stray", [body(4, aside=60.0), body(4, tilt=70.0), body(2), body(9)], ids=["aside", "askew", "on another", "far"]
)
def test_a_body_out_of_the_row_is_left_out_and_the_others_stay(stray: np.ndarray) -> None:
    assert tuple(row_of(spine(L1=stray), LEVELS)) == tuple(level for level in LEVELS if level != "L1")


def test_bodies_on_either_side_of_a_gap_are_one_row() -> None:
    assert are_neighbours(body(0), body(2), 2)
    assert not are_neighbours(body(0), body(2), 1)
    assert row_of({}, LEVELS) == {}


def test_beyond_a_gap_that_hides_another_body_no_name_is_given() -> None:
    lost = spine()
    for level in ("L2", "L1"):
        del lost[level]
    assert tuple(row_of(lost, LEVELS)) == ("L5", "L4", "L3", "T12", "T11", "T10")
    # One body counted too few: what is named L1 stands where T12 is.
    counted = {
        name: (body(number), 0.9) for name, number in zip(("L5", "L4", "L3", "L1", "T12"), (0, 1, 2, 5, 6), strict=True)
    }
    assert tuple(row_of(counted, LEVELS)) == ("L5", "L4", "L3")


def test_bodies_that_overlap_are_not_neighbours() -> None:
    assert are_neighbours(body(0), body(1, height=30.0), 1)
    low = body(1, height=15.0) + np.array((0, 18))  # fallen into the upper endplate of the one below
    assert not are_neighbours(body(0), low, 1)
    assert not are_neighbours(body(1), body(0), 1)  # upside down
