"""What the simulated expert submits is read as any expert's answer is."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from annotation.answers import labelled_cases
from annotation.question import Question
from bench.simulated_reader import SimulatedReader

HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"))


def answered(tmp_path: Path, error: float, films: int = 1) -> tuple[SimulatedReader, list]:
    mask = np.zeros((31, 23), bool)
    mask[5:20, 3:11] = True
    Image.fromarray(mask).save(tmp_path / "neck.png")
    truth = {"R": {"label": "osteopenia", "mask_femoral_neck": "neck.png"}}
    reader = SimulatedReader(HIP, {}, tmp_path, httpx.Client(), error)
    cases = []
    for _ in range(films):
        given = {"result": reader.result(truth), "created_at": "2026-01-01T12:00:00+00:00"}
        cases.append(labelled_cases(HIP, "a" * 24, given, "expert"))
    return reader, cases


def test_an_experts_class_and_mask_come_back_and_a_hip_off_the_film_cannot_be_judged(tmp_path: Path) -> None:
    reader, ((right, left),) = answered(tmp_path, error=0.0)
    assert (right.label, right.certainty, left.label, left.reasons) == ("osteopenia", "sure", None, ("bone cut off",))
    with Image.open(tmp_path / "neck.png") as picture:
        np.testing.assert_array_equal(right.masks["femoral_neck"].pixels(), np.asarray(picture))
    assert right.masks.keys() == {"femoral_neck"}  # of the femur no truth is known, so nothing is said
    assert (reader.classes, reader.masks, reader.wrong, reader.unjudged) == (1, 1, 0, 1)


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_an_error_names_a_neighbouring_class(tmp_path: Path, error: float) -> None:
    reader, cases = answered(tmp_path, error, films=20)
    labels = {right.label for right, _ in cases}
    assert labels == ({"normal", "osteoporosis"} if error else {"osteopenia"})
    assert reader.wrong == 20 * error
