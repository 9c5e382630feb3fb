"""Whatever `transformers` loads of the bundles that ship gives the product's answer, or says that it cannot."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import expit
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline

import reading
import tasks.classes.read
from bench.configs import rewrite
from core.radiograph import Radiograph
from core.settings import ROOT
from imaging import read_radiograph
from imaging.matting import matted
from imaging.preprocess import Preprocess
from imaging.upright import upright
from models import engine, registry
from models.bundle import Node, load
from models.files.beside import code_of
from tasks.masks.outlines import region_mask, shown_to

WEIGHTS = ROOT / "weights"
CPU = torch.device("cpu")
SAMPLES = {
    "hip": ("virtual_hip.png", "virtual_pelvis.png", "virtual_pelvis_other_scanner.png"),
    "knee": ("both_knees.png", "both_knees_thin_bone.png"),
    "spine": ("virtual_spine.png", "virtual_spine_broken.png"),
}
TONES = (1.0, 0.9, 1.1, 0.85, 1.2)
# Ten films of each kind for each classifier, which takes a minute; and two of each every time.
on_films = pytest.mark.parametrize("count", [2, pytest.param(10, marks=pytest.mark.slow)])


@pytest.fixture(autouse=True, scope="module")
def modules_of_transformers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where transformers copies code beside weights to, apart from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield


def classifiers() -> list[Path]:
    return sorted(file.parent for file in WEIGHTS.glob("*/*/*/image_processing_osteolens.py"))


@cache
def films_of(site: str, count: int) -> list[bytes]:
    """The samples of a site, as they are and exposed otherwise."""
    films = []
    for tone in TONES:
        for name in SAMPLES[site]:
            grey = np.asarray(Image.open(ROOT / "samples" / name).convert("L"), np.float64) / 255
            Image.fromarray((grey**tone * 255).round().astype(np.uint8)).save(file := BytesIO(), "PNG")
            films.append(file.getvalue())
    return films[:count]


def shown(film: Radiograph) -> np.ndarray:
    """A film as anyone may pass it to a pipeline: 0..1, masked where there is none."""
    return film.pixels if film.valid is None else np.ma.array(film.pixels, mask=~film.valid)


def asked(folder: Path) -> Callable[[Any], dict[str, float]]:
    pipe = pipeline("image-classification", str(folder), trust_remote_code=True, device="cpu")
    return lambda image: {one["label"]: one["score"] for one in pipe(image)}


def close(first: dict[str, float], second: dict[str, float]) -> bool:
    return first.keys() == second.keys() and all(abs(first[name] - second[name]) < 1e-4 for name in first)


@pytest.mark.parametrize("folder", classifiers(), ids=lambda folder: f"{folder.parts[-3]}-{folder.name}")
def test_logits_are_the_networks_own(folder: Path) -> None:
    node = registry.at(folder.parent).networks[folder.name]
    plain = json.loads((folder / "config.json").read_text())["model_type"] != "osteolens"
    hub = AutoModelForImageClassification.from_pretrained(folder, trust_remote_code=not plain)
    assert list(hub.config.id2label.values()) == list(node.outputs)
    assert {one.dtype for one in hub.parameters()} == {torch.float32}
    assert not hub.training
    image = np.random.default_rng(0).random((3, *node.preprocessing["size"]), dtype=np.float32) * 2 - 1
    with torch.inference_mode():
        theirs = hub(torch.from_numpy(image)[None]).logits[0].numpy()
    beside = np.array(node.weights.not_known, np.float32) if node.weights.not_known else None
    assert np.abs(engine.answer(node, image, CPU, beside).logits - theirs).max() < 1e-4


@pytest.mark.parametrize("folder", classifiers(), ids=lambda folder: f"{folder.parts[-3]}-{folder.name}")
def test_without_trust_nothing_is_guessed(folder: Path) -> None:
    with pytest.raises(ValueError, match="trust_remote_code"):
        pipeline("image-classification", str(folder), trust_remote_code=False)
    if json.loads((folder / "config.json").read_text())["model_type"] == "osteolens":
        with pytest.raises(ValueError, match="trust_remote_code"):
            AutoModelForImageClassification.from_pretrained(folder, trust_remote_code=False)


@on_films
@pytest.mark.parametrize("recipe", ["hip_vit", "knee_resnet"])
def test_limbs_get_one_answer_from_the_pipeline_and_a_reading(
    recipe: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops: list[Radiograph] = []

    def noted(node: Node, crop: Radiograph, masks: Any) -> Any:
        if not any(crop is one for one in crops):
            crops.append(crop)
        return shown_to(node, crop, masks)

    monkeypatch.setattr(tasks.classes.read, "shown_to", noted)
    films = films_of("hip" if recipe == "hip_vit" else "knee", count)
    read = [one for film in films for one in reading.read(film, "film.png", recipe) if one.status == "read"]
    assert len(read) >= count
    folder = registry.find(reading.versions()[recipe], WEIGHTS)
    for name in read[0].candidates:
        pipe = asked(folder / name)
        for one, crop in zip(read, distinct(crops), strict=True):
            assert close(pipe(shown(crop)), one.candidates[name])


def distinct(crops: list[Radiograph]) -> list[Radiograph]:
    """A limb's crop is cut anew for each network that looks at it."""
    kept: list[Radiograph] = []
    for crop in crops:
        if not kept or not np.array_equal(kept[-1].pixels, crop.pixels):
            kept.append(crop)
    return kept


@on_films
def test_regions_get_one_answer_from_the_pipeline_and_a_reading(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, np.ndarray]] = []

    def noted(node: Node, crop: Radiograph, masks: Any) -> Any:
        region = node.facts["region"]
        if not seen or region in seen[-1]:
            seen.append({})
        seen[-1][region] = matted(crop, region_mask(masks, region), node.preprocessing["size"][0])
        return shown_to(node, crop, masks)

    monkeypatch.setattr(tasks.classes.read, "shown_to", noted)
    read = [
        one
        for film in films_of("hip", count)
        for one in reading.read(film, "film.png", "hip_regions")
        if one.status == "read"
    ]
    assert len(read) >= count
    folder = registry.find(reading.versions()["hip_regions"], WEIGHTS)
    for name in read[0].candidates:
        pipe = asked(folder / name)
        for one, regions in zip(read, seen, strict=True):
            assert close(pipe(regions[name.removeprefix("densenet121_")]), one.candidates[name])


@on_films
def test_spines_get_one_answer_from_the_pipeline_and_a_reading(count: int) -> None:
    folder = registry.find(reading.versions()["spine_vertex"], WEIGHTS)
    pipes = {name: asked(folder / name) for name in ("image", "with_clinical")}
    for film in films_of("spine", count):
        (one,) = reading.read(film, "film.png", "spine_vertex")
        laid = upright(read_radiograph(film, "film.png")).film
        for name, pipe in pipes.items():
            found = pipe(shown(laid))
            assert abs(found["osteoporosis"] - one.candidates[name]["osteoporosis"]) < 1e-4
            # A reading also weighs measured heights for a fracture; the network alone answers without them.
            node = registry.at(folder).networks[name]
            beside = np.array(node.weights.not_known, np.float32) if node.weights.not_known else None
            logits = engine.answer(node, Preprocess.from_dict(node.preprocessing)(laid), CPU, beside).logits
            slope, shift = node.facts["scale"]["vertebral_fracture"]
            assert abs(found["vertebral_fracture"] - expit(slope * logits[0] + shift)) < 1e-4


@on_films
def test_views_get_one_answer_from_the_pipeline_and_a_reading(count: int) -> None:
    pipe = asked(registry.find(reading.versions()["view"], WEIGHTS) / "resnet")
    for film in [film for site in SAMPLES for film in films_of(site, 4)][:: 1 if count == 10 else 4]:
        laid = upright(read_radiograph(film, "film.png")).film
        seen = reading.look_at(laid)
        assert seen is not None
        assert close(pipe(shown(laid)), dict(seen.shares))


def test_a_picture_is_prepared_as_the_reading_prepares_it(tmp_path: Path) -> None:
    """Of 8 and 16 bits, grey and colour, by path and as an array, with and without film everywhere."""
    processor = AutoImageProcessor.from_pretrained(WEIGHTS / "view/0.1.0/resnet", trust_remote_code=True)
    inputs = Preprocess.from_dict(processor.osteolens)
    deep = (np.random.default_rng(0).random((90, 70)) * 65535).astype(np.uint16)
    where = np.ones((90, 70), bool)
    where[:, :20] = False
    film = Radiograph((deep / 65535).astype(np.float32), "")
    whole, part = inputs(film), inputs(Radiograph(np.where(where, film.pixels, 0), "", valid=where))
    Image.fromarray(deep).save(tmp_path / "deep.png")
    for image in (
        deep,
        film.pixels,
        Image.open(tmp_path / "deep.png"),
        tmp_path / "deep.png",
        torch.tensor(film.pixels),
    ):
        assert np.allclose(processor(image)["pixel_values"][0], whole, atol=1e-5)
    assert np.allclose(processor(np.where(where, film.pixels, np.nan))["pixel_values"][0], part, atol=1e-5)
    eight = (deep // 257).astype(np.uint8)
    colour = Image.fromarray(np.stack([eight] * 3, -1))
    with_alpha = Image.merge("LA", (Image.fromarray(eight), Image.fromarray((where * 255).astype(np.uint8))))
    assert np.allclose(processor(colour)["pixel_values"], processor(Image.fromarray(eight))["pixel_values"])
    bare = Radiograph((eight / 255).astype(np.float32), "", valid=where)
    assert np.allclose(processor(with_alpha)["pixel_values"][0], inputs(bare), atol=1e-5)
    assert processor([eight, eight])["pixel_values"].shape == (2, 3, *inputs.size)


def test_a_whole_film_is_no_limb() -> None:
    pipe = asked(WEIGHTS / "hip_vit/0.3.0/resnet50")
    with pytest.raises(ValueError, match="found a picture of 300 x 200 px, expected the square around one limb"):
        pipe(np.zeros((200, 300), np.float32))
    with pytest.raises(ValueError, match="grey values outside"):
        pipe(np.full((200, 200), 7.0, np.float32))


def test_the_code_beside_the_weights_is_the_code_that_reads() -> None:
    """After a change to it: `python -m bench.configs`."""
    for folder in classifiers():
        node = registry.at(folder.parent).networks[folder.name]
        made = code_of(None if node.weights.plain else node.network, type(node.weights))
        assert {file.name: file.read_text() for file in folder.glob("*.py")} == made, "run python -m bench.configs"


def test_configs_written_anew_change_no_answer(tmp_path: Path) -> None:
    import shutil

    from models.bundle import fingerprint

    there = tmp_path / "view"
    shutil.copytree(WEIGHTS / "view/0.1.0", there)
    rewrite(there)
    assert fingerprint(there) == fingerprint(WEIGHTS / "view/0.1.0")
    assert load(there).networks["resnet"].unit == "film"


def test_a_network_goes_on_learning_where_it_was_loaded() -> None:
    hub = AutoModelForImageClassification.from_pretrained(WEIGHTS / "hip_vit/0.3.0/vit", trust_remote_code=True).train()
    loss = hub(torch.zeros(2, 3, 160, 160), labels=torch.tensor([0, 2])).loss
    loss.backward()
    assert all(one.grad is not None for one in hub.classifier.parameters())
