"""What is true of a case by what its readers say, how it was settled, and why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.films import Facts, facts_of, film_path
from annotation.readers import Bounds, Settled, truths
from annotation.readers.distances import apart, point_distance
from annotation.readers.drawn import Drawn, bit_mask
from core.case import LabeledCase
from core.mask import BitMask
from tests.annotation.readers.panel import NOON, SIZE, Panel, said, square

BOUNDS = Bounds(dice=0.8, mm=3.0)


@pytest.fixture
def panel(home: Path) -> Panel:
    home.mkdir()
    return Panel(home)


def of(panel: Panel, side: str | None = "R", case: int = 1) -> Settled:
    found = truths(panel.ledger, panel.home, BOUNDS, case_id=f"{case:024x}")
    return next(one for one in found if one.side == side)


def test_one_reader_who_was_asked_alone_settles_a_case(panel: Panel) -> None:
    panel.case(1, [said("osteopenia", certainty="sure", remark="thin"), said(None, "L", reasons=("bone cut off",))])
    right, left = of(panel), of(panel, "L")
    assert right.answer is not None
    assert (right.answer.label, right.answer.certainty, right.answer.remark) == ("osteopenia", "sure", "thin")
    assert right.how == {"class": "single"}
    assert left.has_class  # that it cannot be judged is settled
    assert left.answer is not None
    assert (left.answer.label, left.answer.reasons) == (None, ("bone cut off",))
    assert right.is_settled
    assert right.why_not is None


def test_two_who_agree_settle_it_as_sure_as_the_less_sure(panel: Panel) -> None:
    panel.case(1, [said(certainty="sure", remark="a")], [said(certainty="unsure", remark="b")])
    found = of(panel)
    assert found.how == {"class": "agreed"}
    assert found.answer is not None
    assert (found.answer.label, found.answer.certainty, found.answer.remark) == ("normal", "unsure", "a / b")
    assert found.readers == ("reader-1", "reader-2")
    assert found.answer.annotator == "reader-1+reader-2"


def test_until_everyone_who_was_asked_has_answered_nothing_is_settled(panel: Panel) -> None:
    panel.case(1, [said()], asked=2)
    found = of(panel)
    assert (found.answer, found.how, found.is_settled) == (None, {}, False)
    assert found.why_not == "Reader 2 has not answered yet."


def test_what_two_disagree_on_has_no_truth_and_what_they_agree_on_has(panel: Panel) -> None:
    panel.case(1, [said("normal"), said("osteopenia", "L")], [said("osteopenia"), said("osteopenia", "L")])
    found = of(panel)
    assert found.answer is None
    assert found.differs == {"class": "Readers say normal and osteopenia"}
    assert not found.is_settled
    assert of(panel, "L").is_settled


def test_a_third_reader_settles_by_majority_or_leaves_it_open(panel: Panel) -> None:
    one = panel.case(1, [said("normal")], [said("osteopenia")])
    panel.third(one)
    assert of(panel).why_not == "Readers say normal and osteopenia; one more reader is asked."
    two = panel.case(2, [said("normal")], [said("osteopenia")])
    panel.third(two, [said("osteopenia")])
    found = of(panel, case=2)
    assert found.answer is not None
    assert (found.answer.label, found.how) == ("osteopenia", {"class": "majority"})
    three = panel.case(3, [said("normal")], [said("osteopenia")])
    panel.third(three, [said("osteoporosis")])
    assert of(panel, case=3).differs == {"class": "Readers say normal, osteopenia and osteoporosis"}


def test_what_two_agree_on_stands_while_a_third_is_asked_about_the_rest(panel: Panel) -> None:
    entry = panel.case(1, [said("normal"), said("normal", "L")], [said("osteopenia"), said("normal", "L")])
    panel.third(entry)
    assert of(panel, "L").is_settled


def test_an_adjudication_goes_before_readers_and_can_be_taken_back(panel: Panel) -> None:
    entry = panel.case(1, [said("normal")], [said("osteopenia")])
    case = f"{1:024x}"
    decision = LabeledCase(case, "osteoporosis", "judge", NOON, "hip_vit", "R", certainty="sure")
    panel.ledger.adjudicate(entry, decision, "the neck is thin")
    found = of(panel)
    assert found.is_settled
    assert found.answer is not None
    assert (found.answer.label, found.how, found.adjudicator) == ("osteoporosis", {"class": "adjudicated"}, "judge")
    panel.ledger.reopen(entry, "R")
    assert of(panel).differs


def test_an_adjudication_settles_a_case_that_still_waits(panel: Panel) -> None:
    entry = panel.case(1, asked=2)
    panel.ledger.adjudicate(entry, LabeledCase(f"{1:024x}", None, "judge", NOON, "hip_vit", "R"), "an implant")
    found = of(panel)
    assert found.has_class
    assert found.answer is not None
    assert found.answer.label is None


def test_outlines_within_the_bounds_become_one_and_others_are_told_apart(panel: Panel) -> None:
    near = ({"total_hip": square(20, 20, 40)}, {"total_hip": square(22, 20, 40)})
    far = ({"femoral_neck": square(70, 20, 10)}, {"femoral_neck": square(78, 20, 10)})
    panel.case(1, [said(masks=near[0] | far[0])], [said(masks=near[1] | far[1])])
    found = of(panel)
    assert found.how == {"class": "agreed", "total_hip": "agreed"}
    assert list(found.differs) == ["femoral_neck"]
    assert found.differs["femoral_neck"].startswith("Femoral neck: outlines overlap by Dice 0.20 and lie ")
    assert found.answer is not None
    (joint,) = found.answer.masks.values()
    middle = square(21, 20, 40).pixels()
    assert (joint.width, joint.height) == SIZE
    assert (joint.pixels() ^ middle).sum() <= 2 * 40


def test_lists_go_by_classes_alone_and_open_no_drawing(panel: Panel) -> None:
    panel.case(1, [said(masks={"total_hip": square(20, 20, 40)})], [said(masks={"total_hip": square(60, 40, 20)})])
    (right, _) = truths(panel.ledger, panel.home, BOUNDS, classes_only=True)
    assert (right.how, right.differs) == ({"class": "agreed"}, {})
    (compared, _) = truths(panel.ledger, panel.home, BOUNDS, drawn=False)
    assert list(compared.differs) == ["total_hip"]


def test_of_three_outlines_the_two_that_agree_count(panel: Panel) -> None:
    entry = panel.case(
        1, [said(masks={"total_hip": square(20, 20, 40)})], [said(masks={"total_hip": square(60, 40, 20)})]
    )
    assert "total_hip" in of(panel).differs
    panel.third(entry, [said(masks={"total_hip": square(20, 21, 40)})])
    found = of(panel)
    assert found.how["total_hip"] == "majority"
    assert found.answer is not None
    assert not found.answer.masks["total_hip"].pixels()[:, 61:].any()


def test_a_region_that_one_of_two_drew_is_taken_as_it_was_drawn(panel: Panel) -> None:
    triangle = ((10.0, 10.0), (50.0, 10.0), (30.0, 60.0))
    panel.case(1, [said(outlines={"wards_triangle": (triangle,)})], [said()])
    found = of(panel)
    assert found.how["wards_triangle"] == "single"
    assert found.answer is not None
    assert dict(found.answer.outlines) == {"wards_triangle": (triangle,)}


def test_a_brush_mask_and_a_polygon_of_the_same_region_are_compared(panel: Panel) -> None:
    corners = [(20, 20), (60, 20), (60, 60), (20, 60)]
    polygon = tuple((x * 100 / SIZE[0], y * 100 / SIZE[1]) for x, y in corners)
    panel.case(1, [said(masks={"total_hip": square(20, 20, 40)})], [said(outlines={"total_hip": (polygon,)})])
    found = of(panel)
    assert found.answer is not None
    assert found.answer.masks["total_hip"] == square(20, 20, 40)


def test_points_meet_in_the_middle_or_are_told_apart(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    both = {"vertebral_fracture": "no", "osteoporosis": "no"}
    near = said("neither", None, findings=both, points={"L1_front_upper": (50.0, 50.0), "L2_front_upper": (50.0, 60.0)})
    far = said("neither", None, findings=both, points={"L1_front_upper": (50.9, 50.0), "L2_front_upper": (60.0, 60.0)})
    panel.case(1, [near], [far])
    found = of(panel, None)
    assert found.answer is not None
    assert dict(found.answer.points) == {"L1_front_upper": pytest.approx((50.45, 50.0))}
    assert list(found.differs) == ["L2_front_upper"]
    assert "12.0 px apart; the bound is 1.2 px" in found.differs["L2_front_upper"]


def test_findings_are_settled_one_by_one_and_their_class_with_the_last(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    first = said("both", None, findings={"vertebral_fracture": "yes", "osteoporosis": "yes", "genant_L1": "2"})
    other = said("vertebral_fracture", None, findings={"vertebral_fracture": "yes", "osteoporosis": "no"})
    entry = panel.case(1, [first], [other])
    found = of(panel, None)
    assert found.how == {"vertebral_fracture": "agreed", "genant_L1": "single"}
    assert found.differs == {"osteoporosis": "Osteoporosis: readers say yes and no"}
    assert found.answer is not None
    assert dict(found.answer.findings) == {"vertebral_fracture": "yes", "genant_L1": "2"}
    only = {"osteoporosis": "yes"}
    decision = LabeledCase(f"{1:024x}", None, "judge", NOON, "spine_vertex", findings=only)
    panel.ledger.adjudicate(entry, decision, "seen on the hip")
    found = of(panel, None)
    assert found.answer is not None
    assert (found.answer.label, found.how["class"]) == ("both", "agreed")


def test_a_finding_that_one_reader_could_not_judge_is_a_difference(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    first = said("neither", None, findings={"vertebral_fracture": "no", "osteoporosis": "no"})
    panel.case(1, [first], [said(None, None, findings={"vertebral_fracture": "no"})])
    assert of(panel, None).differs == {"osteoporosis": "Osteoporosis: readers say no and cannot be judged"}


def test_a_finding_that_nobody_judged_is_not_absent(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    panel.case(1, [said(None, None, findings={"vertebral_fracture": "no"})])
    found = of(panel, None)
    assert found.answer is not None
    assert (found.answer.label, dict(found.answer.findings)) == (None, {"vertebral_fracture": "no"})


def test_one_person_in_two_projects_has_two_votes_and_the_later_of_two_answers_in_one(panel: Panel) -> None:
    entry = panel.case(1, asked=2)
    panel.answer(entry, 1, [said("osteopenia")], "ann")
    panel.answer(entry, 1, [said("normal")], "ann")
    panel.answer(entry, 2, [said("normal")], "ann")
    found = of(panel)
    assert found.how == {"class": "agreed"}
    assert found.readers == ("ann",)


def test_a_case_without_its_film_says_so_and_the_others_go_on(panel: Panel) -> None:
    panel.case(1, [said()])
    panel.case(2, [said()])
    film_path(panel.home, f"{1:024x}").unlink()
    first, *others = truths(panel.ledger, panel.home, BOUNDS)
    assert "no longer under home/films" in (first.why_not or "")
    assert any(one.is_settled for one in others)


def test_a_side_that_nobody_judged_is_told(panel: Panel) -> None:
    panel.case(1, [said()])
    assert of(panel, "L").why_not == "No reader has judged this side."


def test_masks_of_another_size_than_the_film_settle_nothing_and_break_nothing(panel: Panel) -> None:
    odd = {"total_hip": BitMask.of(np.ones((4, 4), bool))}
    panel.case(1, [said(masks=odd)], [said(masks=odd)])
    assert "found a mask of 4 x 4 px" in (of(panel).why_not or "")


def test_lengths_are_in_millimetres_where_the_film_has_a_spacing() -> None:
    film = Facts("a" * 24, "p", *SIZE)
    scaled = replace(film, spacing_mm=(0.5, 0.5), spacing_origin="detector")
    one, other = Drawn(square(20, 20, 40)), Drawn(square(30, 20, 40))
    assert apart(one, other, scaled).boundary == pytest.approx(apart(one, other, film).boundary / 2)
    assert apart(one, other, film).dice == pytest.approx(0.75)
    assert point_distance((0, 0), (0, 10), scaled) == pytest.approx(4.5)  # a tenth of 90 rows


def test_a_polygon_covers_the_pixels_whose_middle_it_holds() -> None:
    film = Facts("a" * 24, "p", 10, 10)
    ring = ((10.0, 10.0), (60.0, 10.0), (60.0, 43.9), (10.0, 46.0))
    mask = bit_mask(Drawn(None, (ring,)), (film.width, film.height)).pixels()
    assert mask[1:4, 1:6].all()
    assert mask[4].tolist() == [False, *[True] * 2, *[False] * 7]  # the slanting edge: only where it lies low enough
    assert mask.sum() == 17


def test_the_facts_of_an_old_film_are_its_size(panel: Panel) -> None:
    panel.case(1)
    assert (facts_of(panel.home, f"{1:024x}").width, facts_of(panel.home, f"{1:024x}").spacing_mm) == (SIZE[0], None)
