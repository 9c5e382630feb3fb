"""Answers come back as they were given."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.answers import labelled_cases, to_percent, to_pixels
from annotation.labelling import CANNOT_BE_JUDGED, Question
from annotation.ledger import Ledger, State
from core.case import LabeledCase

KNEE = Question("knee_resnet", "Knee, AP")
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
