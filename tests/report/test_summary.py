"""A model in a sentence."""

import re
from pathlib import Path

import pytest

from core.settings import ROOT
from models.bundle import describe
from report.summary import NOT_MEASURED, shelf_line, summary_of
from tests.bundles import a_finder, a_hip_bundle


def test_a_bundle_says_how_it_was_evaluated_on_the_set_that_it_knows_least() -> None:
    description = a_hip_bundle()
    found = description["evidence"]["external"]["answers"]["joint"]["balanced_accuracy"]
    said = summary_of(description).measured
    assert said.startswith(
        "Balanced accuracy on simulated patients, simulated scanner not used in training (n = 120): "
    )
    assert f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f}); chance level 0.33." in said


@pytest.mark.parametrize(("low", "verdict"), [(0.2, True), (0.5, False)])
def test_a_model_no_better_than_chance_says_so(low: float, verdict: bool) -> None:
    figure = {"value": 0.6, "low": low, "high": 0.7}
    description = {
        "name": "knee_resnet", "version": "0.1.0", "labels": ["normal", "osteopenia", "osteoporosis"],
        "evidence": {"test": {"joint": {"films": 30, "balanced_accuracy": figure}}},
    }  # fmt: skip
    said = summary_of(description).measured
    assert f"on the test split (n = 30): 0.60 ({low:.2f} to 0.70); chance level 0.33." in said
    assert ("no better than chance" in said) == verdict


def test_a_finder_says_how_many_joints_it_found() -> None:
    assert summary_of(a_finder()).measured == (
        "On the validation split: 37 of 40 complete femora found, 1 false detections (before the check of their shape)."
    )


def test_a_bundle_without_evidence_was_not_evaluated() -> None:
    assert summary_of({"name": "a", "version": "1.0.0", "labels": ["x"], "evidence": {}}).measured == NOT_MEASURED


def test_each_kind_of_bundle_stands_on_one_line_of_the_shelf(tiny_bundle: Path) -> None:
    for description in (a_hip_bundle(), a_finder(), describe(tiny_bundle / "knee_resnet" / "0.1.0")):
        line = shelf_line(description)
        assert line.startswith(f"{description['name']}@0.1.0")
        assert "\n" not in line


@pytest.mark.parametrize("name", sorted(folder.name for folder in (ROOT / "weights").iterdir() if folder.is_dir()))
def test_every_bundle_that_ships_says_how_it_was_evaluated_in_figures(name: str) -> None:
    (folder,) = (ROOT / "weights" / name).iterdir()
    said = summary_of(describe(folder)).measured
    assert said != NOT_MEASURED
    assert re.search(r"\d", said)
