import numpy as np
import pytest

from core.refusal import Code, Notice, NoticeCode
from evidence.difficulty import HARD_FROM, RECIPES_DISAGREE, divergence, hard_from, judge, priority, scores_of
from evidence.explanation import grad_cam
from evidence.out_of_distribution import OutOfDistribution, fit_out_of_distribution

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
def test_each_reason_is_named_alone_and_only_a_small_margin_makes_a_case_hard(
    joint, undecided, candidates, distance, notices, reason
) -> None:  # type: ignore[no-untyped-def]
    difficulty = judge(joint, undecided, candidates, distance, 2.0, notices)
    assert difficulty.reasons == (reason,)
    assert difficulty.hard == (difficulty.score >= HARD_FROM)
    assert difficulty.hard == (max(joint.values()) < 0.6)


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

    ood = fit_out_of_distribution(kind(200), kind(100))
    fresh = ood.distance(kind(300))
    assert np.mean(fresh > ood.unusual_beyond) < 0.12
    assert np.all(fresh < ood.rejected_beyond)
    assert np.all(ood.distance(np.abs(random.normal(size=(20, 64)))) > ood.rejected_beyond)
    again = OutOfDistribution.from_arrays(ood.arrays())
    film = kind(1)[0]
    assert again.distance(film) == pytest.approx(ood.distance(film), abs=1e-3)
    assert again.distance(film * 7) == pytest.approx(again.distance(film))


def test_a_map_shows_where_the_answer_came_from() -> None:
    maps = np.zeros((2, 4, 4), np.float32)
    maps[0, 1, 2], maps[1, 3, 3] = 5, 5
    gradients = np.stack([np.full((4, 4), 0.5), np.full((4, 4), -0.5)])
    heat = grad_cam(maps, gradients)
    assert heat[1, 2] == 1
    assert heat[3, 3] == 0
    assert grad_cam(maps, -np.abs(gradients)).max() == 0


def test_the_bound_calls_the_stated_share_hard() -> None:
    probabilities = np.random.default_rng(0).dirichlet((1, 1, 1), 1000)
    bound = hard_from(probabilities, 0.2)
    called = [
        judge(dict(zip("abc", map(float, row), strict=True)), ["a"], [], 0, 1, [], hard_from=bound).hard
        for row in probabilities
    ]
    assert np.mean(called) == pytest.approx(0.2, abs=0.01)
    assert scores_of(probabilities[:1])[0] == pytest.approx(
        judge(dict(zip("abc", map(float, probabilities[0]), strict=True)), [], [], 0, 1, []).score, abs=1e-4
    )


def test_a_second_recipe_that_differs_puts_a_case_before_one_that_agrees() -> None:
    alone = priority(PLAIN)
    agreed, opposed = priority(PLAIN, PLAIN), priority(PLAIN, {"a": 0.1, "b": 0.8, "c": 0.1})
    assert alone.score == agreed.score == pytest.approx(0.05)
    assert agreed.reasons == ()
    assert opposed.reasons == (RECIPES_DISAGREE,)
    assert opposed.score == pytest.approx(1 - (0.95 + 0.1) / 2)


def test_without_classes_the_difficulty_of_the_reading_counts() -> None:
    assert priority(None, None, {"score": 0.7}).score == 0.7
    assert priority({}, PLAIN).score == 0.0
