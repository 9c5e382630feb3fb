"""The knee as a joint: its square, its shape on either side, and that no two limbs are found on one bone."""

import numpy as np
import pytest

from anatomy.find import JOINTS
from anatomy.joint import Points
from anatomy.knee import KNEE, box_of
from anatomy.limb import Limb, one_a_place
from core.radiograph import Radiograph, Side

LEFT: Points = {
    "medial_plateau": (100, 200),
    "lateral_plateau": (180, 201),
    "medial_condyle": (118, 188),
    "lateral_condyle": (163, 188),
    "medial_spine": (135, 184),
}


def other_side(points: Points, width: float) -> Points:
    """The same knee on the film turned over."""
    return {name: (width - x, y) for name, (x, y) in points.items()}


def limb(side: Side, x: float, sure: float) -> Limb:
    moved = {name: (x + px, py) for name, (px, py) in LEFT.items()}
    return Limb(side, moved, box_of(moved, side), sure)


def test_a_right_knee_has_the_shape_of_its_mirror_image() -> None:
    np.testing.assert_allclose(KNEE.places(LEFT, "L"), KNEE.places(other_side(LEFT, 700), "R"))
    assert not np.allclose(KNEE.places(LEFT, "L"), KNEE.places(LEFT, "R"))


def test_the_square_holds_every_landmark_with_room_and_turns_right_knees_over() -> None:
    for side, points in (("L", LEFT), ("R", other_side(LEFT, 700))):
        box = box_of(points, side)
        shares = box.to_box(np.array(list(points.values())))
        assert (shares > 0.15).all()
        assert (shares < 0.85).all()
        assert box.mirrored == (side == "R")
        medial, lateral = (box.to_box(np.array(points[name])) for name in ("medial_plateau", "lateral_plateau"))
        assert medial[0] < lateral[0]


def test_a_square_is_measured_by_the_plateau_not_in_millimetres() -> None:
    twice = {name: (2 * x, 2 * y) for name, (x, y) in LEFT.items()}
    assert box_of(twice, "L").side == pytest.approx(2 * box_of(LEFT, "L").side)


def test_two_legs_are_two_knees_but_one_bone_is_not_a_right_and_a_left_one() -> None:
    right, left = limb("R", 0, 0.8), limb("L", 200, 0.7)
    assert one_a_place([right, left]) == [right, left]
    unsure = limb("L", 10, 0.6)
    assert one_a_place([right, unsure]) == [right]
    assert one_a_place([limb("R", 10, 0.5), left := limb("L", 0, 0.9)]) == [left]
    assert one_a_place([]) == []


def test_what_is_read_is_shown_as_a_square_on_the_film_however_far_it_reaches_beyond() -> None:
    film = Radiograph(np.zeros((300, 190), np.float32), "0" * 24)
    found = limb("L", 0, 0.77)
    region = found.square(JOINTS["knee"].called, film)
    left, top, right, bottom = region.box_xyxy
    assert region.name == "knee_joint"
    assert region.score == 0.77
    assert right == film.width
    assert (left, top) == tuple(round(value) for value in found.box.corner)
    assert bottom - top == pytest.approx(found.box.side, abs=1)
