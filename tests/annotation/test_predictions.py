"""What the model answered, filled in: exact, complete, accepted by Label Studio's own checks, and never where blind."""

from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from label_studio_sdk.label_interface import LabelInterface
from PIL import Image

from annotation.answers import labelled_cases
from annotation.films import keep_film, keep_outlines
from annotation.ledger import Ledger, WorklistEntry
from annotation.policy import CONTROL
from annotation.predictions import about, asked, predictions
from annotation.question import Question
from core.vertebra import POINTS
from tests.questions import KNEE, SPINE

WIDTH, HEIGHT, CASE = 83, 131, "a" * 24
HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"))
RANDOM = np.random.default_rng(0)
DRAWN = {side: {name: RANDOM.random((HEIGHT, WIDTH)) > 0.6 for name in HIP.regions} for side in "RL"}
BODY = {
    "points_xy": {name: [10.0 + 3 * number, 20.5] for number, name in enumerate(POINTS)},
    "genant": 2,
    "score": 0.8,
}


def row(recipe: str, side: str | None, **more: Any) -> dict[str, Any]:
    return {"path": "x.dcm", "side": side, "model": {"name": recipe, "version": "1.2.0"}, **more}


def hip(side: str, label: str, share: float) -> dict[str, Any]:
    regions = {"femoral_neck": {"score": 0.9}, "femur": {"score": 0.7}, "proximal_femur": {"score": 1.0}}
    return row("hip_vit", side, label=label, probabilities={label: share, "normal": 1 - share}, regions=regions)


def entered(home: Path, recipe: str, reasons: Collection[str], *rows: dict[str, Any]) -> WorklistEntry:
    """A case of the worklist with its film."""
    stream = BytesIO()
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(stream, "PNG")
    keep_film(home, CASE, stream.getvalue())
    ledger = Ledger(f"sqlite:///{home / 'ledger.sqlite'}")
    for one in rows:
        ledger.enter(CASE, recipe, reasons, one)
    entry = ledger.entry(CASE, recipe)
    assert entry is not None
    return entry


@pytest.fixture
def pelvis(tmp_path: Path) -> WorklistEntry:
    for side, masks in DRAWN.items():
        keep_outlines(tmp_path, CASE, "hip_vit", side, "hip_vit@1.2.0", masks)
    rows = hip("R", "osteopenia", 0.71), hip("L", "osteoporosis", 0.88)
    return entered(tmp_path, "hip_vit", ["near_threshold"], *rows)


def taken_as_given(question: Question, filled_in: dict[str, Any]) -> list[Any]:
    """The answer of an expert who submits what was filled in."""
    annotation = {"updated_at": "2026-03-01T12:00:00Z", "result": filled_in["result"]}
    return labelled_cases(question, CASE, annotation, "someone")


def test_hips_come_with_a_class_and_the_very_outlines_a_side(pelvis: WorklistEntry, tmp_path: Path) -> None:
    question = asked(HIP, pelvis, preannotate=True)
    (filled_in,) = predictions(question, pelvis, tmp_path)
    assert (filled_in["model_version"], filled_in["score"]) == ("hip_vit@1.2.0", 0.71)
    right, left = taken_as_given(question, filled_in)
    assert (right.side, right.label, left.side, left.label) == ("R", "osteopenia", "L", "osteoporosis")
    for case in (right, left):
        assert case.masks.keys() == set(HIP.regions)  # nothing that the question does not ask for
        for name, mask in case.masks.items():
            assert np.array_equal(mask.pixels(), DRAWN[case.side][name])
    assert {one.get("score") for one in filled_in["result"]} == {0.71, 0.88, 0.9, 0.7}


def test_a_spine_comes_with_its_findings_grades_and_points(tmp_path: Path) -> None:
    scores = {
        "vertebral_fracture": {"probability": 0.8, "threshold": 0.5, "positive": True},
        "osteoporosis": {"probability": 0.1, "threshold": 0.3, "positive": False},
    }
    unseen = BODY | {"genant": None}
    rows = row("spine_vertex", None, label=None, scores=scores, vertebrae={"T12": BODY, "L1": unseen})
    entry = entered(tmp_path, "spine_vertex", ["near_threshold"], rows)
    question = asked(SPINE, entry, preannotate=True)
    (filled_in,) = predictions(question, entry, tmp_path)
    assert filled_in["score"] == pytest.approx(0.8)
    (case,) = taken_as_given(question, filled_in)
    assert case.findings == {"vertebral_fracture": "yes", "osteoporosis": "no", "genant_T12": "2"}
    assert case.points.keys() == {f"{level}_{name}" for level in ("T12", "L1") for name in POINTS}
    x, y = case.points["T12_back_lower"]
    assert (x * WIDTH / 100, y * HEIGHT / 100) == pytest.approx((25.0, 20.5))
    assert about(question, entry).endswith("vertebral fracture yes 80 %; osteoporosis no 10 %")


def test_label_studios_own_checks_accept_what_is_filled_in(pelvis: WorklistEntry, tmp_path: Path) -> None:
    question = asked(HIP, pelvis, preannotate=True)
    for one in predictions(question, pelvis, tmp_path):
        assert LabelInterface(question.config()).validate_prediction(one, return_errors=True) == []


def test_a_blind_question_shows_nothing(pelvis: WorklistEntry, tmp_path: Path) -> None:
    assert asked(HIP, pelvis, preannotate=False) == HIP
    assert predictions(HIP, pelvis, tmp_path) == []
    assert about(HIP, pelvis) == "Hip, AP"
    shown = asked(HIP, pelvis, preannotate=True)
    assert about(shown, pelvis) == "Hip, AP. hip_vit@1.2.0: R osteopenia 71 %; L osteoporosis 88 %"


def test_a_case_of_the_control_arm_is_asked_blind_whatever_the_project(tmp_path: Path) -> None:
    entry = entered(tmp_path, "hip_vit", [CONTROL, "requested"], hip("R", "osteopenia", 0.71))
    assert asked(HIP, entry, preannotate=True).blind
    assert predictions(asked(HIP, entry, preannotate=True), entry, tmp_path) == []


def test_outlines_of_another_model_or_another_size_are_not_passed_off_as_this_ones(tmp_path: Path) -> None:
    keep_outlines(tmp_path, CASE, "hip_vit", "R", "hip_vit@9.9.9", DRAWN["R"])
    keep_outlines(tmp_path, CASE, "hip_vit", "L", "hip_vit@1.2.0", {"femur": np.ones((5, 5), bool)})
    rows = hip("R", "osteopenia", 0.71), hip("L", "normal", 0.9)
    entry = entered(tmp_path, "hip_vit", ["near_threshold"], *rows)
    (filled_in,) = predictions(asked(HIP, entry, preannotate=True), entry, tmp_path)
    assert {one["type"] for one in filled_in["result"]} == {"choices"}


def test_a_worklist_of_before_outlines_were_kept_still_shows_its_class(tmp_path: Path) -> None:
    entry = entered(tmp_path, "knee_resnet", ["near_threshold"], row("knee_resnet", None, label="normal"))
    (filled_in,) = predictions(asked(KNEE, entry, preannotate=True), entry, tmp_path)
    (case,) = taken_as_given(KNEE, filled_in)
    assert (case.label, "score" in filled_in) == ("normal", False)


def test_two_knees_come_with_the_one_answer_that_they_share(tmp_path: Path) -> None:
    film = {"label": "osteopenia", "probabilities": {"osteopenia": 0.55, "normal": 0.45}}
    rows = [
        row("knee_resnet", side, label=label, probabilities={label: 0.9}, film=film)
        for side, label in (("R", "normal"), ("L", "osteopenia"))
    ]
    entry = entered(tmp_path, "knee_resnet", ["near_threshold"], *rows)
    question = asked(KNEE, entry, preannotate=True)
    (filled_in,) = predictions(question, entry, tmp_path)
    assert (len(filled_in["result"]), filled_in["score"]) == (1, 0.55)
    assert taken_as_given(KNEE, filled_in)[0].label == "osteopenia"
    assert about(question, entry) == "Knee, AP. knee_resnet@1.2.0: osteopenia 55 %"
