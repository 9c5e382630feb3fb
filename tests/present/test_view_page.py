"""The page of the network of views."""

from pathlib import Path

from present.view_page import write_view_page

SHARE = {"value": 0.75, "low": 0.4, "high": 0.93}


def told(view: str) -> dict[str, object]:
    return {
        "films": 4, "distinct": 4, "right": 3, "share_right": SHARE, "by_view": {view: SHARE}, "surely_right": 2,
        "surely_wrong": 1, "by_distance_alone": 0, "taken_for": {view: {view: 3, "other": 1}},
    }  # fmt: skip


def test_the_page_shows_confusions_intervals_and_codes(tmp_path: Path) -> None:
    study = {
        "recipe": "view", "title": "Which view", "version": "0.1.0", "labels": ["hip_ap", "knee_ap", "other"],
        "learned_from": "films", "made_on": "a day", "measured_on": "another", "seed": 0,
        "virtual": {"alpha": told("hip_ap")}, "left_out": {"some hips": told("hip_ap")}, "real": {}, "pictures": {},
        "door": {"auto": {"chests": {"wrong_site": 3, "read as knee_resnet": 1}}},
    }  # fmt: skip
    page = write_view_page(study, tmp_path).read_text()
    assert "| hip_ap | 3 | 0 | 1 | 0.750 (0.400 to 0.930) |" in page
    assert "| some hips | 4 | 3 | 0.750 (0.400 to 0.930) | 2 | 1 | 0 | 3 hip_ap, 1 other |" in page
    assert "| auto | chests | 4 | 1 read as knee_resnet | 3 wrong_site |" in page
