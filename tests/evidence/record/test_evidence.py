"""Evidence of every bundle that ships is read, typed, and written again without loss."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.settings import ROOT
from evidence.figure import Figure
from evidence.record import SCHEMA, ClassFigures, Evidence, EvidenceError

SHIPPED = sorted((ROOT / "weights").glob("*/*/evidence.json"))
TASKS = {
    "hip_bmd": ("density",),
    "hip_finder": ("landmarks",),
    "hip_regions": ("classes", "masks"),
    "hip_vit": ("classes",),
    "knee_finder": ("landmarks",),
    "knee_resnet": ("classes",),
    "spine_vertex": ("scores", "landmarks"),
    "view": ("classes",),
}
WRAPPED = {"answers", "joint", "regions", "landmarks"}
FIGURE = {"value": 0.9, "low": 0.86, "high": 0.93}


def plain(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def leaves(values: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value by its path, without the keys in which the figures of a single task are wrapped today."""
    if not isinstance(values, dict) or not values:
        return {path: values}
    return {
        place: leaf
        for name, one in values.items()
        for place, leaf in leaves(one, path if name in WRAPPED else (*path, name)).items()
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parts[-3])
def test_every_bundle_that_ships_is_read_and_written_again_without_loss(path: Path) -> None:
    before = plain(path)
    evidence = Evidence.from_plain(before)
    assert evidence.tasks == TASKS[path.parts[-3]]
    after = json.loads(json.dumps(evidence.to_plain(), allow_nan=False))
    assert after["schema"] == SCHEMA
    assert Evidence.from_plain(after) == evidence
    assert Evidence.from_plain(after).to_plain() == evidence.to_plain()
    written = leaves(after)
    assert len(written) == len(leaves(before)) + 2
    assert {place: leaf for place, leaf in written.items() if place[0] not in ("schema", "tasks")} == leaves(before)


def test_a_set_reads_the_same_in_the_form_from_before_schemas_and_in_todays() -> None:
    one = {"films": 9, "balanced_accuracy": FIGURE}
    old, new = ({"held_out": held} for held in ({"joint": one}, {"answers": {"joint": one}}))
    assert Evidence.from_plain(old) == Evidence.from_plain(new)
    figures = Evidence.from_plain(old).sets["held_out"]
    assert figures.ensemble is not None
    assert figures.ensemble.balanced_accuracy == Figure(**FIGURE)


def test_sets_of_a_measurement_may_bear_any_manifests_name() -> None:
    one = {"films": 9, "answers": {"joint": {"films": 9, "accuracy": FIGURE}}}
    evidence = Evidence.measured({"data": one, "real": one})
    assert list(evidence.sets) == ["data", "real"]
    assert evidence.views is None
    assert evidence.tasks == ("classes",)


def test_what_this_version_does_not_know_is_kept() -> None:
    values = {
        "tasks": ["length"],
        "data": {"films": 3},
        "internal": {"films": 3, "lengths": {"femur": 1.5}, "answers": {"joint": {"films": 3, "by_body": {"a": 1}}}},
        "note": "by hand",
    }
    evidence = Evidence.from_plain(values)
    assert evidence.tasks == ("classes", "length")
    written = evidence.to_plain()
    assert {name: written[name] for name in ("data", "internal", "note")} == {
        name: values[name] for name in ("data", "internal", "note")
    }


def test_coverage_of_prediction_sets_is_read_beside_the_figures_of_classes() -> None:
    sets = {"coverage": FIGURE, "by_class": {"normal": FIGURE}, "mean_size": 1.4, "size_by_class": {"normal": FIGURE}}
    for values in (
        {"answers": {"joint": {"films": 9, "sets": sets}}},
        {"answers": {"joint": {"films": 9}}, "sets": sets},
    ):
        known = ClassFigures.from_plain(values).prediction_sets
        assert known is not None
        assert known.coverage == Figure(**FIGURE)
        assert known.mean_size == Figure(1.4, None, None)
        assert known.size_by_class["normal"] == Figure(**FIGURE)
    assert ClassFigures.from_plain({"answers": {"joint": {"films": 9}}}).prediction_sets is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"schema": SCHEMA + 1}, "update Osteolens"),
        ({"internal": {"answers": {"joint": {"films": "many"}}}}, "found 'many' at answers.joint.films"),
        ({"internal": {"scores": {"osteoporosis": {"answers": {"image": {"films": 3}}}}}}, "measure the bundle again"),
    ],
)
def test_evidence_that_cannot_be_read_is_said_in_a_sentence(values: dict[str, Any], said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        Evidence.from_plain(values)
