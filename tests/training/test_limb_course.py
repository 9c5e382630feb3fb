"""The hips' road back, whole and small: virtual films on disk, limbs, outlines, classes, a bundle, its figures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import learning
from anatomy.femur import OUTLINED
from anatomy.find import find_limbs
from core.example import Example, ManifestError
from core.labels import CLASSES
from core.settings import ROOT, settings
from imaging import read_radiograph
from imaging.matting import matted
from imaging.preprocess import Preprocess
from models import registry
from models.bundle import describe, save
from recipes import by_name
from recipes.hip_finder import FINDER
from simulation.write import write
from tasks import CLASSES as CLASSES_TASK, MASKS
from tasks.classes.learn import with_regions
from tasks.masks.outlines import masks_of, region_mask
from tasks.part import Candidate, Part, Preset
from tests.runs import a_run, a_trainer
from training.course import train
from training.data import limbs
from training.data.manifest import Manifest, read_manifest
from training.evaluate import evaluate

WEIGHTS = ROOT / "weights"
SMALL = {"channels": [4, 4, 4], "hidden": 8}
NETWORKS = (
    Candidate("cnn3_femoral_neck", "cnn3", Preprocess((48, 48)), SMALL, region="femoral_neck"),
    Candidate("cnn3", "cnn3", Preprocess((64, 64)), SMALL),
)
U_NET = Candidate("u_net", "u_net", Preprocess((64, 64)), {"features": [4, 4, 8, 8, 8, 4], "fold": 2})
RECIPE = replace(
    by_name("hip_regions"),
    parts=(
        Part(MASKS, "limb", OUTLINED, {"tiny": (U_NET,)}),
        Part(CLASSES_TASK, "region", CLASSES, {"tiny": NETWORKS}),
    ),
    presets={
        "tiny": Preset(epochs=1, batch_size=4, learning_rate=1e-3, loss="ordinal", guide=("t_femoral_neck",)),
    },
)


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(WEIGHTS))
    settings.cache_clear()


def labelled(example: Example) -> bool:
    return example.label in CLASSES


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Six films of whole pelves, twelve femora."""
    folder = tmp_path_factory.mktemp("cohort")
    list(write("hip_ap", 6, 71, "alpha", folder, size=512, frame="pelvis", projections=False))
    return read_manifest(folder / "truth.csv")


def test_limbs_are_cut_out_with_their_own_masks(manifest: Manifest) -> None:
    found = limbs.gather(manifest, labelled, WEIGHTS / FINDER.replace("@", "/"), sketched=False)
    assert len(found.examples) >= 11
    sides = [example.others["side"] for example in found.examples]
    assert {"R", "L"} == set(sides)
    for crop, bits in zip(found["crops"], found["masks"], strict=True):
        femur = (bits >> OUTLINED.index("femur")) & 1 == 1
        hip = (bits >> OUTLINED.index("total_hip")) & 1 == 1
        assert (hip & ~femur).sum() < 0.02 * hip.sum()
        assert crop[hip].mean() > crop.mean()  # bone is brighter than what is around it
        # Every femur looks like a left one: its head lies to the left of its trochanter.
        trochanter = (bits >> OUTLINED.index("greater_trochanter")) & 1 == 1
        assert np.nonzero(trochanter)[1].mean() > np.nonzero(femur)[1].mean()


def test_a_region_is_learned_as_it_is_read(manifest: Manifest, tmp_path: Path) -> None:
    finder = registry.at(WEIGHTS / FINDER.replace("@", "/"))
    recipe, on = by_name("hip_regions"), torch.device("cpu")
    outliner = registry.at(registry.find(recipe.bundle or "", WEIGHTS)).ensemble("masks").nodes[0]
    candidates = [one for one in recipe.candidates("demo") if one.region in ("femoral_neck", "total_hip")]
    found = limbs.gather(manifest, labelled, WEIGHTS / FINDER.replace("@", "/"), sketched=False).rows([0, 1, 2, 3])
    learned = with_regions(found, candidates, (outliner,), a_trainer(recipe, tmp_path, "demo"))
    for row, example in enumerate(found.examples):
        film = read_radiograph(example.path.read_bytes(), example.path.name)
        limb = limbs.limb_of(example.others["side"], find_limbs(film, finder.networks["finder"], on))
        assert limb is not None
        crop = limb.crop(film)
        masks = masks_of(crop, outliner, on)
        for one in candidates:
            read = matted(crop, region_mask(masks, one.region or ""), one.preprocess.size[0])
            taught = learned[f"region {one.name}"][row] / 255
            assert ((read > 0) == (taught > 0)).mean() > 0.995
            assert np.abs(read - taught)[(read > 0) & (taught > 0)].mean() < 0.02


def test_virtual_films_become_a_bundle_with_figures_of_its_own(manifest: Manifest, tmp_path: Path) -> None:
    bundle = train(a_run(RECIPE, tmp_path), [manifest])
    data = bundle.evidence["data"]
    assert data["limbs_learned_from"] + data["limbs_held_out"] >= 11
    assert data["limbs_held_out"] == 2  # one person of six, both hips
    folder = save(bundle, tmp_path / "bundles")
    found = evaluate(RECIPE, folder, {"external": manifest}, 1, lambda *_: None)
    learning.document(folder, found.of_bundle)
    signed = describe(folder)["evidence"]["external"]
    assert signed["limbs"] == 12
    assert set(signed["answers"]) == {"joint", "cnn3_femoral_neck", "cnn3"}
    assert set(signed["outlines"]["u_net"]) == set(OUTLINED)
    assert "roc" not in signed["answers"]["joint"]
    card = (folder / "README.md").read_text()
    assert "**external**: simulated patients not used in training" in card
    assert "| Femoral neck | U-Net |" in card
    (about,) = (tmp_path / "u_net").glob("*/run.json")
    assert json.loads(about.read_text())["seed"] == 0


def test_a_set_without_a_single_hip_is_told_and_not_measured(tmp_path: Path) -> None:
    list(write("knee_ap", 1, 71, "alpha", tmp_path, size=256, projections=False))
    knees = read_manifest(tmp_path / "truth.csv")
    recipe = by_name("hip_regions")
    with pytest.raises(ManifestError, match="found nothing to measure on any of 1 films"):
        evaluate(recipe, registry.find(recipe.bundle or "", WEIGHTS), {"knees": knees}, 1, lambda *_: None)
