"""A bundle gives the same answers wherever it is loaded, and a damaged one none."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageClassification

from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import describe, load, save
from models.files.config import read_config
from models.files.copies import copy
from models.files.draft import free
from models.files.plain import BundleError

ROOT = Path(__file__).resolve().parents[2]
IMAGE = np.random.default_rng(0).random((3, 64, 64), dtype=np.float32) * 2 - 1


@pytest.fixture
def folder(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the small bundle that a test may damage."""
    return Path(shutil.copytree(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path / "knee_resnet" / "0.1.0"))


def test_two_loads_give_one_answer(folder: Path) -> None:
    answers = [
        engine.answer(load(folder).networks["mobilenet_v2"], IMAGE, torch.device("cpu")).logits for _ in range(2)
    ]
    assert np.array_equal(*answers)


@pytest.mark.parametrize("candidate", ["mobilenet_v2", "vit"])
def test_transformers_loads_a_candidate_by_itself_and_agrees(folder: Path, candidate: str) -> None:
    hub = AutoModelForImageClassification.from_pretrained(folder / candidate, dtype=torch.float32).eval()
    assert list(hub.config.id2label.values()) == ["normal", "osteopenia", "osteoporosis"]
    ours = load(folder).networks[candidate]
    with torch.inference_mode():
        theirs = hub(torch.from_numpy(IMAGE)[None]).logits[0].numpy()
    assert np.abs(engine.answer(ours, IMAGE, torch.device("cpu")).logits - theirs).max() < 1e-5


def test_weights_are_half_precision_and_never_pickle(folder: Path) -> None:
    state = load_file(folder / "vit" / "model.safetensors")
    assert {value.dtype for value in state.values() if value.is_floating_point()} == {torch.float16}
    assert {file.suffix for file in folder.rglob("*") if file.is_file()} <= {".json", ".md", ".safetensors", ".py"}


def test_the_preprocessing_a_candidate_was_trained_with_comes_back(folder: Path) -> None:
    assert all(
        Preprocess.from_dict(one.preprocessing) == Preprocess(size=(64, 64)) for one in load(folder).networks.values()
    )


def test_a_missing_weight_is_told_and_not_filled_in(folder: Path) -> None:
    state = load_file(folder / "vit" / "model.safetensors")
    state.pop("classifier.weight")
    save_file(state, folder / "vit" / "model.safetensors")
    with pytest.raises(BundleError, match="do not fit vit"):
        load(folder)


def test_outputs_in_another_order_are_refused(folder: Path) -> None:
    path = folder / "vit" / "config.json"
    config = json.loads(path.read_text())
    config["osteolens"]["labels"].reverse()
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match="orders its outputs"):
        load(folder)


def test_what_is_saved_comes_back_with_every_network_and_fact(folder: Path, tmp_path: Path) -> None:
    first = load(folder)
    again = load(save(replace(first, version="0.2.0"), tmp_path / "other"))
    assert list(again.networks) == list(first.networks)
    assert again.facts == first.facts == {"classes": {"coverage": 0.9, "conformal_quantile": 0.8}}
    for name, node in first.networks.items():
        other = again.networks[name]
        assert (other.task, other.outputs, other.facts) == (node.task, node.outputs, node.facts)
        assert {key: value.tolist() for key, value in other.ood.items()} == {
            key: value.tolist() for key, value in node.ood.items()
        }


# What the program before tasks wrote: three tables of networks, and outputs in the order of the bundle's own lists.
FORMAT_1 = {
    "labels": ["normal", "osteopenia", "osteoporosis"],
    "candidates": {
        "mobilenet_v2": {"temperature": 1.5, "voice": 0.7},
        "vit": {"temperature": 2.0, "region": "total_hip", "facts": {"more": 1}},
    },
    "coverage": 0.9,
    "conformal_quantile": 0.8,
}


def as_format_1(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    kept = {key: config[key] for key in ("name", "version", "learned_from", "intended_use", "provenance")}
    path.write_text(json.dumps({**kept, **FORMAT_1, **changes}))


def test_a_bundle_of_the_older_format_says_the_same(folder: Path) -> None:
    as_format_1(folder)
    bundle = load(folder)
    assert {name: (node.task, node.facts) for name, node in bundle.networks.items()} == {
        "mobilenet_v2": ("classes", {"temperature": 1.5, "weight": 0.7}),
        "vit": ("classes", {"more": 1, "temperature": 2.0, "region": "total_hip"}),
    }
    assert bundle.facts == {"classes": {"coverage": 0.9, "conformal_quantile": 0.8}}


def test_older_dense_networks_outline_where_classes_are_told_and_mark_points_elsewhere(folder: Path) -> None:
    tables = {"candidates": {}, "outliners": {"mobilenet_v2": {"a": 1}}, "densitometers": {"vit": {"b": 2}}}
    for labels, task in ((FORMAT_1["labels"], "masks"), ([], "landmarks")):
        as_format_1(folder, **tables, labels=labels)
        networks = read_config(folder)["networks"]
        assert {name: one["task"] for name, one in networks.items()} == {"mobilenet_v2": task, "vit": "density"}


def test_older_scores_are_outputs_of_their_own(folder: Path) -> None:
    scores = ["normal", "osteopenia", "osteoporosis"]
    as_format_1(folder, labels=[], scores=scores)
    bundle = load(folder)
    assert bundle.ensemble("scores", tuple(scores)).facts == {"coverage": 0.9}
    assert bundle.ensemble("classes").nodes == ()


def test_every_bundle_that_ships_is_read_with_its_networks_tasks() -> None:
    tasks = {
        config.parent.parent.name: {one["task"] for one in read_config(config.parent)["networks"].values()}
        for config in (ROOT / "weights").glob("*/*/config.json")
    }
    assert tasks == {
        "hip_bmd": {"density"},
        "hip_finder": {"landmarks"},
        "hip_regions": {"classes", "masks"},
        "hip_vit": {"classes"},
        "knee_finder": {"landmarks"},
        "knee_resnet": {"classes"},
        "spine_vertex": {"landmarks", "scores"},
        "view": {"classes"},
    }


def test_a_newer_format_is_refused(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 3}))
    with pytest.raises(BundleError, match=r"format 3, expected 2 or older; update the program"):
        load(folder)


@pytest.mark.parametrize("lacking", ["networks", "facts", "learned_from", "version"])
def test_a_config_that_lacks_something_is_refused_by_its_name(folder: Path, lacking: str) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    del config[lacking]
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match=lacking):
        describe(folder)


def test_a_bundle_whose_saving_fails_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, root = replace(load(folder), version="0.2.0"), tmp_path / "other"
    begun = []

    def fails(*arguments: object, **others: object) -> None:
        begun.append(any(path.is_file() for path in root.rglob("config.json")))
        raise OSError("no space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", fails)
    with pytest.raises(OSError, match="no space"):
        save(bundle, root)
    assert begun == [True]
    assert not [path for path in root.rglob("*") if path.is_file()]
    monkeypatch.undo()
    assert load(save(bundle, root)).version == "0.2.0"


def test_nobody_sees_half_of_a_bundle_that_is_being_copied(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, seen = tmp_path / "other", []
    real = shutil.copytree

    def watched(source: Path, there: Path, *more: object, **others: object) -> object:
        result = real(source, there, *more, **others)
        if source == folder:
            seen.append((registry.has("knee_resnet@0.1.0", root), registry.shelf(root)))
        return result

    monkeypatch.setattr("models.files.copies.shutil.copytree", watched)
    copy(folder, root)
    assert seen == [(False, [])]
    assert registry.has("knee_resnet@0.1.0", root)


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "Hip", ""])
def test_a_bundle_is_never_written_outside_its_shelf(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": name}))
    with pytest.raises(BundleError, match="expected a name like hip_vit"):
        copy(folder, tmp_path / "shelf")
    assert not (tmp_path / "shelf").exists()


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(secret)
    with pytest.raises(BundleError, match="is a link, expected a bundle of plain files"):
        copy(folder, tmp_path / "shelf")


def test_a_version_that_is_there_is_told_before_anything_begins(folder: Path) -> None:
    with pytest.raises(BundleError, match="a version never changes; give the bundle a new version"):
        free("knee_resnet", "0.1.0", folder.parent.parent)


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
    candidate, cpu = load(folder).networks["vit"], torch.device("cpu")
    first = engine.answer(candidate, IMAGE, cpu).logits
    engine.answer(candidate, -IMAGE, cpu)
    assert np.array_equal(engine.answer(candidate, IMAGE, cpu).logits, first)
