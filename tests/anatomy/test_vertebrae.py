"""Heights and Genant grades of bodies whose points are known."""

import numpy as np
import pytest

from anatomy.vertebrae import judged, sure_bodies
from core.clinical import Clinical
from core.vertebra import LEVELS
from evidence.genant import Norm, graded, heights_of, losses
from simulation.anatomy import spine as anatomy
from tasks.scores.clinical import ClinicalScale

NORM = Norm(dict.fromkeys(LEVELS, (1.0, 0.98, 1.0)))


def body(level: int, heights: tuple[float, float, float], size: float = 30.0) -> np.ndarray:
    """Six points of a body `level` bodies above the lowest."""
    middle = 400.0 - 40.0 * level
    x = np.array([10.0, 25.0, 40.0])
    down = np.array(heights) * size / 2
    return np.concatenate([np.stack([x, middle - down], 1), np.stack([x, middle + down], 1)])


def spine_with(broken: tuple[float, float, float], size: float = 30.0) -> dict[str, np.ndarray]:
    """Eight bodies, L1 broken."""
    return {
        level: heights_of(body(number, broken if level == "L1" else NORM.heights[level], size))
        for number, level in enumerate(LEVELS)
    }


@pytest.mark.parametrize("size", [12.0, 30.0, 90.0])
@pytest.mark.parametrize(
    ("broken", "grade", "kind"),
    [
        ((1.0, 0.98, 1.0), 0, "none"),
        ((0.83, 0.9, 1.0), 0, "none"),
        ((0.77, 0.9, 1.0), 1, "wedge"),
        ((0.65, 0.8, 0.97), 2, "wedge"),
        ((0.97, 0.66, 0.97), 2, "biconcave"),
        ((0.5, 0.5, 0.55), 3, "crush"),
    ],
)
def test_a_body_is_graded_by_the_share_of_height_it_lost(
    broken: tuple[float, float, float], grade: int, kind: str, size: float
) -> None:
    lost = losses(spine_with(broken, size), NORM)
    assert graded(lost["L1"])[:2] == (grade, kind)
    assert all(graded(lost[level])[0] == 0 for level in LEVELS if level != "L1")


def test_too_few_bodies_are_measured_but_not_graded() -> None:
    found = {level: (body(number, (0.5, 0.7, 1.0)), 0.9) for number, level in enumerate(LEVELS[:2])}
    for one in judged(found, NORM, (0.5, 0.5)):
        assert one.grade is None
        assert one.loss is None
        assert one.unit == "mm"
        assert one.heights == pytest.approx((0.5 * 15, 0.7 * 15, 15))
    assert judged(found, NORM, None)[0].unit == "px"


def test_only_bodies_that_are_sure_and_in_their_place_count() -> None:
    places = np.concatenate([body(number, (1, 1, 1)) for number in range(len(LEVELS))])
    sure = np.full(len(places), 0.9)
    assert tuple(sure_bodies(places, sure)) == LEVELS
    sure[8] = 0.1  # one point of L4
    assert "L4" not in sure_bodies(places, sure)
    sure[8] = 0.9
    places[6 * 3 : 6 * 4, 1] += 200  # L2 below the sacrum
    assert "L2" not in sure_bodies(places, sure)


def test_the_simulator_s_grades_are_those_of_its_heights() -> None:
    rng = np.random.default_rng(0)
    for kind in ("wedge", "biconcave", "crush"):
        for grade in (1, 2, 3):
            for _ in range(10):
                one = anatomy.fracture(kind, grade, rng)
                assert graded(np.array([1 - one.front, 1 - one.middle, 1 - one.back]))[0] == grade


def test_a_missing_value_is_the_mean_and_flagged_and_never_nought() -> None:
    people = [Clinical(age_years=60 + k, sex="F" if k % 2 else "M", bmi=24 + k) for k in range(9)]
    scale = ClinicalScale.learn(people)
    known = scale(Clinical(64, "F", 28))
    unknown = scale(Clinical(sex="F"))
    assert known[3:].tolist() == [0, 0, 0]
    assert unknown[3:].tolist() == [1, 0, 1]
    assert unknown[0] == pytest.approx(scale(Clinical(age_years=64, sex="F"))[0])
    assert ClinicalScale.from_dict(scale.to_dict()) == scale
    table = np.array([scale(one)[:3] for one in people])
    assert table.mean(0) == pytest.approx(0, abs=1e-3)
    assert table.std(0) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="found no bmi"):
        ClinicalScale.learn([Clinical(age_years=60, sex="F")] * 3)
