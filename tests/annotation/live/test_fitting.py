"""A model's answer in whatever words a project asks: what its interface offers, nothing else, and what is left out."""

from typing import Any

import numpy as np
import pytest
from label_studio_sdk.label_interface import LabelInterface

from annotation.answers import labelled_cases
from annotation.live import Interface, fitted
from annotation.predictions import Said, filled_in, said
from annotation.question import Question
from annotation.rle import unpacked
from core.mask import BitMask
from tests.questions import SPINE

WIDTH, HEIGHT = 83, 131
SIZE = (WIDTH, HEIGHT)
HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"), blind=False)
CHOICES = "<Choices name='{name}' toName='img' {more}>{choices}</Choices>"


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(columns - x, rows - y) <= radius


DRAWN = {
    "R": {"femoral_neck": disc(20, 30, 9), "femur": disc(20, 80, 15) | disc(40, 120, 4)},
    "L": {"femoral_neck": disc(60, 30, 9), "femur": disc(60, 80, 15)},
}


def hips(right: str = "osteopenia", left: str = "normal") -> list[Said]:
    rows = [
        {"side": side, "label": label, "probabilities": {label: share}, "regions": {"femur": {"score": 0.9}}}
        for side, label, share in (("R", right, 0.7), ("L", left, 0.8))
    ]
    drawn = {side: {name: BitMask.of(mask) for name, mask in masks.items()} for side, masks in DRAWN.items()}
    return list(said(HIP, rows, drawn, SIZE))


def interface(*controls: str) -> tuple[str, Interface]:
    config = f"<View><Image name='img' value='$xray'/>{''.join(controls)}</View>"
    return config, Interface.of(config)


def choices(name: str, *offered: str, more: str = "") -> str:
    return CHOICES.format(name=name, more=more, choices="".join(f"<Choice value='{one}'/>" for one in offered))


def labels(tag: str, name: str, *offered: str) -> str:
    return f"<{tag} name='{name}' toName='img'>{''.join(f'<Label value={one!r}/>' for one in offered)}</{tag}>"


def chosen(results: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {one["from_name"]: one["value"]["choices"] for one in results if one["type"] == "choices"}


def is_taken(config: str, results: list[dict[str, Any]], told: list[Said]) -> None:
    """By Label Studio's own checks."""
    assert LabelInterface(config).validate_prediction(filled_in(results, told, "a@1"), return_errors=True) == []


def test_our_own_form_gets_what_a_push_fills_in_and_nothing_is_left_out() -> None:
    found = fitted(hips(), Interface.of(HIP.config()), SIZE, "film")
    annotation = {"updated_at": "2026-03-01T12:00:00Z", "result": found.results}
    right, left = labelled_cases(HIP, "a" * 24, annotation, "someone")
    assert (right.label, left.label, found.notes) == ("osteopenia", "normal", [])
    for case in (right, left):
        for region, mask in case.masks.items():
            assert np.array_equal(mask.pixels(), DRAWN[str(case.side)][region])
    is_taken(HIP.config(), found.results, found.told)


def test_another_form_gets_its_own_names_and_the_rest_is_left_out_with_a_sentence() -> None:
    config, form = interface(
        choices("left hip", "Normal", "Osteopenia", "Osteoporosis"),
        choices("right-hip", "Normal", "Osteopenia", "Osteoporosis"),
        labels("BrushLabels", "mask", "Femoral neck (R)", "Femoral neck (L)", "Tumour"),
    )
    found = fitted(hips(), form, SIZE, "film")
    assert chosen(found.results) == {"right-hip": ["Osteopenia"], "left hip": ["Normal"]}
    drawn = {one["value"]["brushlabels"][0]: one["value"]["rle"] for one in found.results if "brush" in one["type"]}
    assert drawn.keys() == {"Femoral neck (R)", "Femoral neck (L)"}
    mask = unpacked(drawn["Femoral neck (L)"], WIDTH, HEIGHT)
    assert np.array_equal(mask.pixels(), DRAWN["L"]["femoral_neck"])
    assert found.notes == ["Left out, since this project's interface has no place for it: femur R, femur L"]
    assert form.image == "xray"
    is_taken(config, found.results, found.told)


@pytest.mark.parametrize(("left", "given"), [("osteopenia", {"dx": ["osteopenia"]}), ("normal", {})])
def test_one_choice_for_two_hips_is_made_where_they_agree(left: str, given: dict[str, list[str]]) -> None:
    _, form = interface(choices("dx", "normal", "osteopenia", "osteoporosis"))
    found = fitted(hips(left=left), form, SIZE, "film")
    assert chosen(found.results) == given
    assert ("normal or osteopenia (the sides differ, and dx asks once)" in found.notes[0]) == (not given)


def test_an_outline_goes_in_as_polygons_or_as_a_box_where_that_is_asked() -> None:
    boxes = labels("RectangleLabels", "box", "femoral neck")
    config, form = interface(labels("PolygonLabels", "outline", "femur"), boxes)
    found = fitted(hips(), form, SIZE, "film")
    is_taken(config, found.results, found.told)
    polygons = [one["value"]["points"] for one in found.results if one["type"] == "polygonlabels"]
    assert len(polygons) == 3  # one a piece
    filled = np.zeros((HEIGHT, WIDTH), np.uint8)
    import cv2

    for points in polygons[:2]:
        corners = np.array(points) * SIZE / 100 - 0.5
        cv2.fillPoly(filled, [np.rint(corners).astype(np.int32)], 1)
    femur = DRAWN["R"]["femur"]
    assert (filled.astype(bool) & femur).sum() / (filled.astype(bool) | femur).sum() > 0.95
    box = next(one["value"] for one in found.results if one["type"] == "rectanglelabels")
    assert (box["x"], box["y"]) == pytest.approx((100 * 11 / WIDTH, 100 * 21 / HEIGHT))
    assert (box["width"], box["height"]) == pytest.approx((100 * 19 / WIDTH, 100 * 19 / HEIGHT))


def spine() -> list[Said]:
    scores = {
        "vertebral_fracture": {"probability": 0.8, "positive": True},
        "osteoporosis": {"probability": 0.1, "positive": False},
    }
    body = {"points_xy": {"back_lower": [25.0, 20.5]}, "genant": 2, "score": 0.8}
    return list(said(SPINE, [{"side": None, "scores": scores, "vertebrae": {"T12": body}}], {}, SIZE))


def test_findings_are_answered_yes_or_no_or_ticked_in_a_list() -> None:
    config, form = interface(
        choices("Vertebral fracture", "Yes", "No"),
        choices("genant-t12", "0", "1", "2", "3"),
        labels("KeyPointLabels", "points", "T12 back lower"),
    )
    found = fitted(spine(), form, SIZE, "film")
    assert chosen(found.results) == {"Vertebral fracture": ["Yes"], "genant-t12": ["2"]}
    point = next(one["value"] for one in found.results if one["type"] == "keypointlabels")
    assert (point["x"] * WIDTH / 100, point["y"] * HEIGHT / 100) == pytest.approx((25.0, 20.5))
    assert found.notes == ["Left out, since this project's interface has no place for it: osteoporosis no"]
    is_taken(config, found.results, found.told)
    _, ticks = interface(choices("seen", "Vertebral fracture", "Osteoporosis", more="choice='multiple'"))
    assert chosen(fitted(spine(), ticks, SIZE, "film").results) == {"seen": ["Vertebral fracture"]}


def test_the_score_of_the_whole_is_that_of_what_was_sent() -> None:
    _, form = interface(choices("class_L", "normal", "osteopenia"))
    found = fitted(hips(), form, SIZE, "film")
    assert filled_in(found.results, found.told, "a@1")["score"] == 0.8


def test_what_was_left_out_is_written_where_the_interface_has_a_place_for_it() -> None:
    config, form = interface("<TextArea name='osteolens' toName='img'/>")
    found = fitted([], form, SIZE, "film", ["The film is not a radiograph."])
    (told,) = found.results
    assert told["value"]["text"] == ["The film is not a radiograph."]
    is_taken(config, found.results, [])


def test_labels_are_sent_under_their_alias() -> None:
    _, form = interface("<Choices name='dx' toName='img'><Choice value='Osteopenia' alias='op'/></Choices>")
    assert chosen(fitted(hips(left="osteopenia"), form, SIZE, "film").results) == {"dx": ["op"]}


@pytest.mark.parametrize("config", ["", "<x", "no xml"])
def test_what_is_no_interface_is_said_in_a_sentence(config: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Interface.of(config)


def test_controls_on_anything_but_a_film_are_passed_over() -> None:
    text = "<Text name='t' value='$t'/><Choices name='a' toName='t'><Choice value='b'/></Choices>"
    form = Interface.of(f"<View>{text}</View>")
    assert (form.controls, form.image) == ((), "")
