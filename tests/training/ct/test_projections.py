"""Projections of a cohort: made again where they are not on disk, kept, or a user's own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulation
from core.example import Example, ManifestError
from core.settings import ROOT, settings
from recipes.hip_finder import FINDER
from simulation import Uncommon
from simulation.write import write
from training.ct.projections import COLUMNS, projection_of
from training.data.limbs import gather
from training.data.manifest import Manifest, read_manifest

FINDER_FOLDER = ROOT / "weights" / FINDER.replace("@", "/")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """A film of a whole pelvis; its projections are not on disk."""
    folder = tmp_path_factory.mktemp("cohort")
    list(write("hip_ap", 1, 72, "alpha", folder, size=512, frame="pelvis", projections=False))
    return read_manifest(folder / "truth.csv")


def test_a_projection_is_made_once_and_kept_beside_the_films(manifest: Manifest) -> None:
    example = manifest.examples[0]
    first = projection_of(example, COLUMNS[1], manifest.folder)
    kept = manifest.folder / "projections" / f"{example.path.stem}.npz"
    changed = kept.stat().st_mtime_ns
    again = projection_of(example, COLUMNS[1], manifest.folder)
    assert first is not None
    assert np.array_equal(first, again)
    assert kept.stat().st_mtime_ns == changed


def test_a_projection_made_again_is_that_of_its_cohort(tmp_path: Path) -> None:
    born = Uncommon(dysplasia=1.0)
    list(write("hip_ap", 1, 77, "alpha", tmp_path, 256, frame="pelvis", projections=False, uncommon=born))
    example = read_manifest(tmp_path / "truth.csv").examples[0]
    film = simulation.simulate("hip_ap", 77, 0, "alpha", 256, frame="pelvis", uncommon=born)
    plain = simulation.simulate("hip_ap", 77, 0, "alpha", 256, frame="pelvis")
    again = projection_of(example, COLUMNS[0], tmp_path)
    assert again is not None
    assert np.allclose(again, film.projections["all_bone"], atol=2e-3)
    assert np.abs(again - plain.projections["all_bone"]).max() > 0.5  # g/cm2: no born shallow socket

    about = tmp_path / "cohort.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"meshes": "bones"}))
    (tmp_path / "projections" / "000000.npz").unlink()
    assert projection_of(example, COLUMNS[0], tmp_path) is None  # those bodies are not at hand


def test_a_projection_with_bones_of_meshes_is_made_again_where_the_meshes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meshes = settings().data / "mesh"
    if not meshes.exists():
        pytest.skip("no meshes: set OSTEOLENS_DATA to a folder with mesh/l_femur.vtp")
    monkeypatch.setenv("OSTEOLENS_MESHES", str(meshes))
    settings.cache_clear()
    seed = next(seed for seed in range(20) if _body(seed, meshes) == "mesh")
    list(write("hip_ap", 1, seed, "alpha", tmp_path, 256, frame="pelvis", projections=False, meshes=meshes))
    film = simulation.simulate("hip_ap", seed, 0, "alpha", 256, frame="pelvis", meshes=meshes)
    again = projection_of(read_manifest(tmp_path / "truth.csv").examples[0], COLUMNS[0], tmp_path)
    assert again is not None
    assert np.allclose(again, film.projections["all_bone"], atol=2e-3)


def _body(seed: int, meshes: Path) -> str:
    film = simulation.simulate("hip_ap", seed, 0, "alpha", 128, frame="pelvis", meshes=meshes, truth=False)
    return str(film.rows[0]["body"])


def test_a_users_own_projection_is_read_and_a_wrong_one_is_told(manifest: Manifest, tmp_path: Path) -> None:
    row = manifest.examples[0]

    def named(values: np.ndarray) -> Example:
        np.save(tmp_path / "own.npy", values)
        others = {key: value for key, value in row.others.items() if not key.startswith("mask_")}
        return replace(row, others={**others, COLUMNS[0]: "own.npy", COLUMNS[1]: "own.npy"})

    own = projection_of(named(np.ones((3, 4), np.float32)), COLUMNS[0], tmp_path)
    assert own is not None
    assert own.shape == (3, 4)
    wrong = replace(manifest, examples=(named(np.ones((3, 4), np.float32)),), folder=tmp_path)
    with pytest.raises(
        ManifestError, match=r"is 4 x 3 px, the film .* expected a projection in the film's own geometry"
    ):
        gather(wrong, lambda _: True, FINDER_FOLDER, False, columns=COLUMNS, projection_px=64)
    with pytest.raises(ManifestError, match="no plane of numbers"):
        projection_of(named(np.ones(3, np.float32)), COLUMNS[0], tmp_path)
