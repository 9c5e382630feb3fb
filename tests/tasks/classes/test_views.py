"""What is shown of the network of views."""

from pathlib import Path
from typing import Any

from core.model_facts import ModelFacts
from evidence.record import Evidence
from evidence.study import Study
from report.card import model_card
from report.page import write

SHARE = {"value": 0.75, "low": 0.4, "high": 0.93}


def counts(view: str) -> dict[str, Any]:
    return {
        "films": 4, "distinct": 4, "right": 3, "share_right": SHARE, "by_view": {view: SHARE}, "surely_right": 2,
        "surely_wrong": 1, "by_distance_alone": 0, "taken_for": {view: {view: 3, "other": 1}},
    }  # fmt: skip


def test_page_and_card_show_confusions_intervals_and_what_was_refused(tmp_path: Path) -> None:
    measured = {
        "virtual": {"alpha": counts("hip_ap")}, "left_out": {"some hips": counts("hip_ap")}, "real": {}, "pictures": {},
            }  # fmt: skip
    facts = ModelFacts("view", "0.1.0", "Which view", labels=("hip_ap", "knee_ap", "other"), coverage=0.9)
    evidence = Evidence.measured(measured)
    routing = {"auto": {"chests": {"wrong_site": 3, "read as knee_resnet": 1}}}
    page = write(Study(facts, evidence, "virtual", "2026-01-01", routing=routing), tmp_path)[1].read_text()
    assert "| hip_ap | 3 | 0 | 1 | 0.750 (0.400 to 0.930) |" in page
    assert "| some hips | 4 | 3 | 0.750 (0.400 to 0.930) | 2 | 1 | 0 | 3 hip AP, 1 other |" in page
    assert "| auto | chests | 4 | 1 read as knee_resnet | 3 wrong_site |" in page
    assert "All films are of simulated patients" not in page
    card = model_card(facts, evidence)
    assert "| some hips | 4 | 3 | 0.750 (0.400 to 0.930) | 2 | 1 | 0 | 3 hip AP, 1 other |" in card
    assert "Prediction sets" not in card
