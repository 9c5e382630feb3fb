"""Which look at a femur gives its landmarks."""

import numpy as np
import pytest

from anatomy.femur import FEMUR, NEEDED
from anatomy.hips import Look, best_shaped
from anatomy.joint import Shape

LEFT = {
    "head_centre": (100, 100), "neck_waist": (120, 117), "neck_base": (145, 137), "greater_trochanter": (157, 107),
    "lesser_trochanter": (123, 174),
}  # fmt: skip
PLACES = np.array([LEFT[name] for name in NEEDED], float)


@pytest.fixture(scope="module")
def shape() -> Shape:
    random = np.random.default_rng(0)
    return Shape.learn(FEMUR, [(named(PLACES + random.normal(0, 2, PLACES.shape)), "L") for _ in range(200)])


def named(places: np.ndarray) -> dict[str, tuple[float, float]]:
    return {name: (float(x), float(y)) for name, (x, y) in zip(NEEDED, places, strict=True)}


def look(sure: list[float], aside: float = 0.0) -> Look:
    """That femur, with its lesser trochanter so far aside."""
    places = PLACES.copy()
    places[-1] += aside
    return Look("L", places, np.array(sure))


def test_the_look_of_the_best_shape_is_taken_though_another_is_surer(shape: Shape) -> None:
    true, wrong = look([0.7] * 5), look([0.95] * 5, aside=5)
    assert best_shaped([wrong, true], shape) is true


def test_one_unsure_landmark_does_not_lose_a_femur_whose_shape_fits(shape: Shape) -> None:
    assert best_shaped([look([0.9, 0.9, 0.1, 0.9, 0.9])], shape) is not None
    assert best_shaped([look([0.9, 0.1, 0.1, 0.9, 0.9])], shape) is None


def test_sure_landmarks_without_a_femurs_shape_are_none(shape: Shape) -> None:
    assert best_shaped([look([0.99] * 5, aside=40)], shape) is None


def test_a_look_is_as_sure_as_its_least_sure_landmark_but_one() -> None:
    assert look([0.9, 0.8, 0.2, 0.7, 0.6]).limb.sure == pytest.approx(0.6)
