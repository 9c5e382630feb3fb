"""Knees on a film: named by where they lie on the picture, then by the fibula."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy.knee import LANDMARKS, NEEDED, PICTURED, TURNED_OVER, pictured
from anatomy.knees import Look, named, windows
from core.radiograph import Radiograph

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


def test_two_legs_are_never_two_right_ones_and_the_surer_fibula_names_both() -> None:
    for looks in ([look(fibula_sure=0.9), look(0.8, 0.4, along=300)], [look(0.8, 0.6), look(0.9, 0.7, along=300)]):
        surer = max(looks, key=lambda one: one.sure[-1])
        sides = {one.middle: one.side for one in named(looks)}
        assert sorted(sides.values()) == ["L", "R"]
        assert sides[surer.middle] == "L"


def test_two_legs_without_a_clear_fibula_are_named_by_their_place() -> None:
    looks = [look(fibula_sure=0.4, along=300), look(fibula_sure=0.3)]
    assert {one.middle: one.side for one in named(looks)} == {140.0: "R", 440.0: "L"}


def test_one_leg_without_a_clear_fibula_is_what_the_film_is_marked_as_or_not_sure() -> None:
    assert [(one.side, one.side_sure) for one in named([look(fibula_sure=0.3)], "R")] == [("R", True)]
    assert [(one.side, one.side_sure) for one in named([look(fibula_sure=0.3)])] == [("L", False)]
    assert [(one.side, one.side_sure) for one in named([look(fibula_sure=0.9)], "R")] == [("L", True)]


def test_of_three_places_the_two_surest_are_knees() -> None:
    kept = named([look(0.6), look(0.9, over=True, along=-300), look(0.7, along=300)])
    assert sorted(one.least for one in kept) == [0.7, 0.9]
    assert named([]) == []


def test_a_look_at_the_film_turned_over_sees_the_same_knee() -> None:
    straight, over = look(), look(over=True)  # turned over about x = 140
    back = over.turned_back(140)
    np.testing.assert_allclose(back.places, straight.places)
    assert straight.joined(back).side == "L"
    doubtful = replace(look(over=True, fibula_sure=0.5), places=look().places * 1.0)
    doubtful.places[-1] = (102, 240)  # a fibula seen at the inner side
    joined = straight.joined(doubtful)
    assert joined.side == "L"
    assert joined.sure[-1] == pytest.approx(0.4)


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
