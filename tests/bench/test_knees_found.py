"""What counts as a knee found, and the table of what a person saw."""

from dataclasses import replace

import pytest

from anatomy.limb import Limb
from bench.knees_found import Seen, judge, seen_by_film, share
from core.radiograph import Side
from imaging.crop import Box

RIGHT, LEFT = Seen("R", 100, 200, 80), Seen("L", 300, 190, 84)


def found(side: Side, x: float, y: float, edge: float) -> Limb:
    return Limb(side, {}, Box((x, y), edge, mirrored=side == "R"), 0.9)


def test_a_knee_counts_where_side_place_and_size_are_right() -> None:
    here = found("R", 104, 196, 84)
    assert RIGHT.is_at(here)
    assert not RIGHT.is_at(replace(here, side="L"))
    assert not RIGHT.is_at(found("R", 120, 200, 80))
    assert not RIGHT.is_at(found("R", 100, 200, 120))
    assert not RIGHT.is_at(found("R", 100, 200, 55))


@pytest.mark.parametrize(
    ("limbs", "right", "wrong", "whole"),
    [
        ([found("R", 100, 200, 80), found("L", 300, 190, 84)], 2, 0, True),
        ([found("L", 300, 190, 84)], 1, 0, False),
        ([found("R", 100, 200, 80), found("L", 100, 200, 84)], 1, 1, False),
        ([], 0, 0, False),
    ],
)
def test_a_film_is_right_where_every_knee_is_found_and_nothing_else(
    limbs: list[Limb], right: int, wrong: int, whole: bool
) -> None:
    one = judge("a.jpg", [RIGHT, LEFT], limbs)
    assert (one.right, one.wrong, one.whole) == (right, wrong, whole)


def test_the_table_names_each_knee_once_and_right_knees_lie_on_the_picture_s_left() -> None:
    films = seen_by_film()
    assert len(films) == 167
    for film, knees in films.items():
        sides = [one.side for one in knees]
        assert sides in (["R"], ["L"], ["R", "L"]), film
        if len(knees) == 2:
            right, left = knees
            assert right.x < left.x, film
            assert 0.7 < right.edge / left.edge < 1.4, film
            assert left.x - right.x > 0.6 * right.edge, film


def test_a_share_has_wilson_s_interval() -> None:
    assert share(160, 167) == "160 of 167, 95.8% (91.6% to 98.0%)"
