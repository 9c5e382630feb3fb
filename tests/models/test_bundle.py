"""A bundle gives the same answers wherever it is loaded, and a damaged one none."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageClassification

from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import BundleError, load

IMAGE = np.random.default_rng(0).random((3, 64, 64), dtype=np.float32) * 2 - 1


@pytest.fixture
def folder(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the small bundle that a test may damage."""
    return Path(shutil.copytree(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path / "knee_resnet" / "0.1.0"))


def test_two_loads_give_one_answer(folder: Path) -> None:
    answers = [engine.answer(load(folder).candidates[0], IMAGE, torch.device("cpu")).logits for _ in range(2)]
    assert np.array_equal(*answers)


@pytest.mark.parametrize("candidate", ["mobilenet_v2", "vit"])
def test_transformers_loads_a_candidate_by_itself_and_agrees(folder: Path, candidate: str) -> None:
    hub = AutoModelForImageClassification.from_pretrained(folder / candidate, dtype=torch.float32).eval()
    assert list(hub.config.id2label.values()) == ["normal", "osteopenia", "osteoporosis"]
    ours = next(one for one in load(folder).candidates if one.name == candidate)
    with torch.inference_mode():
        theirs = hub(torch.from_numpy(IMAGE)[None]).logits[0].numpy()
    assert np.abs(engine.answer(ours, IMAGE, torch.device("cpu")).logits - theirs).max() < 1e-5


def test_weights_are_half_precision_and_never_pickle(folder: Path) -> None:
    state = load_file(folder / "vit" / "model.safetensors")
    assert {value.dtype for value in state.values() if value.is_floating_point()} == {torch.float16}
    assert {file.suffix for file in folder.rglob("*") if file.is_file()} <= {".json", ".md", ".safetensors"}


def test_the_preprocessing_a_candidate_was_trained_with_comes_back(folder: Path) -> None:
    assert all(Preprocess.from_dict(one.preprocessing) == Preprocess(size=(64, 64)) for one in load(folder).candidates)


def test_a_missing_weight_is_told_and_not_filled_in(folder: Path) -> None:
    state = load_file(folder / "vit" / "model.safetensors")
    state.pop("classifier.weight")
    save_file(state, folder / "vit" / "model.safetensors")
    with pytest.raises(BundleError, match="do not fit vit"):
        load(folder)


def test_labels_in_another_order_are_refused(folder: Path) -> None:
    path = folder / "vit" / "config.json"
    config = json.loads(path.read_text())
    config["osteolens"]["labels"].reverse()
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match="orders its labels"):
        load(folder)


def test_truncated_weights_are_refused_in_one_sentence(folder: Path) -> None:
    path = folder / "mobilenet_v2" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BundleError, match="do not fit mobilenet_v2"):
        load(folder)


def test_the_registry_never_guesses_a_version(tiny_bundle: Path) -> None:
    assert registry.find("knee_resnet@0.1.0", tiny_bundle).name == "0.1.0"
    for wrong in ("knee_resnet", "knee_resnet@0.2.0", "../knee_resnet@0.1.0", "hip_vit@0.1.0"):
        with pytest.raises(BundleError, match=r"knee_resnet@0\.1\.0"):
            registry.find(wrong, tiny_bundle)


def test_the_first_answer_is_not_changed_by_films_read_in_between(folder: Path) -> None:
    candidate, cpu = load(folder).candidates[1], torch.device("cpu")
    first = engine.answer(candidate, IMAGE, cpu).logits
    engine.answer(candidate, -IMAGE, cpu)
    assert np.array_equal(engine.answer(candidate, IMAGE, cpu).logits, first)
