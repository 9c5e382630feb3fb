"""The model card of every bundle that ships: read by the Hub's own parser, every figure from the bundle's evidence."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results

from core.model_facts import ModelFacts
from core.settings import ROOT
from models.bundle import describe
from recipes.facts import facts_of
from report.card import model_card
from tests.bundles import a_finder, a_hip_bundle

FOLDERS = sorted(path.parent for path in (ROOT / "weights").glob("*/*/config.json"))
TASK = {
    "hip_bmd": "image-to-image",
    "hip_finder": "keypoint-detection",
    "hip_regions": "image-classification",
    "hip_vit": "image-classification",
    "knee_finder": "keypoint-detection",
    "knee_resnet": "image-classification",
    "spine_vertex": "image-classification",
    "view": "image-classification",
}
# Phrases of the cards as they were, which no reader of the field would write.
GONE = (
    "How well it does", "Why it is not better", "How it was made", "voice", "never learned from", "surely",
    "told rightly", "Held out of training",
)  # fmt: skip


def card_of(folder: Path) -> str:
    about = describe(folder)
    return model_card(facts_of(about), about["evidence"])


def in_evidence(values: object) -> set[float]:
    """Every number of an evidence file, as a model index rounds them."""
    if isinstance(values, dict):
        return {one for value in values.values() for one in in_evidence(value)}
    if isinstance(values, list):
        return {one for value in values for one in in_evidence(value)}
    return {round(float(values), 4)} if isinstance(values, int | float) else set()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_card_that_ships_is_the_one_that_its_evidence_gives(folder: Path) -> None:
    assert (folder / "README.md").read_text(encoding="utf-8") == card_of(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_hub_reads_front_matter_and_model_index(folder: Path) -> None:
    metadata = metadata_load(folder / "README.md")
    assert metadata is not None
    name, results = model_index_to_eval_results(metadata["model-index"])
    assert name == folder.parent.name
    assert metadata["library_name"] == "osteolens"
    assert metadata["license"] == "apache-2.0"
    assert metadata["pipeline_tag"] == TASK[folder.parent.name]
    assert {"radiograph", "osteoporosis"} <= set(metadata["tags"])
    assert set(metadata["metrics"]) == {one.metric_type for one in results}
    known = in_evidence(json.loads((folder / "evidence.json").read_text(encoding="utf-8")))
    for one in results:
        if one.metric_type == "recall":  # a share of two counts
            assert 0.9 < one.metric_value <= 1
            continue
        low, high = one.metric_args["confidence_interval_95"]
        assert {one.metric_value, low, high} <= known
        assert low <= one.metric_value <= high


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_card_is_written_in_the_fields_own_words(folder: Path) -> None:
    text = ModelCard(card_of(folder)).text
    for heading in ("## Evaluation", "## Training details"):
        assert text.count(heading) == 1
    # What the bundle's config and its recipe say of themselves stands as they say it.
    about = facts_of(describe(folder))
    for own in (about.learned_from, *about.simplifications):
        text = text.replace(f"{own[0].upper()}{own[1:]}", "").replace(own, "")
    for phrase in GONE:
        assert phrase not in text, phrase
    assert "**Not a medical device.** For research and teaching only." in text


def test_golden_sentences() -> None:
    folders = {folder.parent.name: folder for folder in FOLDERS}
    said = card_of(folders["hip_vit"])
    assert (
        "- Ensemble weights, fitted on validation films: ResNet-50 0.08, ViT 0.15, InceptionV3 0.85.\n"
        "- **Prediction sets** are calibrated to contain the true class in 90 % of cases.\n"
    ) in said
    assert (
        "- **external**: simulated patients not used in training, on a simulated scanner not used in training (beta). "
        "Films: 1,000, limbs: 1,682, limbs not found: 0, films refused: 0.\n"
    ) in said
    assert "None of these figures predicts performance on real patients." in said
    assert "| Balanced accuracy | Ensemble | 0.80 (0.77 to 0.83) | 0.83 (0.80 to 0.85) | 0.85 (0.83 to 0.87) |" in said
    knees = card_of(folders["knee_resnet"])
    assert "- Only 141 distinct films for 3 classes, hence the wide intervals.\n" in knees
    assert "is not clearly better than that of a regression on age alone (0.80).\n" in knees
    assert "| MobileNetV2, frozen, with age, sex and BMI |" in knees
    assert "None of these figures predicts" not in knees  # real films
    assert "In real patients, degeneration, deformity and oblique projection" in card_of(folders["spine_vertex"])
    assert "632 of 637 complete femora found, 0 false detections" in card_of(folders["hip_finder"])


def test_a_model_without_evidence_has_a_card_that_says_so() -> None:
    said = model_card(ModelFacts("a", "1.0.0", labels=("x", "y")), {})
    assert "This model has not been evaluated." in said
    assert "model-index" not in said


def test_prediction_sets_are_reported_overall_and_by_class_where_they_were_measured() -> None:
    description = a_hip_bundle()
    answers = description["evidence"]["external"]["answers"]
    figure = {"value": 0.912, "low": 0.893, "high": 0.93}
    assert "Prediction set coverage" not in model_card(ModelFacts.of(description), description["evidence"])
    answers["joint"]["sets"] = {
        "coverage": figure, "mean_size": 1.37, "by_class": {"osteoporosis": {"value": 0.8, "low": 0.7, "high": 0.88}},
        "size_by_class": {"osteoporosis": 1.5},
    }  # fmt: skip
    said = model_card(ModelFacts.of(description), description["evidence"])
    assert "### Prediction sets\n\nCalibrated to contain the true class in 90 % of cases." in said
    assert "| external | All | 0.912 (0.893 to 0.930) | 1.370 |" in said
    assert "|  | Osteoporosis | 0.800 (0.700 to 0.880) | 1.500 |" in said
    assert "name: Prediction set coverage" in said


def test_networks_are_sorted_by_task_whether_a_config_lists_them_by_kind_or_by_task() -> None:
    facts = ModelFacts.of(a_hip_bundle())
    assert (facts.of_task("classes"), facts.of_task("masks")) == (("resnet50", "vit"), ("u_net",))
    assert ModelFacts.of(a_finder()).of_task("landmarks") == ("finder",)
    nodes = {"vit": {"task": "classes", "facts": {"weight": 0.4}}, "u_net": {"task": "masks", "facts": {}}}
    told = ModelFacts.of({"name": "a", "version": "1.0.0", "labels": ["x"], "networks": nodes})
    assert (told.of_task("classes"), told.of_task("masks"), told.weights) == (("vit",), ("u_net",), {"vit": 0.4})
