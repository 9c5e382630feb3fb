"""Bone density's road back, whole and small: virtual films, their projections, three stages, a bundle, its figures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

import learning
import simulation
from anatomy.femur import REGIONS
from anatomy.limb import ROOM
from core.clinical import Clinical
from core.example import ManifestError
from core.settings import ROOT, settings
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Bundle, by_name as nodes_by_name, describe, load, save
from models.networks import build
from recipes import by_name
from recipes.recipe import Recipe
from simulation.write import write
from tasks import DENSITY
from tasks.density.learn import learn_stages
from tasks.density.objective import DensityObjective, retone
from tasks.part import Candidate, Part, Preset, Stage
from tasks.samples import Samples
from tests.runs import a_run, a_trainer
from training.ct.ct_projections import POSE, SOURCE_MM
from training.ct.projections import COLUMNS
from training.data.manifest import Manifest, read_manifest
from training.data.units import Units
from training.evaluate import evaluate

WEIGHTS = ROOT / "weights"
SMALL = Candidate(
    "decomposer",
    "light_decomposer",
    Preprocess((64, 64)),
    {"widths": [4, 8, 8, 8], "hidden": 16, "grid": 6},
)
STAGES = (
    Stage("all_bone", COLUMNS[0], 1, absolute=100, gradient=1, matching=10, adversarial=1),
    Stage("proximal_femur", COLUMNS[1], 1, absolute=100, gradient=1, matching=10, adversarial=1),
    Stage("density", COLUMNS[1], 2, absolute=20, density=10),
)
PART = Part(DENSITY, "limb", REGIONS, {"tiny": (SMALL,)})
TINY = Preset(epochs=0, batch_size=4, learning_rate=1e-3, stages=STAGES)


def silent(*_: object) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    hip = by_name("hip_bmd")
    return replace(hip, parts=(hip.parts[0], PART), presets={"tiny": TINY})


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Four films of whole pelves, eight femora; their projections are not on disk."""
    folder = tmp_path_factory.mktemp("cohort")
    list(write("hip_ap", 4, 72, "alpha", folder, size=512, frame="pelvis", projections=False))
    return read_manifest(folder / "truth.csv")


@pytest.fixture(scope="module")
def limbs(manifest: Manifest, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTEOLENS_WEIGHTS", str(WEIGHTS))
        settings.cache_clear()
        yield collect(recipe, manifest, tmp_path_factory.mktemp("run"))
    settings.cache_clear()


def collect(recipe: Recipe, manifest: Manifest, folder: Path) -> Samples:
    """Every limb of a manifest, with its projections."""
    return Units(a_run(recipe, folder), [manifest]).gathered(manifest)


def often(limbs: Samples, times: int) -> Samples:
    """The same limbs again and again, as if there were many."""
    return limbs.rows(list(range(len(limbs))) * times)


def test_projections_lie_on_the_bone_of_their_crop(limbs: Samples) -> None:
    size = limbs["projections"].shape[2]
    assert size == round(64 * ROOM)
    for crop, (whole, femur), bits in zip(limbs["crops"], limbs["projections"], limbs["masks"], strict=True):
        assert np.all(femur <= whole + 1e-2)
        # The femur's mask, coarser: inside it there is mineral, beyond both femora there is none.
        mask = torch.from_numpy((bits & 0b10000 > 0).astype(np.float32))[None, None]
        share = torch.nn.functional.interpolate(mask, (size, size), mode="area")[0, 0].numpy()
        assert femur[share > 0.99].min() > 0.01
        assert femur[share > 0.99].mean() > 3 * femur[share == 0].mean()
        assert crop[mask[0, 0].numpy() > 0].mean() > crop.mean()


def test_film_and_projection_are_moved_alike(limbs: Samples) -> None:
    bright = (limbs["projections"][:, 1].astype(np.float32) * 60).clip(0, 255).astype(np.uint8)
    lesson = DensityObjective(
        bright, limbs["projections"][:, 1], np.ones((len(bright), 4)), SMALL.preprocess, 1 / ROOM, STAGES[0], tone=0
    )
    film, truth = lesson.shown(lesson.films[0], lesson.films[1], torch.Generator().manual_seed(3))
    shown = ((film + 1) / 2 * 255 / 60)[:, :, 2:-2, 2:-2]
    assert float((shown - truth.clamp(max=4.25)[:, :, 2:-2, 2:-2]).abs().mean()) < 0.03


def test_another_tone_keeps_the_order_of_bone_and_the_black_around(limbs: Samples) -> None:
    film = torch.from_numpy(limbs["crops"][:2].astype(np.float32) / 255)
    film[:, :20] = 0
    changed = retone(film, torch.Generator().manual_seed(0))
    assert float(changed[:, :20].abs().max()) == 0
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
    for before, after in zip(film, changed, strict=True):
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.95
    assert torch.allclose(retone(film, torch.Generator().manual_seed(0), strength=0), film, atol=1e-6)


def test_every_change_of_tone_is_as_mild_as_the_preset_asks(limbs: Samples) -> None:
    assert all(preset.tone == 0.3 for preset in by_name("hip_bmd").presets.values())

    def shown(tone: float) -> torch.Tensor:
        densities = np.ones((len(limbs["crops"]), 4))
        lesson = DensityObjective(
            limbs["crops"], limbs["projections"][:, 1], densities, SMALL.preprocess, 1 / ROOM, STAGES[0], tone
        )
        return lesson.shown(lesson.films[0], lesson.films[1], torch.Generator().manual_seed(5))[0]

    plain, mild, strong = (shown(tone) for tone in (0.0, 0.3, 1.0))  # moved alike
    assert 0.1 < float((mild - plain).abs().mean() / (strong - plain).abs().mean()) < 0.45


def test_each_player_of_the_game_is_taught_by_its_own_part(limbs: Samples) -> None:
    torch.manual_seed(0)
    network = build(SMALL.network, 4, SMALL.options)
    lesson = DensityObjective(
        limbs["crops"][:2], limbs["projections"][:2, 0], np.ones((2, 4)), SMALL.preprocess, 1 / ROOM, STAGES[0]
    )
    assert lesson.judges is not None
    film = torch.randn(2, 1, 64, 64)
    truth = torch.rand(2, 1, 64, 64)
    drawn = network(film).projection

    def gradient(weights: list[torch.Tensor], loss: torch.Tensor) -> torch.Tensor:
        found = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
        return torch.cat([one.ravel() for one in found if one is not None])

    from tasks.density.projection_loss import feature_matching, least_squares

    judges, own = list(lesson.judges.parameters()), list(network.network.decoder.parameters())
    together = lesson._judged(film, drawn, truth)
    theirs = 0.5 * (
        least_squares(lesson.judges(film, truth), True) + least_squares(lesson.judges(film, drawn.detach()), False)
    )
    assert torch.allclose(gradient(judges, together), gradient(judges, theirs), atol=1e-6)
    seen = lesson.judges(film, drawn)
    ours = 10 * feature_matching(seen, lesson.judges(film, truth)) + least_squares(seen, True)
    assert torch.allclose(gradient(own, together), gradient(own, ours), atol=1e-5)


def test_a_run_killed_in_any_stage_ends_where_it_would_have(limbs: Samples, recipe: Recipe, tmp_path: Path) -> None:
    def run(folder: Path, tell: object = silent) -> dict[str, torch.Tensor]:
        network = learn_stages(PART, SMALL, a_trainer(recipe, folder, say=tell), limbs, limbs)
        return network.network.state_dict()

    whole = run(tmp_path / "whole")

    class Killed(Exception):
        pass

    def kill_in_the_last(stage: str, done: int, total: int) -> None:
        if stage == "density" and done == 1:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path / "killed", kill_in_the_last)
    resumed = run(tmp_path / "killed")
    assert all(torch.equal(weights, resumed[name]) for name, weights in whole.items())


def test_a_stage_whose_projection_nobody_names_is_passed_over_and_few_named_ones_teach(
    limbs: Samples, recipe: Recipe, tmp_path: Path
) -> None:
    few = limbs["projections"].copy()
    few[:, 0] = np.nan
    few[1:, 1] = np.nan  # so that some batches name no projection at all
    learn_stages(PART, SMALL, a_trainer(recipe, tmp_path), limbs.with_array("projections", few), limbs)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["density", "proximal_femur"]


def test_what_was_learned_becomes_a_bundle_that_is_measured_and_signed(
    manifest: Manifest, limbs: Samples, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = DENSITY.learn.learn(PART, (SMALL,), a_trainer(recipe, tmp_path), limbs, often(limbs, 3), ())
    evidence = {**learned.evidence, "data": {"limbs_learned_from": len(limbs)}}
    bundle = Bundle(
        "hip_bmd", "0.0.1", nodes_by_name(*learned.nodes), "four films", "For tests.", {}, evidence, "",
        {"density": learned.facts},
    )  # fmt: skip
    folder = save(bundle, tmp_path / "bundles")
    (back,) = load(folder).ensemble("density").nodes
    film = np.random.default_rng(0).random((64, 64), np.float32)
    before, after = (engine.measure(one, film, torch.device("cpu")) for one in (*learned.nodes, back))
    assert np.allclose(before.abmd, after.abmd, atol=0.01)  # weights are stored in half precision
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(WEIGHTS))
    settings.cache_clear()
    results = evaluate(recipe, folder, {"internal": manifest}, 1, silent)
    told = results.sets["internal"]
    assert told["limbs"] + told["missed"] == len(manifest.examples)
    assert set(told["regions"]) == set(REGIONS)
    assert 0 <= told["regions"]["total_hip"]["coverage"]["value"] <= 1
    assert told["projections"]["limbs"] == told["limbs"]
    assert np.sum(told["classes"]["confusion"]) == told["limbs"]
    named = {example.label for example in manifest.examples}
    assert {label for label, one in told["classes"]["classes"].items() if one["films"]} == named
    learning.document(folder, results.of_bundle)
    signed = describe(folder)["evidence"]["internal"]
    assert "truth" not in signed["regions"]["total_hip"]
    assert "**internal**: simulated patients not used in training" in (folder / "README.md").read_text()


def flat_ct(film: simulation.VirtualFilm, femur: np.ndarray, folder: Path) -> dict[str, object]:
    """A CT whose cast on the film is the film's own mineral: all of it in four slices, two of them the femora's.

    It is nobody's body, but goes the whole way of one: files, calibration, registration, cast. femur: which pixels are
    this row's. Returns the row's columns.
    """
    pitch, away, step, thick = film.spacing_mm[0], 150.0, 1.0, 5.0  # mm; `away`: from the film's plane
    shrunk = (SOURCE_MM - away) / SOURCE_MM
    height, width = film.pixels.shape
    size = [int(pixels * pitch * shrunk / step) for pixels in (width, height)]
    rows = ((np.arange(size[1])[::-1] + 0.5) / size[1] * height).astype(int)
    columns = ((np.arange(size[0]) + 0.5) / size[0] * width).astype(int)
    at = np.ix_(rows, columns)
    own, whole = film.projections["proximal_femur"][at].T, film.projections["all_bone"][at].T
    slices = np.stack([own, own, whole - own, whole - own], 2) / (2 * thick / 10) * 1000  # mg/cm3
    mask = np.zeros(slices.shape, np.uint8)
    mask[:, :, :2] = ((own > 0) & femur[at].T)[:, :, None]
    hu = np.where(slices > 0, slices, -1000).astype(np.int16)  # calibrated by a line through nought; the rest is air
    for name, values in {"ct": hu, "bone_mask": (slices > 0).astype(np.uint8), "femur_mask": mask}.items():
        stored = values[::-1].transpose(0, 2, 1)  # right, forwards, up
        nibabel.save(nibabel.Nifti1Image(stored, np.diag([step, thick, step, 1.0])), folder / f"{name}.nii.gz")
    place = dict(zip(POSE, (0.0, 0.0, away, 0.0, 0.0, 0.0), strict=True))
    return {name: f"{folder.name}/{name}.nii.gz" for name in ("ct", "bone_mask", "femur_mask")} | place


def test_a_manifest_that_names_cts_teaches_what_they_cast(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": tmp_path / "home", "WEIGHTS": WEIGHTS, "CT_SLOPE": 1.0, "CT_INTERCEPT": 0.0}.items():
        monkeypatch.setenv(f"OSTEOLENS_{name}", str(value))
    settings.cache_clear()
    list(write("hip_ap", 1, 72, "alpha", tmp_path, size=384, frame="hip", projections=False))
    film = simulation.simulate("hip_ap", 72, 0, "alpha", 384, "cpu", "hip")
    virtual = read_manifest(tmp_path / "truth.csv")
    rows = []
    for example in virtual.examples:
        side = str(example.others["side"])
        folder = tmp_path / f"ct_{side}"
        folder.mkdir()
        rows.append(replace(example, others={**example.others, **flat_ct(film, film.masks[f"{side}_femur"], folder)}))
    own = collect(recipe, replace(virtual, examples=tuple(rows)), tmp_path)
    known = collect(recipe, virtual, tmp_path)
    for mine, true in zip(own["projections"].astype(float), known["projections"].astype(float), strict=True):
        for channel in range(2):
            assert np.corrcoef(mine[channel].ravel(), true[channel].ravel())[0, 1] > 0.95
            assert mine[channel].mean() == pytest.approx(true[channel].mean(), rel=0.1)
    network = learn_stages(PART, SMALL, a_trainer(recipe, tmp_path / "run"), often(own, 4), own)
    assert np.isfinite(network.eval()(torch.zeros(1, 1, 64, 64)).abmd.detach().numpy()).all()
    settings.cache_clear()


def test_a_manifest_without_densities_or_projections_is_told(
    recipe: Recipe, manifest: Manifest, tmp_path: Path
) -> None:
    bare = replace(
        manifest, folder=tmp_path, examples=(replace(manifest.examples[0], clinical=Clinical()),)
    )  # no cohort.json there, so that no projection can be made
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTEOLENS_WEIGHTS", str(WEIGHTS))
        settings.cache_clear()
        others = {key: value for key, value in bare.examples[0].others.items() if not key.startswith("mask_")}
        bare = replace(bare, examples=(replace(bare.examples[0], others=others),))
        limbs = collect(recipe, bare, tmp_path)
        with pytest.raises(ManifestError, match="found no projection of any limb"):
            DENSITY.learn.learn(PART, (SMALL,), a_trainer(recipe, tmp_path), limbs, limbs, ())
        none = {key: value for key, value in others.items() if not key.startswith("abmd_")}
        with pytest.raises(ManifestError, match=r"learns from, expected columns abmd_femoral_neck, .* in g/cm2"):
            collect(recipe, replace(bare, examples=(replace(bare.examples[0], others=none),)), tmp_path)
    settings.cache_clear()
