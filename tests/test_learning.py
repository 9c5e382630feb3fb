"""The road back, whole: from a manifest of drawn films to a bundle that reads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import learning
import reading
import recipes
from core.settings import settings
from evidence.record import SCHEMA
from recipes.recipe import Recipe
from tasks.part import Preset
from tests.tiny import CANDIDATE


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """The knee recipe with a preset that trains in seconds."""
    small = Preset(epochs=2, batch_size=8, learning_rate=1e-3, folds=2)
    knee = recipes.RECIPES["knee_resnet"]
    parts = (replace(knee.parts[0], candidates={"demo": (CANDIDATE,)}),)
    changed = replace(knee, parts=parts, presets={"demo": small}, finder=None, shared=False)
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", changed)
    return changed


def drawn_leg(random: np.random.Generator) -> Image.Image:
    """A bright shaft in a grey leg on black, round as bone is, with a texture that no two legs share."""
    columns = np.linspace(-1, 1, 180)
    leg = 90 * (np.abs(columns) < 0.7) + 70 * np.sqrt(np.clip(1 - (columns / 0.3) ** 2, 0, None))
    coarse = Image.fromarray(np.uint8(random.integers(0, 255, (24, 18)))).resize((180, 240), Image.Resampling.BICUBIC)
    return Image.fromarray(np.uint8(leg * (0.6 + 0.4 * np.asarray(coarse) / 255)))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """24 drawn films, of which two are copies with one label, two are copies with two, and one is no film."""
    random = np.random.default_rng(0)
    lines = ["path,label,age_years,patient"]
    labels = ["normal", "osteopenia", "osteoporosis"]
    for number in range(24):
        drawn_leg(random).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{labels[number % 3]},{50 + number},p{number // 2 if number > 19 else number}")
    for number, label in ((0, "normal"), (1, "osteoporosis")):
        Image.open(tmp_path / f"{number}.png").resize((150, 200)).save(tmp_path / f"copy{number}.png")
        lines.append(f"copy{number}.png,{label},60,q{number}")
    (tmp_path / "broken.png").write_bytes(b"no film")
    lines.append("broken.png,normal,70,z")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_manifest_becomes_a_bundle_that_reads(
    recipe: Recipe, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    out = tmp_path / "run"
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(out / "bundles"))
    settings.cache_clear()
    folder = learning.train("knee_resnet", manifest, "demo", out, tell=lambda step, *_: steps.append(step))
    assert list(dict.fromkeys(steps))[:2] == ["reading films", "finding copies"]

    (card,) = reading.models()
    assert (card["evidence"]["schema"], card["evidence"]["tasks"]) == (SCHEMA, ["classes"])
    data = card["evidence"]["data"]
    assert data["films_in_manifest"] == 27
    assert data["films_refused"] == 1
    assert data["films_left_out_because_their_copies_carry_another_label"] == 2
    # 24 films left: one is a copy, and patients 10 and 11 have three films each.
    assert data["distinct_films_used"] == 19
    (answer,) = reading.read((manifest.parent / "5.png").read_bytes(), "5.png")
    assert answer.status == "read"
    text = (folder / "README.md").read_text()
    assert "Not a medical device" in text
    assert "2 films were excluded because copies of them carry different labels" in text


def test_a_finished_version_is_not_overwritten(recipe: Recipe, manifest: Path, tmp_path: Path) -> None:
    first = learning.train("knee_resnet", manifest, "demo", tmp_path / "run")
    with pytest.raises(ValueError, match="a version never changes"):
        learning.train("knee_resnet", manifest, "demo", tmp_path / "run", version=first.name)


def test_the_test_part_never_reaches_training(
    recipe: Recipe, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every film that `fit` was given is looked up among the test films: none may be there."""
    import training.crossfit as crossfit

    taught: list[np.ndarray] = []
    tested: list[np.ndarray] = []
    real_fit, real_forward = crossfit.fit, crossfit.forward

    def watched_fit(network, lesson, *rest, **more):  # type: ignore[no-untyped-def]
        taught.extend(lesson.films[0].numpy())
        return real_fit(network, lesson, *rest, **more)

    def watched_forward(network, grey, preprocess, on):  # type: ignore[no-untyped-def]
        tested.append(grey)
        return real_forward(network, grey, preprocess, on)

    monkeypatch.setattr(crossfit, "fit", watched_fit)
    monkeypatch.setattr(crossfit, "forward", watched_forward)
    learning.train("knee_resnet", manifest, "demo", tmp_path / "run")
    seen = {film.tobytes() for film in taught}
    assert tested[-1].shape[0] >= 3
    assert not any(film.tobytes() in seen for film in tested[-1])
