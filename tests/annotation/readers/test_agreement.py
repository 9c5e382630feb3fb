"""How well readers agree, by what they answered blind and apart."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from annotation.readers import Agreement, agreements
from core.labels import CLASSES
from tests.annotation.readers.panel import Panel, said, square


@pytest.fixture
def panel(home: Path) -> Panel:
    home.mkdir()
    return Panel(home)


def one_of(found: list[Agreement], part: str, measure: str) -> Agreement:
    (only,) = [one for one in found if (one.part, one.measure) == (part, measure)]
    return only


def test_kappas_of_two_readers_are_those_of_their_labels(panel: Panel) -> None:
    random = np.random.default_rng(5)
    first = random.integers(3, size=12)
    second = np.where(random.random(12) < 0.6, first, random.integers(3, size=12))
    for number, (one, other) in enumerate(zip(first, second, strict=True), start=1):
        panel.case(number, [said(CLASSES[one])], [said(CLASSES[other])])
    found, left = agreements(panel.ledger, panel.home)
    cohen, quadratic = one_of(found, "class", "cohen"), one_of(found, "class", "quadratic")
    assert cohen.readers == ("reader-1", "reader-2")
    assert (cohen.cases, cohen.patients) == (12, 12)
    assert cohen.figure.value == pytest.approx(cohen_kappa_score(first, second))
    assert quadratic.figure.value == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))
    assert one_of(found, "class", "same").figure.value == pytest.approx((first == second).mean())
    assert one_of(found, "class", "fleiss").readers == ()
    assert (left.seen, left.late, left.odd) == (0, 0, 0)


def test_a_film_that_cannot_be_judged_counts_as_an_answer_but_has_no_place_in_the_order(panel: Panel) -> None:
    panel.case(1, [said("normal")], [said(None)])
    panel.case(2, [said("normal")], [said("normal")])
    panel.case(3, [said("osteopenia")], [said("osteopenia")])
    found, _ = agreements(panel.ledger, panel.home)
    assert one_of(found, "class", "cohen").cases == 3
    assert one_of(found, "class", "quadratic").cases == 2
    assert one_of(found, "class", "same").figure.value == pytest.approx(2 / 3)


def test_who_saw_the_model_s_answer_or_was_sent_for_to_settle_says_nothing_of_agreement(panel: Panel) -> None:
    panel.case(1, [said()], [said()], blind=False)
    panel.third(panel.case(2, [said("normal")], [said("osteopenia")]), [said("normal")])
    found, left = agreements(panel.ledger, panel.home)
    assert (left.seen, left.late) == (2, 1)
    assert {one.cases for one in found} == {1}
    assert [one.readers for one in found if one.measure == "cohen"] == [("reader-1", "reader-2")]


def test_one_person_who_read_twice_is_told_from_two(panel: Panel) -> None:
    for number in (1, 2):
        entry = panel.case(number, asked=2)
        for reader in (1, 2):
            panel.answer(entry, reader, [said()], "ann")
    found, _ = agreements(panel.ledger, panel.home)
    assert {(one.measure, one.readers) for one in found} == {("cohen", ("ann", "ann")), ("quadratic", ("ann", "ann"))}


def test_outlines_are_told_in_dice_and_distance(panel: Panel) -> None:
    for number, shift in ((1, 0), (2, 10)):
        masks = ({"total_hip": square(20, 20, 40)}, {"total_hip": square(20 + shift, 20, 40)})
        panel.case(number, [said(masks=masks[0])], [said(masks=masks[1])])
    found, _ = agreements(panel.ledger, panel.home)
    assert one_of(found, "total_hip", "dice").figure.value == pytest.approx((1 + 0.75) / 2)
    boundary = one_of(found, "total_hip", "boundary")
    assert boundary.unit == "px"
    assert 0 < (boundary.figure.value or 0) < 5


def test_grades_of_all_bodies_are_taken_together_and_points_on_their_mean_distance(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    both = {"vertebral_fracture": "no", "osteoporosis": "no"}
    one = said(
        "neither", None, findings=both | {"genant_L1": "0", "genant_L2": "2"}, points={"L1_front_upper": (50, 50)}
    )
    other = said("neither", None, findings=both | {"genant_L1": "0"}, points={"L1_front_upper": (60, 50)})
    panel.case(1, [one], [other])
    found, _ = agreements(panel.ledger, panel.home)
    assert one_of(found, "grades", "same").cases == 1  # L2 is not known of the second reader
    assert one_of(found, "points", "distance").figure.value == pytest.approx(12)
    assert not [row for row in found if row.measure == "quadratic" and row.part == "osteoporosis"]
