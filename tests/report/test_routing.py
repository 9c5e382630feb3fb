"""What whole readings make of films at hand, from the command to the page."""

import json
from pathlib import Path
from typing import Any

import pytest

import cli
import learning
import reading
from core.settings import ROOT, settings
from training.results import Results

SHARE = {"value": 0.75, "low": 0.4, "high": 0.93}
COUNTS: dict[str, Any] = {
    "films": 4, "distinct": 4, "right": 3, "share_right": SHARE, "by_view": {"hip_ap": SHARE}, "surely_right": 2,
    "surely_wrong": 1, "by_distance_alone": 0, "taken_for": {"hip_ap": {"hip_ap": 3, "other": 1}},
}  # fmt: skip


@pytest.mark.usefixtures("tiny_weights")
def test_outcomes_are_counted_by_recipe_or_by_code() -> None:
    knees = (ROOT / "samples" / "both_knees.png").read_bytes()
    assert reading.outcomes([("a.png", knees), ("b.png", knees), ("c.dcm", b"not a film")]) == {
        "read as knee_resnet": 2,
        "unreadable": 1,
    }


def test_the_network_of_views_is_evaluated_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(ROOT / "weights"))
    settings.cache_clear()
    found = Results({"virtual": {"alpha": COUNTS}, "left_out": {"some hips": COUNTS}})
    monkeypatch.setattr(learning, "evaluate", lambda *_, **__: found)
    monkeypatch.setattr(learning, "films_at_hand", lambda: {"chests": [("a.png", b"not a film")]})
    assert cli.main(["evaluate", "view", "--data", "virtual", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "view.md").read_text()
    assert "## Routing" in page
    assert "| auto | chests | 1 | none | 1 unreadable |" in page
    kept = json.loads((tmp_path / "view.json").read_text())
    assert kept["left_out"] == {"some hips": COUNTS}
    assert kept["door"]["auto"] == {"chests": {"unreadable": 1}}


def test_views_are_not_measured_on_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = tmp_path / "films.csv"
    manifest.write_text("path,view\n")
    assert cli.main(["evaluate", "view", "--data", str(manifest), "--out", str(tmp_path)]) == 2
    assert "pass --data virtual" in capsys.readouterr().err
