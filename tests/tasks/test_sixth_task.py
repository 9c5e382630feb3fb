"""A sixth task is a folder and nothing else: trained, kept, read, measured and shown without another line of ours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import learning
import reading
import recipes
import tasks
from core.clinical import Clinical
from core.settings import settings
from core.system.clock import Clock
from imaging import read_radiograph
from imaging.preprocess import Preprocess
from models.bundle import load, save
from recipes.facts import facts_of
from recipes.recipe import Recipe
from report.page import study_of, write
from tasks.case import Case
from tasks.part import Candidate, Part, Preset
from tasks.task import Task
from tests.runs import a_run
from training.course import train
from training.data.manifest import Manifest, read_manifest
from training.evaluate import evaluate

INPUTS = Preprocess((32, 32), window=(0.0, 1.0))
NETWORK = Candidate("tiny", "cnn3", INPUTS, {"channels": [8, 8, 8], "hidden": 8})


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe of one part, whose task lies in this folder as others lie in `tasks`."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(Path(__file__).parent)])
    part = Part(Task("brightness"), "film", ("brightness",), {"tiny": (NETWORK,)})
    knee = recipes.by_name("knee_resnet")
    return replace(
        knee, name="knee_brightness", labels=(), parts=(part,), presets={"tiny": Preset(6, 8, 3e-3)}, finder=None,
        shared=False, holding="validation", bundle="knee_brightness@0.0.1",
    )  # fmt: skip


@pytest.fixture
def films(tmp_path: Path) -> Manifest:
    """24 films of even grey with some grain, dark to bright."""
    random = np.random.default_rng(0)
    lines = ["path,patient,brightness"]
    for number in range(24):
        grey = 0.2 + 0.6 * (number % 12) / 11
        pixels = np.clip(grey + random.normal(0, 0.02, (90, 70)), 0, 1)
        Image.fromarray(np.uint8(pixels * 255)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,p{number},{grey:.3f}")
    (tmp_path / "films.csv").write_text("\n".join(lines))
    return read_manifest(tmp_path / "films.csv")


def test_a_folder_of_four_modules_is_a_task(
    recipe: Recipe, films: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.units.settle_copies", _nothing_copied)  # even films all look alike
    folder = learning.document(save(train(a_run(recipe, tmp_path / "run"), [films]), tmp_path / "weights"))
    bundle = load(folder)
    (node,) = bundle.ensemble("brightness", ("brightness",)).nodes
    assert "offset" in node.facts
    card = (folder / "README.md").read_text()
    assert "How bright a film is." in card
    assert "### Brightness" in card

    film = read_radiograph(films.examples[0].path.read_bytes(), "0.png")
    case = Case(film, None, Clinical(), (), recipe.name, recipe.shows, torch.device("cpu"), Clock())
    read = reading.find(case, recipe, bundle).candidates["brightness"]["mean"]

    found = evaluate(recipe, folder, {"films": films}, 1, lambda *_: None)
    error = found.sets["films"]["brightness"]["mean_error"]
    assert 0 <= error < 0.3
    one = evaluate(recipe, folder, {"one": replace(films, examples=films.examples[:1])}, 1, lambda *_: None)
    assert one.sets["one"]["brightness"]["mean_error"] == pytest.approx(
        abs(read - films.examples[0].others["brightness"]), abs=1e-4
    )  # evaluated as it is read

    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tmp_path / "weights"))
    settings.cache_clear()
    (about,) = reading.models()
    _, page = write(study_of(facts_of(about), found.sets, "films.csv"), tmp_path / "page")
    assert f"| films | {error} |" in page.read_text()


def _nothing_copied(samples, says, say):  # type: ignore[no-untyped-def]
    from training.data.held_out import Settled

    return Settled(samples, list(range(len(samples))), 0, 0)
