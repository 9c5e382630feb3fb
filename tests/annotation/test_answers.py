"""Answers come back as they were given."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from annotation.answers import NotAnAnswer, labelled_cases, to_percent, to_pixels
from annotation.ledger import Ledger, State
from annotation.question import CANNOT_BE_JUDGED, Question
from annotation.rle import packed
from core.case import LabeledCase
from core.mask import BitMask
from tests.questions import KNEE, SPINE

HIP = Question("hip_regions", "Hip, AP", regions=("femoral_neck", "wards_triangle"), sides=("R", "L"))
WHEN = "2026-03-01T12:00:00.000000Z"
PERCENT = st.floats(0, 100)
SIDE = st.integers(1, 40_000)


def choice(control: str, value: str) -> dict:
    return {"from_name": control, "to_name": "film", "type": "choices", "value": {"choices": [value]}}


def polygon(control: str, label: str, points: list[list[float]]) -> dict:
    return {"from_name": control, "type": "polygonlabels", "value": {"polygonlabels": [label], "points": points}}


@given(st.lists(st.tuples(PERCENT, PERCENT), min_size=3).map(tuple), SIDE, SIDE)
def test_percent_and_pixels_are_there_and_back_again(outline: tuple, width: int, height: int) -> None:
    back = to_percent(to_pixels(outline, width, height), width, height)
    assert [pytest.approx(point) for point in outline] == list(back)


def test_the_lower_right_corner_is_the_films_size() -> None:
    assert to_pixels(((0, 0), (100, 100)), 640, 480) == ((0, 0), (640, 480))


@pytest.mark.parametrize(("chosen", "label"), [("osteopenia", "osteopenia"), (CANNOT_BE_JUDGED, None)])
def test_a_class_or_that_there_is_none_comes_back(chosen: str, label: str | None) -> None:
    remark = {"from_name": "remark", "type": "textarea", "value": {"text": ["implant", "left"]}}
    annotation = {"updated_at": WHEN, "result": [choice("class", chosen), choice("certainty", "sure"), remark]}
    (case,) = labelled_cases(KNEE, "a" * 24, annotation, "someone")
    assert (case.label, case.side, case.outlines, case.remark) == (label, None, {}, "implant left")
    assert case.answered_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_each_hip_has_its_own_class_and_outlines_and_a_speck_gives_way_to_the_region() -> None:
    region, speck = [[10.0, 10.0], [20.0, 10.0], [20.0, 30.0]], [[50.0, 50.0], [50.1, 50.0], [50.1, 50.1]]
    result = [
        choice("class_R", "normal"),
        choice("class_L", "osteoporosis"),
        polygon("regions_R", "femoral neck R", region),
        polygon("regions_R", "femoral neck R", speck),
        polygon("regions_L", "wards triangle L", speck),
    ]
    right, left = labelled_cases(HIP, "a" * 24, {"updated_at": WHEN, "result": result}, "someone")
    assert (right.side, right.label, left.side, left.label) == ("R", "normal", "L", "osteoporosis")
    assert right.outlines == {"femoral_neck": (tuple(map(tuple, region)),)}
    assert left.outlines == {"wards_triangle": (tuple(map(tuple, speck)),)}


def brush(control: str, label: str, mask: np.ndarray) -> dict:
    """As the page of Label Studio sends a brush stroke."""
    return {
        "original_width": mask.shape[1],
        "original_height": mask.shape[0],
        "image_rotation": 0,
        "value": {"format": "rle", "rle": packed(BitMask.of(mask)), "brushlabels": [label]},
        "id": "Dx_aB1",
        "from_name": control,
        "to_name": "film",
        "type": "brushlabels",
        "origin": "manual",
    }


def key_point(label: str, x: float, y: float) -> dict:
    value = {"x": x, "y": y, "width": 0.31, "keypointlabels": [label]}
    return {"from_name": "points", "to_name": "film", "type": "keypointlabels", "value": value}


def answered(question: Question, *result: dict) -> list[LabeledCase]:
    return labelled_cases(question, "a" * 24, {"updated_at": WHEN, "result": list(result)}, "someone")


def test_a_region_in_several_pieces_keeps_them_all() -> None:
    one, two = [[10.0, 10.0], [20.0, 10.0], [20.0, 30.0]], [[50.0, 50.0], [58.0, 50.0], [58.0, 55.0]]
    pieces = [polygon("regions_R", "femoral neck R", piece) for piece in (one, two)]
    left, right = np.zeros((5, 7), bool), np.zeros((5, 7), bool)
    left[1:3, 0:2], right[4, 6] = True, True
    painted = [brush("brush_R", "wards triangle R", mask) for mask in (left, right)]
    (case,) = answered(HIP, choice("class_R", "normal"), *pieces, *painted)
    assert case.outlines == {"femoral_neck": (tuple(map(tuple, one)), tuple(map(tuple, two)))}
    assert case.masks.keys() == {"wards_triangle"}
    assert np.array_equal(case.masks["wards_triangle"].pixels(), left | right)


def test_a_region_that_was_not_drawn_or_was_erased_is_unknown() -> None:
    nothing = brush("brush_L", "femoral neck L", np.zeros((5, 7), bool))
    right, left = answered(HIP, choice("class_R", "normal"), choice("class_L", "normal"), nothing)
    assert (right.masks, left.masks, left.outlines) == ({}, {}, {})


def test_a_mask_of_another_size_or_cut_off_is_said_in_a_sentence() -> None:
    whole = brush("brush_R", "femoral neck R", np.eye(9, dtype=bool))
    for spoilt, said in (
        (whole | {"original_width": 8}, "324 values, expected 288"),
        (whole | {"value": whole["value"] | {"rle": whole["value"]["rle"][:20]}}, "cut off"),
        (whole | {"value": whole["value"] | {"rle": [300]}}, "no list of bytes"),
    ):
        with pytest.raises(NotAnAnswer, match=said):
            answered(HIP, choice("class_R", "normal"), spoilt)


def test_certainty_and_the_reasons_of_the_side_that_cannot_be_judged_come_back() -> None:
    why = {"from_name": "reason_L", "type": "choices", "value": {"choices": ["bone cut off", "something else"]}}
    stale = {"from_name": "reason_R", "type": "choices", "value": {"choices": ["bone cut off"]}}
    result = [choice("class_R", "normal"), choice("class_L", CANNOT_BE_JUDGED), choice("certainty", "unsure")]
    right, left = answered(HIP, *result, why, stale)
    assert (right.certainty, right.reasons) == ("unsure", ())
    assert (left.certainty, left.reasons, left.label) == ("unsure", ("bone cut off", "something else"), None)


def test_a_spine_gives_its_findings_grades_and_points_and_one_label_for_them() -> None:
    (case,) = answered(
        SPINE,
        choice("vertebral_fracture", "yes"),
        choice("osteoporosis", "no"),
        choice("genant_T12", "2"),
        key_point("T12 front upper", 12.5, 30.25),
        key_point("somebody's own", 1, 1),
    )
    assert case.label == "vertebral_fracture"
    assert case.findings == {"vertebral_fracture": "yes", "osteoporosis": "no", "genant_T12": "2"}
    assert case.points == {"T12_front_upper": (12.5, 30.25)}


@pytest.mark.parametrize(
    ("fracture", "osteoporosis", "label"),
    [("no", "no", "neither"), ("yes", "yes", "both"), ("no", "yes", "osteoporosis"), ("yes", CANNOT_BE_JUDGED, None)],
)
def test_the_label_of_a_spine_joins_its_findings(fracture: str, osteoporosis: str, label: str | None) -> None:
    why = {"from_name": "reason", "type": "choices", "value": {"choices": ["exposure or sharpness"]}}
    (case,) = answered(SPINE, choice("vertebral_fracture", fracture), choice("osteoporosis", osteoporosis), why)
    assert case.label == label
    assert ("osteoporosis" in case.findings) == (label is not None)
    assert case.reasons == (() if label else ("exposure or sharpness",))


@pytest.mark.parametrize(
    ("before", "findings"),
    [
        ("neither", {"vertebral_fracture": "no", "osteoporosis": "no"}),
        ("vertebral_fracture", {"vertebral_fracture": "yes", "osteoporosis": "no"}),
        ("both", {"vertebral_fracture": "yes", "osteoporosis": "yes"}),
        (CANNOT_BE_JUDGED, {}),
    ],
)
def test_an_answer_in_the_form_that_spines_were_asked_in_before_still_counts(before: str, findings: dict) -> None:
    (case,) = answered(SPINE, choice("class", before))
    assert (case.label, case.findings) == (None if before == CANNOT_BE_JUDGED else before, findings)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ([choice("vertebral_fracture", "perhaps")], "expected yes, no or cannot be judged"),
        ([choice("vertebral_fracture", "yes"), choice("genant_T12", "4")], "expected 0, 1, 2 or 3"),
        ([choice("class", "normal")], "expected neither"),
        ([choice("certainty", "sure")], "expected a choice in osteoporosis or vertebral_fracture"),
        ([choice("osteoporosis", "no"), *[key_point("L5 front upper", 1, 1)] * 2], "lies in two places"),
    ],
)
def test_what_the_question_does_not_offer_is_no_answer(result: list[dict], said: str) -> None:
    with pytest.raises(NotAnAnswer, match=said):
        answered(SPINE, *result)


def test_a_skipped_film_is_no_answer() -> None:
    annotation = {"was_cancelled": True, "updated_at": WHEN, "result": [choice("class", "normal")]}
    assert labelled_cases(KNEE, "a" * 24, annotation, "someone") == []


def test_an_annotation_is_taken_in_once_and_a_later_answer_stands(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.enter("a" * 24, "knee_resnet", ["near_threshold"], {"side": None})
    (entry,) = ledger.entries()
    ledger.claim(entry.id, "one")
    ledger.pushed(entry.id, "one", 1, 2)
    early = LabeledCase("a" * 24, "normal", "someone", datetime(2026, 3, 1, tzinfo=UTC), "knee_resnet")
    late = LabeledCase("a" * 24, "osteopenia", "someone", datetime(2026, 3, 2, tzinfo=UTC), "knee_resnet")
    assert [ledger.take(entry.id, 1, 9, [answer]) for answer in (early, early, late, late, early)] == [1, 0, 1, 0, 0]
    assert ledger.answers() == [late]
    assert ledger.take(entry.id, 1, 10, [early]) == 1  # another expert's
    assert ledger.answers() == [early, late]
    assert ledger.counts()[State.ANSWERED] == 1
