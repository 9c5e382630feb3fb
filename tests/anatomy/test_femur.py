"""What is known of a femur's shape: the square around it, and when landmarks are not one."""

import numpy as np
import pytest

from anatomy.femur import FEMUR, NEEDED, box_of
from anatomy.joint import Shape

LEFT = {
    "head_centre": (544.8, 324.9),
    "neck_waist": (585.1, 353.1),
    "neck_base": (630.3, 388.4),
    "greater_trochanter": (652.9, 336.2),
    "lesser_trochanter": (592.4, 459.5),
}
RIGHT = {name: (1000 - x, y) for name, (x, y) in LEFT.items()}


def femora(count: int = 200) -> list:  # type: ignore[type-arg]
    random = np.random.default_rng(0)
    return [
        (
            {name: tuple(np.array(point) * size + random.normal(0, 2, 2)) for name, point in shape.items()},
            side,
        )
        for size in random.uniform(0.5, 2, count // 2)
        for shape, side in ((LEFT, "L"), (RIGHT, "R"))
    ]


def test_the_square_holds_the_femur_from_above_the_head_to_below_the_lesser_trochanter() -> None:
    box = box_of(LEFT, "L")
    for place in (*LEFT.values(), (544.8, 324.9 - 48), (592.4, 459.5 + 60), (670.0, 350.0)):
        assert np.all((box.to_box(np.array(place)) > 0.02) & (box.to_box(np.array(place)) < 0.98))


def test_a_right_femur_is_shown_as_a_left_one() -> None:
    left, right = box_of(LEFT, "L"), box_of(RIGHT, "R")
    assert right.mirrored
    assert not left.mirrored
    for name in NEEDED:
        assert left.to_box(np.array(LEFT[name])) == pytest.approx(right.to_box(np.array(RIGHT[name])))


def test_landmarks_that_are_no_femur_are_told_from_those_that_are() -> None:
    shape = Shape.learn(FEMUR, femora())
    assert all(shape.distance(points, side) <= 1.0001 for points, side in femora())
    assert shape.distance(LEFT, "R") > 2  # its mirror image is the other side's
    upside_down = {name: (x, -y) for name, (x, y) in LEFT.items()}
    assert shape.distance(upside_down, "L") > 2
    astray = {**LEFT, "greater_trochanter": (500.0, 500.0)}
    assert shape.distance(astray, "L") > 2


def test_a_shape_comes_back_from_a_bundle() -> None:
    shape = Shape.learn(FEMUR, femora())
    again = Shape.from_dict(FEMUR, shape.to_dict())
    assert again.distance(LEFT, "L") == pytest.approx(shape.distance(LEFT, "L"), abs=0.01)
