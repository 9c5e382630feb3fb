"""The whole way of a lateral spine, small: virtual films, training, a bundle, figures, and a reading with it."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import learning
import reading
from core.clinical import Clinical
from core.settings import settings
from core.vertebra import LEVELS, POINTS
from imaging import read_radiograph, to_png
from models.bundle import load, save
from models.classifier import Classifier
from models.networks import build
from recipes import RECIPES
from recipes.recipe import Preset, Recipe
from recipes.spine_vertex import CLOSER, FINDER, IMAGE, RECIPE, WITH_CLINICAL, preprocess
from simulation.write import write
from tasks.scores import read as spine_scores
from training import spine_course, spine_evaluation
from training.data.manifest import read_manifest

FILMS = 8
VERSION = RECIPE.bundle.partition("@")[2]  # the one that the recipe reads with
TINY = {"width_coefficient": 0.2, "depth_coefficient": 0.1, "dropout_rate": 0.2, "depthwise_padding": []}


def tiny() -> Recipe:
    image = replace(IMAGE, preprocess=preprocess(64), options=TINY)
    told = replace(WITH_CLINICAL, preprocess=preprocess(64), options=TINY, epochs=1)
    finder = replace(FINDER, preprocess=replace(FINDER.preprocess, size=(64, 32)), epochs=1)
    finder = replace(finder, options={"features": [4, 4, 8, 8, 8, 8], "fold": 2})
    closer = replace(CLOSER, preprocess=replace(CLOSER.preprocess, size=(32, 32)), epochs=1, options=finder.options)
    preset = Preset((image, told), 1, 8, 1e-3, outliners=(finder, closer), guide=RECIPE.presets["demo"].guide)
    return replace(RECIPE, presets={"demo": preset})


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spines")
    for _ in write("spine_lateral", FILMS, 7, "alpha", folder, 128, projections=False):
        pass
    return folder


@pytest.fixture(scope="module")
def weights(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with one small bundle that saw these films once."""
    root = tmp_path_factory.mktemp("weights")
    manifest = read_manifest(cohort / "truth.csv")
    bundle = spine_course.teach(
        tiny(), "demo", [manifest], root / "run", 0, VERSION, "virtual patients", {}, 1, lambda *_: None
    )
    # Networks that have hardly learned know no film from another, and no vertebra from another.
    wide = [replace(one, familiarity={**one.familiarity, "bounds": np.array([1e6, 1e9], np.float32)})
            for one in bundle.candidates]  # fmt: skip
    save(replace(bundle, candidates=tuple(wide)), root)
    return root


@pytest.fixture
def read_with(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(weights))
    settings.cache_clear()


def test_truth_names_six_points_of_every_vertebra(cohort: Path) -> None:
    with (cohort / "truth.csv").open() as file:
        row = next(csv.DictReader(file))
    points = json.loads(row["landmarks"])
    assert {name.split("_")[0] for name in points} == set(LEVELS)
    assert len(points) == 6 * len(LEVELS)
    assert {f"genant_{level}" for level in LEVELS} <= set(row)


def test_a_bundle_keeps_scores_scales_and_the_norm(weights: Path) -> None:
    bundle = load(weights / "spine_vertex" / VERSION)
    assert bundle.scores == RECIPE.scores
    assert bundle.labels == ()
    told = bundle.candidates[1].facts
    assert set(told["threshold"]) == set(told["doubt"]) == set(RECIPE.scores)
    assert told["clinical"]["mean"][0] == pytest.approx(64, abs=10)
    assert "clinical" not in bundle.candidates[0].facts
    finder, closer = bundle.outliners
    assert closer.outputs == POINTS
    norm = finder.facts["norm"]
    assert norm["L3"] == pytest.approx([1.0, 1.0, 1.0], abs=0.15)
    assert "Yes or no for each of" in bundle.card


def test_a_film_is_read_with_its_scores(cohort: Path, read_with: None, monkeypatch: pytest.MonkeyPatch) -> None:
    film = cohort / "films" / "000000.dcm"
    pixels = to_png(read_radiograph(film.read_bytes(), "a.dcm"))  # which says nothing of the person
    (unseen,) = reading.read(pixels, "a.png", "spine_vertex")
    assert unseen.refusal is not None  # a network that has hardly learned sees no vertebra
    assert "expected 3 or more on a lateral spine film" in unseen.refusal.message
    monkeypatch.setattr(spine_scores, "FEWEST", 0)
    alone = reading.read(pixels, "a.png", "spine_vertex")[0]
    assert alone.status == "read", alone.warnings
    row = json.loads(json.dumps(alone.row()))
    assert row["label"] is None
    assert set(row["scores"]) == set(RECIPE.scores)
    for name, score in row["scores"].items():
        assert 0 <= score["probability"] <= 1
        assert score["positive"] == (score["probability"] >= score["threshold"])
        assert score["undecided"] == alone.estimate.scores[name].undecided
        assert score["probability"] == pytest.approx(row["candidates"]["image"][name], abs=1e-5)
    assert set(row["candidates"]) == {"image", "with_clinical"}
    assert "clinical_not_known" in {one["code"] for one in row["warnings"]}
    told = reading.read(pixels, "a.png", "spine_vertex", Clinical(80.0, "F", 19.0))[0]
    scores = told.row()["scores"]
    assert scores["osteoporosis"]["probability"] == pytest.approx(
        told.row()["candidates"]["with_clinical"]["osteoporosis"], abs=1e-5
    )
    young = reading.read(pixels, "a.png", "spine_vertex", Clinical(60.0, "M", 30.0))[0]
    assert young.row()["candidates"]["image"] == told.row()["candidates"]["image"]
    assert young.row()["candidates"]["with_clinical"] != told.row()["candidates"]["with_clinical"]
    missing = reading.read(pixels, "a.png", "spine_vertex", Clinical(age_years=80.0))[0]
    assert "clinical_imputed" in {one.code for one in missing.warnings}


def test_a_bundle_is_measured_and_its_table_serves_prognosis(cohort: Path, weights: Path, tmp_path: Path) -> None:
    manifest = read_manifest(cohort / "truth.csv")
    folder = weights / "spine_vertex" / VERSION
    found = spine_evaluation.measure(RECIPE, folder, {"internal": manifest}, 1, lambda *_: None)["internal"]
    table = spine_evaluation.followed(found)
    assert {"followup_years", "incident_fracture", "score_vertebral_fracture", "fracture", "sex"} <= set(table.columns)
    assert len(table) == FILMS
    figures = json.loads(json.dumps(spine_evaluation.figures(found), allow_nan=False))
    assert set(figures["scores"]) == set(RECIPE.scores)
    assert "with_clinical over image" in figures["scores"]["osteoporosis"]["gains"]
    assert figures["vertebrae"]["bodies"] > 3 * FILMS


def test_both_networks_begin_with_the_same_weights(tmp_path: Path) -> None:
    preset = tiny().presets["demo"]
    image, told = preset.candidates[0], replace(preset.candidates[1], after=None)
    torch.manual_seed(5)
    source: Classifier = build(image.network, 2, TINY)
    weights = tmp_path / "first.safetensors"
    save_file(source.network.state_dict(), weights)
    for seed, candidate in enumerate((image, told)):
        torch.manual_seed(seed)
        network: Classifier = build(candidate.network, 2, TINY)
        assert spine_course.begin(network, candidate, preset, {"image": str(weights)}, {})
        for name, values in source.network.state_dict().items():
            if not network.in_head(name):
                assert torch.equal(network.network.state_dict()[name], values), name
    paper = RECIPE.presets["paper"].candidates
    assert len({(one.init, repr(one.preprocess), one.after) for one in paper}) == 1


def test_the_expert_is_asked_what_the_scores_ask() -> None:
    assert learning._question("spine_vertex").labels == ("neither", *RECIPES["spine_vertex"].scores, "both")
