"""Knees on a film: named by where they lie on the picture, then by the fibula."""

import numpy as np
import pytest

from core.radiograph import Radiograph
from recipes.knee import LANDMARKS, NEEDED, PICTURED, TURNED_OVER, pictured
from recipes.knees import Look, named_apart, windows

LEFT = {  # a left knee on the picture: its outer side, with the fibula, is to the right
    "medial_plateau": (100, 200), "lateral_plateau": (180, 201), "medial_condyle": (118, 188),
    "lateral_condyle": (163, 188), "medial_epicondyle": (96, 150), "lateral_epicondyle": (184, 152),
    "fibular_head": (178, 240),
}  # fmt: skip


def look(sure: float = 0.9, fibula_sure: float = 0.9, over: bool = False, along: float = 0.0) -> Look:
    """That knee as the finder sees it, or turned over, further along the film."""
    places = np.array([LEFT[LANDMARKS[at]] for at in pictured("L")], float)
    if over:
        places = (places * (-1, 1) + (280, 0))[list(TURNED_OVER)]
    return Look(places + np.array([along, 0]), np.array([*[sure] * (len(PICTURED) - 1), fibula_sure]))


def test_a_knee_turned_over_is_the_other_knee_with_its_landmarks_kept() -> None:
    left, right = look().limb, look(over=True).limb
    assert (left.side, right.side) == ("L", "R")
    for name in NEEDED:
        x, y = left.points[name]
        assert right.points[name] == pytest.approx((280 - x, y))
    assert right.box.mirrored
    assert not left.box.mirrored


def test_turning_over_twice_changes_nothing() -> None:
    assert [TURNED_OVER[at] for at in TURNED_OVER] == list(range(len(PICTURED)))
    assert sorted(pictured("R")) == sorted(pictured("L"))


def test_two_legs_are_never_two_right_ones_and_the_surer_fibula_names_them() -> None:
    sides = [one.side for one in named_apart([look(fibula_sure=0.9), look(0.8, 0.4, along=300)])]
    assert sorted(sides) == ["L", "R"]
    surer, other = named_apart([look(0.9, 0.4), look(0.8, 0.9, over=True, along=-300)])
    assert (surer.side, other.side) == ("L", "R")  # fibulae that agree with two legs are believed, sure or not
    best = named_apart([look(0.9, 0.3), look(0.95, 0.8, along=300)])
    assert {one.side: one.places[0, 0] for one in best} == {"L": 400.0, "R": 100.0}


def test_of_three_places_the_two_surest_are_knees() -> None:
    kept = named_apart([look(0.6), look(0.9, over=True, along=-300), look(0.7, along=300)])
    assert sorted(one.least for one in kept) == [0.7, 0.9]


@pytest.mark.parametrize(("height", "width", "looks"), [(300, 250, 8), (400, 200, 4), (400, 400, 8), (300, 500, 4)])
def test_wide_films_are_also_looked_at_by_halves_and_long_legs_by_ends_that_overlap(
    height: int, width: int, looks: int
) -> None:
    film = Radiograph(np.random.default_rng(0).random((height, width), np.float32), "0" * 24)
    found = list(windows(film, 192))
    assert len(found) == looks
    seen_often = np.zeros((height, width), int)
    for window, seen in found[:-1]:
        left, top = (round(value) for value in window.corner)
        part = (slice(top, top + seen.height), slice(left, left + seen.width))
        np.testing.assert_array_equal(seen.pixels, film.pixels[part])
        seen_often[part] += 1
    assert seen_often.min() >= 2
    assert found[-1][0].side > max(height, width)
