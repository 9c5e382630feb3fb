"""Trained, promoted, read with, rolled back: the whole way with networks that train in seconds."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import cli
import learning
import reading
import recipes
from core.settings import settings
from learning import NotPromoted
from models import reads
from models.bundle import describe, load, taught
from models.files.plain import BundleError
from recipes.recipe import Recipe
from tests.banded import banded, draw


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("films")
    for name, first, count in (("teach", 0, 90), ("locked", 300, 60), ("own", 600, 60)):
        draw(root / name, first, count)
    return root


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    changed = banded()
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", changed)
    return changed


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def weights(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of weights; one home for all, whose key the trained bundles' patients are hashed with."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(folder))
    monkeypatch.setenv("OSTEOLENS_HOME", str(kept / "home"))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def trained(kept: Path, films: Path, preset: str, version: str, table: str = "teach") -> Path:
    """A bundle that has learned (`demo`) or hardly (`paper`), trained once for all tests."""
    folder = kept / version / "bundles" / "knee_resnet" / version
    if not folder.exists():
        recipe = recipes.RECIPES["knee_resnet"]
        recipes.RECIPES["knee_resnet"] = replace(recipe, holding="folds")  # what whole films are trained by
        learning.train("knee_resnet", films / table / "manifest.csv", preset, kept / version, version=version)
        recipes.RECIPES["knee_resnet"] = recipe
    return folder


@pytest.fixture
def two(recipe: Recipe, weights: Path, kept: Path, films: Path) -> tuple[Path, Path]:
    return trained(kept, films, "paper", "0.1.0"), trained(kept, films, "demo", "0.1.1")


def read_version(film: Path) -> str:
    (answer,) = reading.read(film.read_bytes(), film.name, recipe="knee_resnet")
    assert answer.status == "read", answer.refusal
    assert answer.model is not None
    return answer.model.version


def test_trained_promoted_read_with_and_rolled_back(two: tuple[Path, Path], films: Path, weights: Path) -> None:
    """The same process reads with what was promoted at the next film, and with the former version after a rollback."""
    weak, strong = two
    locked, film = films / "locked" / "manifest.csv", films / "locked" / "300.png"
    assert learning.promote(weak).step.came_from is None  # the first has nothing to be compared with
    assert read_version(film) == "0.1.0"
    done = learning.promote(strong, locked)
    assert done.weighed is not None
    assert done.weighed.comparison.takes
    assert read_version(film) == "0.1.1"
    assert learning.roll_back("knee_resnet").to == "knee_resnet@0.1.0"
    assert read_version(film) == "0.1.0"
    assert reading.version_before("knee_resnet") is None
    assert [one.what for one in learning.history("knee_resnet")] == ["promoted", "promoted", "rolled back"]
    figures = learning.history("knee_resnet")[1].figures
    assert figures["comparison"]["primary"]["difference"]["high"] < 0
    assert {one["about"] for one in figures["comparison"]["subgroups"]} == {"sex"}


def test_a_challenger_without_a_gain_is_refused_and_taken_for_a_reason(
    two: tuple[Path, Path], films: Path, weights: Path
) -> None:
    weak, strong = two
    locked = films / "locked" / "manifest.csv"
    learning.promote(strong)
    with pytest.raises(NotPromoted, match="not surely better") as refused:
        learning.promote(weak, locked)
    assert refused.value.weighed is not None
    assert not (weights / "knee_resnet" / "0.1.0").exists()
    with pytest.raises(NotPromoted, match="compared with it on nothing"):
        learning.promote(weak)
    assert reads.named("knee_resnet", weights) == "knee_resnet@0.1.1"
    learning.promote(weak, locked, because="for a demonstration")
    assert reads.named("knee_resnet", weights) == "knee_resnet@0.1.0"
    steps = learning.history("knee_resnet")
    assert [one.what for one in steps] == ["promoted", "refused", "refused", "promoted"]
    assert steps[-1].because == "for a demonstration"
    assert steps[-1].figures["times"] == 1  # the set was looked at before, and the log says so


def test_a_set_that_the_challenger_learned_from_is_refused(two: tuple[Path, Path], films: Path) -> None:
    """By content, whatever the films are called, and by patient, whatever the film."""
    weak, strong = two
    learning.promote(weak)
    with pytest.raises(NotPromoted, match="learned from 90 films and 90 patients"):
        learning.promote(strong, films / "teach" / "manifest.csv")
    other = draw(films / "same_patients", 900, 12)
    other.write_text(other.read_text().replace("p900", "p0"))
    with pytest.raises(NotPromoted, match="learned from 0 films and 1 patients"):
        learning.promote(strong, other)
    record = taught(strong)
    assert len(record["films"]) == len(record["patients"]) == 90
    assert "p1" not in record["patients"]


def test_of_a_split_the_test_rows_alone_are_measured(two: tuple[Path, Path], films: Path, tmp_path: Path) -> None:
    _, strong = two
    table = draw(tmp_path / "split", 1200, 30, "train")
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *lines[1:21], *(one.removesuffix("train") + "test" for one in lines[21:])]))
    found = learning.evaluate("knee_resnet", table, str(strong))  # a folder that nobody promoted
    assert next(iter(found.sets.values()))["answers"]["joint"]["films"] == 10
    table.write_text("\n".join(lines))
    with pytest.raises(ValueError, match="names no row test"):
        learning.evaluate("knee_resnet", table, str(strong.parent.parent.parent))  # the run's own folder


def test_calibrate_makes_a_version_of_the_same_weights(
    two: tuple[Path, Path], films: Path, weights: Path, tmp_path: Path
) -> None:
    learning.promote(two[1])
    made = learning.calibrate("knee_resnet", films / "own" / "manifest.csv", tmp_path / "out")
    about, parent = describe(made.folder), describe(two[1])
    assert about["version"] == "0.1.2"
    assert about["parent"]["version"] == "0.1.1"
    assert "recalibrated on 60 films of own" in (made.folder / "README.md").read_text()
    for file in two[1].glob("*/model.safetensors"):
        assert (made.folder / file.relative_to(two[1])).read_bytes() == file.read_bytes()
    facts, before = about["networks"]["vit"]["facts"], parent["networks"]["vit"]["facts"]
    assert facts["temperature"] != before["temperature"]
    assert len(facts["bias"]) == 3
    evidence = about["evidence"]
    assert evidence["own"]["answers"]["joint"]["films"] == evidence["own_before"]["answers"]["joint"]["films"] == 60
    assert evidence["own"]["sets"]["coverage"]["low"] is not None
    assert len(taught(made.folder)["films"]) == 150  # the parent's and its own
    load(made.folder)
    assert learning.history("knee_resnet")[-1].what == "calibrated"
    learning.promote(made.folder, because="own films")
    assert read_version(films / "locked" / "301.png") == "0.1.2"


def test_too_few_films_and_recipes_without_answers_to_fit_are_refused(
    two: tuple[Path, Path], films: Path, tmp_path: Path
) -> None:
    learning.promote(two[1])
    few = draw(tmp_path / "few", 2000, 12)
    with pytest.raises(ValueError, match=r"found 12 units with a class .*expected at least 20"):
        learning.calibrate("knee_resnet", few, tmp_path / "out")
    with pytest.raises(ValueError, match="marks points or outlines regions"):
        learning.calibrate("hip_finder", few, tmp_path / "out")


def test_the_commands(
    two: tuple[Path, Path], films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weak, strong = two
    locked, out = str(films / "locked" / "manifest.csv"), tmp_path / "page"
    assert cli.main(["models", "promote", str(strong)]) == 0
    assert capsys.readouterr().out.strip() == str(weights / "knee_resnet" / "0.1.1")
    assert cli.main(["models", "promote", str(weak)]) == 1
    assert cli.main(["models", "promote", str(weak), "--data", locked, "--workers", "1", "--out", str(out)]) == 1
    assert "does not take the place" in capsys.readouterr().err
    page = (out / "knee_resnet_0.1.0_over_knee_resnet_0.1.1.md").read_text()
    assert "The challenger is refused" in page
    assert "McNemar" in page
    assert json.loads((out / "knee_resnet_0.1.0_over_knee_resnet_0.1.1.json").read_text())["alone"]
    assert cli.main(["models", "rollback", "knee_resnet"]) == 2
    assert cli.main(["models", "promote", str(weak), "--because", "tried"]) == 0
    assert cli.main(["models", "rollback", "knee_resnet"]) == 0
    capsys.readouterr()
    assert cli.main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("Reads.") for line in lines] == [False, True]
    assert cli.main(["models", "history"]) == 0
    assert capsys.readouterr().out.count("\n") == 5


def test_a_version_that_reads_already_is_not_promoted_again(two: tuple[Path, Path]) -> None:
    learning.promote(two[0])
    with pytest.raises(BundleError, match="reads already"):
        learning.promote("knee_resnet@0.1.0", because="again")


def test_a_comparison_of_other_versions_promotes_nothing(
    two: tuple[Path, Path], films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may hold one from before somebody else promoted."""
    first, second = (f"{describe(folder)['name']}@{describe(folder)['version']}" for folder in two)
    learning.promote(two[0])
    learning.promote(two[1], because="to have two")
    weighed = learning.compare(second, first, films / "locked" / "manifest.csv")
    stale = replace(weighed, champion=first, challenger=second)
    with pytest.raises(NotPromoted, match="was weighed against"):
        learning.promote(first, weighed=stale)
    assert reads.named("knee_resnet", settings().weights) == second


def test_a_better_challenger_that_does_not_say_what_it_learned_from_needs_a_reason(
    two: tuple[Path, Path], films: Path, tmp_path: Path
) -> None:
    learning.promote(two[0])
    silent = tmp_path / "silent"
    shutil.copytree(two[1], silent)
    (silent / "taught.json").unlink()
    with pytest.raises(NotPromoted, match="does not record what it learned from") as refused:
        learning.promote(silent, films / "locked" / "manifest.csv")
    assert refused.value.weighed is not None
    assert refused.value.weighed.comparison.takes
    learning.promote(silent, because="trained elsewhere")
    assert reads.named("knee_resnet", settings().weights) == "knee_resnet@0.1.1"
