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
from recipes.recipe import Recipe
from recipes.spine_vertex import CLOSER, FINDER, IMAGE, RECIPE, WITH_CLINICAL, preprocess
from simulation import Uncommon
from simulation.write import write
from tasks import LANDMARKS, SCORES
from tasks.landmarks import read as landmarks_read
from tasks.part import Preset
from tests.runs import a_run, a_trainer
from training.course import train
from training.data.manifest import read_manifest
from training.evaluate import evaluate

FILMS = 8
VERSION = RECIPE.bundle.partition("@")[2]  # the one that the recipe reads with
TINY = {"width_coefficient": 0.2, "depth_coefficient": 0.1, "dropout_rate": 0.2, "depthwise_padding": []}


def tiny() -> Recipe:
    image = replace(IMAGE, preprocess=preprocess(64), options=TINY)
    told = replace(WITH_CLINICAL, preprocess=preprocess(64), options=TINY, epochs=1)
    finder = replace(FINDER, preprocess=replace(FINDER.preprocess, size=(64, 32)), epochs=1)
    finder = replace(finder, options={"features": [4, 4, 8, 8, 8, 8], "fold": 2})
    closer = replace(CLOSER, preprocess=replace(CLOSER.preprocess, size=(32, 32)), epochs=1, options=finder.options)
    networks = ((finder,), (closer,), (image, told))
    parts = tuple(replace(part, candidates={"demo": one}) for part, one in zip(RECIPE.parts, networks, strict=True))
    return replace(RECIPE, parts=parts, presets={"demo": Preset(1, 8, 1e-3, guide=RECIPE.presets["demo"].guide)})


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spines")
    broken = Uncommon(fractures=0.5)
    list(write("spine_lateral", FILMS, 8, "alpha", folder, 128, projections=False, uncommon=broken))
    return folder


@pytest.fixture(scope="module")
def weights(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with one small bundle that saw these films once."""
    root = tmp_path_factory.mktemp("weights")
    manifest = read_manifest(cohort / "truth.csv")
    bundle = train(a_run(tiny(), root / "run", "demo", VERSION), [manifest])
    # Networks that have hardly learned know no film from another, and no vertebra from another.
    wide = {name: replace(one, ood={**one.ood, "bounds": np.array([1e6, 1e9], np.float32)})
            if one.ood else one for name, one in bundle.networks.items()}  # fmt: skip
    learning.document(save(replace(bundle, networks=wide), root))
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
    scores = RECIPE.outputs(SCORES)
    assert bundle.ensemble("classes").nodes == ()
    image, clinical = bundle.ensemble("scores", scores).nodes
    told = clinical.facts
    assert set(told["threshold"]) == set(told["doubt"]) == set(scores)
    assert told["clinical"]["mean"][0] == pytest.approx(64, abs=10)
    assert "clinical" not in image.facts
    finder, closer = bundle.ensemble(LANDMARKS.name).nodes
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
    monkeypatch.setattr(landmarks_read, "FEWEST", 0)
    alone = reading.read(pixels, "a.png", "spine_vertex")[0]
    assert alone.status == "read", alone.warnings
    row = json.loads(json.dumps(alone.row()))
    assert row["label"] is None
    assert set(row["scores"]) == set(RECIPE.outputs(SCORES))
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
    found = evaluate(RECIPE, folder, {"internal": manifest}, 1, lambda *_: None)
    table = found.extra("followed")["internal"]
    assert {"followup_years", "incident_fracture", "score_vertebral_fracture", "fracture", "sex"} <= set(table.columns)
    assert len(table) == FILMS
    figures = json.loads(json.dumps(found.sets["internal"], allow_nan=False))
    assert set(figures["scores"]) == set(RECIPE.outputs(SCORES))
    assert "with_clinical over image" in figures["scores"]["osteoporosis"]["gains"]
    assert figures["vertebrae"]["bodies"] > 3 * FILMS


def test_both_networks_begin_with_the_same_weights(tmp_path: Path) -> None:
    *_, image, told = tiny().candidates("demo")
    told = replace(told, after=None)
    torch.manual_seed(5)
    source: Classifier = build(image.network, 2, TINY)
    weights = tmp_path / "first.safetensors"
    save_file(source.network.state_dict(), weights)
    trainer = a_trainer(tiny(), tmp_path, "demo", init={"image": str(weights)})
    for candidate in (image, told):
        network, pretrained = trainer.begin(candidate, 2, like=image.name)
        assert pretrained
        for name, values in source.network.state_dict().items():
            if not network.in_head(name):
                assert torch.equal(network.network.state_dict()[name], values), name
    paper = [one for one in RECIPE.candidates("paper") if "clinical" in one.name or one.name == "image"]
    assert len({(one.init, repr(one.preprocess), one.after) for one in paper}) == 1


def test_the_expert_is_asked_what_the_scores_ask() -> None:
    assert learning.question("spine_vertex").findings == RECIPES["spine_vertex"].outputs(SCORES)
