import numpy as np
import pytest

from core.refusal import Code, Notice, NoticeCode
from evidence.difficulty import NEAR_MARGIN, divergence, judge
from evidence.explanation import grad_cam
from evidence.familiarity import Familiarity, fit_familiarity

PLAIN = {"a": 0.95, "b": 0.03, "c": 0.02}


def test_a_plain_case_has_no_reason() -> None:
    difficulty = judge(PLAIN, ["a"], [PLAIN, PLAIN], 1.0, 2.0, [])
    assert not difficulty.hard
    assert difficulty.reasons == ()
    assert 0 < difficulty.score < 0.3


@pytest.mark.parametrize(
    ("joint", "undecided", "candidates", "distance", "notices", "reason"),
    [
        ({"a": 0.5, "b": 0.45, "c": 0.05}, ["a"], [PLAIN], 1.0, [], "near_threshold"),
        (PLAIN, ["a", "b"], [PLAIN], 1.0, [], "near_threshold"),
        (PLAIN, ["a"], [PLAIN, {"a": 0.2, "b": 0.7, "c": 0.1}], 1.0, [], "candidates_disagree"),
        (PLAIN, ["a"], [PLAIN], 2.1, [], "out_of_distribution"),
        (PLAIN, ["a"], [PLAIN], 1.0, [Notice(Code.EXPOSURE, "The film is flat.")], "low_quality"),
        (PLAIN, ["a"], [PLAIN], 1.0, [Notice(NoticeCode.UNSHARP, "The film is unsharp.")], "low_quality"),
        (PLAIN, ["a"], [PLAIN], 1.0, [Notice(NoticeCode.COLLIMATION, "Little is exposed.")], "low_quality"),
        (PLAIN, ["a"], [PLAIN], 1.0, [Notice(NoticeCode.PSEUDO_COLOUR, "Grey from a map.")], "low_quality"),
    ],
)
def test_each_reason_alone_makes_a_case_hard(joint, undecided, candidates, distance, notices, reason) -> None:  # type: ignore[no-untyped-def]
    difficulty = judge(joint, undecided, candidates, distance, 2.0, notices)
    assert difficulty.reasons == (reason,)
    assert difficulty.hard
    assert difficulty.score >= 1 - NEAR_MARGIN


def test_a_remark_that_is_not_about_quality_makes_no_case_hard() -> None:
    remarks = [Notice(NoticeCode.SIDE_BY_CONVENTION, "By convention."), Notice(NoticeCode.VIEW_NOT_STATED, "Unstated.")]
    assert not judge(PLAIN, ["a"], [PLAIN, PLAIN], 1.0, 2.0, remarks).hard


def test_divergence_is_nought_for_agreement_and_one_bit_for_opposites() -> None:
    assert divergence([PLAIN, PLAIN]) == pytest.approx(0, abs=1e-9)
    assert divergence([{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}]) == pytest.approx(1)


def test_films_of_the_kind_are_near_and_others_far() -> None:
    random = np.random.default_rng(0)
    typical = np.abs(random.normal(size=64))

    def kind(count: int) -> np.ndarray:
        return typical + random.normal(size=(count, 64)) * 0.2

    familiarity = fit_familiarity(kind(200), kind(100))
    fresh = familiarity.distance(kind(300))
    assert np.mean(fresh > familiarity.unusual) < 0.12
    assert np.all(fresh < familiarity.foreign)
    assert np.all(familiarity.distance(np.abs(random.normal(size=(20, 64)))) > familiarity.foreign)
    again = Familiarity.from_arrays(familiarity.arrays())
    film = kind(1)[0]
    assert again.distance(film) == pytest.approx(familiarity.distance(film), abs=1e-3)
    assert again.distance(film * 7) == pytest.approx(again.distance(film))


def test_a_map_shows_where_the_answer_came_from() -> None:
    maps = np.zeros((2, 4, 4), np.float32)
    maps[0, 1, 2], maps[1, 3, 3] = 5, 5
    gradients = np.stack([np.full((4, 4), 0.5), np.full((4, 4), -0.5)])
    heat = grad_cam(maps, gradients)
    assert heat[1, 2] == 1
    assert heat[3, 3] == 0
    assert grad_cam(maps, -np.abs(gradients)).max() == 0
