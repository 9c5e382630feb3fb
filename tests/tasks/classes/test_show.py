"""What is shown of classes."""

import pytest

from core.labels import CLASSES
from core.model_facts import ModelFacts
from evidence.record import Evidence
from report.tables import markdown
from tasks.classes import show
from tests.bundles import a_hip_bundle


@pytest.fixture
def evidence() -> Evidence:
    return Evidence.from_plain(a_hip_bundle()["evidence"])


def test_the_set_that_the_networks_know_least_comes_first(evidence: Evidence) -> None:
    plots = show.intervals(ModelFacts.of(a_hip_bundle()), evidence)
    assert [plot.title.partition(":")[0] for plot in plots] == ["External", "Internal", "Validation"]
    assert next(iter(plots[0].measures)) == "Balanced accuracy"
    first = plots[0].measures["Balanced accuracy"][0]
    assert first == ("Ensemble", evidence.sets["external"].answers["joint"].balanced_accuracy)


def test_the_model_index_leaves_out_the_split_that_calibrated(evidence: Evidence) -> None:
    assert {one.split for one in show.results(evidence)} == {"external", "internal"}
    alone = Evidence(tasks=("classes",), sets={"held_out": evidence.sets["held_out"]})
    assert {one.split for one in show.results(alone)} == {"held_out"}


def test_an_ensemble_of_one_network_goes_by_its_name() -> None:
    figure = {"value": 0.8, "low": 0.7, "high": 0.9}
    one = {"films": 9, "accuracy": figure}
    found = Evidence.from_plain({"test": {"joint": one, "vit": one}})
    said = markdown(show.card(ModelFacts("knee", "0.1.0", labels=CLASSES), found))
    assert "| Accuracy | ViT | 0.80 (0.70 to 0.90) |" in said
    assert "Ensemble" not in said


@pytest.mark.parametrize(("low", "said"), [(0.3, True), (0.9, False)])
def test_a_baseline_that_is_not_clearly_beaten_is_a_limitation(low: float, said: bool) -> None:
    network = {"films": 9, "balanced_accuracy": {"value": 0.95, "low": low, "high": 0.97}}
    plain = {"films": 9, "balanced_accuracy": {"value": 0.8, "low": 0.7, "high": 0.9}}
    found = Evidence.from_plain({"cross_validation": {"joint": network, "age only": plain}})
    limits = show.limits(ModelFacts("knee", "0.1.0", labels=CLASSES), found)
    assert any("regression on age alone (0.80)" in limit for limit in limits) == said
