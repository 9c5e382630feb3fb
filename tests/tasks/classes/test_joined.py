"""The answer of a film whose limbs share one label."""

from dataclasses import replace

import pytest

from core.estimate import Estimate
from tasks.classes.joined import join
from tests.readings import a_reading, a_refusal


def knee(side: str, normal: float, osteopenia: float):  # type: ignore[no-untyped-def]
    shares = {"normal": normal, "osteopenia": osteopenia, "osteoporosis": 1 - normal - osteopenia}
    return a_reading(side=side, estimate=Estimate(shares, ("osteopenia",)))


def test_both_knees_carry_the_mean_of_their_answers_and_keep_their_own() -> None:
    right, left = join([knee("R", 0.7, 0.2), knee("L", 0.1, 0.7)], quantile=0.65)
    assert right.film == left.film
    assert right.film == {
        "label": "osteopenia",
        "probabilities": pytest.approx({"normal": 0.4, "osteopenia": 0.45, "osteoporosis": 0.15}),
        "set": ["osteopenia", "normal"],
        "sides": ["R", "L"],
    }
    assert right.estimate is not None
    assert right.estimate.label == "normal"
    assert right.row()["film"] == right.film


def test_the_one_knee_of_a_film_is_the_film_s_answer() -> None:
    (only,) = join([knee("L", 0.1, 0.7)], quantile=0.65)
    assert only.film is not None
    assert only.estimate is not None
    assert only.film["probabilities"] == pytest.approx(only.estimate.probabilities)
    assert only.film["sides"] == ["L"]


def test_a_refused_knee_has_no_voice_but_carries_what_the_other_said() -> None:
    refused = replace(a_refusal(), side="R")
    one, other = join([refused, knee("L", 0.1, 0.7)], quantile=0.65)
    assert one.status == "refused"
    assert one.film == other.film
    assert other.film is not None
    assert other.film["sides"] == ["L"]
    assert join([refused], quantile=0.65) == [refused]
