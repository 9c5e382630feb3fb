"""Projections from a person's own CT: calibrated, laid on the film, kept; what cannot be used is told."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from core.radiograph import Radiograph
from core.settings import settings
from simulation.xray import ct
from tests.bone_volume import SPACING, femur
from training.ct.ct_projections import POSE, NotLaid, geometry_of, projections_of_ct
from training.ct.projections import COLUMNS, projection_of
from training.data.manifest import Example, ManifestError

LINE = ct.Calibration(0.8, 5.0)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OSTEOLENS_CT_SLOPE", str(LINE.slope))
    monkeypatch.setenv("OSTEOLENS_CT_INTERCEPT", str(LINE.intercept))
    settings.cache_clear()


def nifti(values: np.ndarray, file: Path) -> None:
    """[x left, y up, z front] as NIfTI stores it: right, forwards, up."""
    right, up, forwards = SPACING
    stored = values[::-1].transpose(0, 2, 1)
    nibabel.save(nibabel.Nifti1Image(stored, np.diag([right, forwards, up, 1.0])), file)


@pytest.fixture
def person(tmp_path: Path) -> tuple[dict[str, Any], Radiograph, ct.CtFilm]:
    """A row that names a CT and masks, and the film of the same body, middle on middle."""
    bone, own = femur()
    x, _, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in bone.shape), indexing="ij")
    hu = np.where(x**2 + z**2 < 0.95, 30.0, -1000.0)
    hu = np.where(bone > 0, (bone - LINE.intercept) / LINE.slope, hu).astype(np.int16)
    nifti(hu, tmp_path / "ct.nii.gz")
    nifti((bone > 0).astype(np.uint8), tmp_path / "bone.nii.gz")
    nifti(own.astype(np.uint8), tmp_path / "femur.nii.gz")
    taken = ct.film(ct.CtVolume(hu.astype(np.float32), SPACING), LINE, bone > 0, size=160)
    row = {"ct": "ct.nii.gz", "bone_mask": "bone.nii.gz", "femur_mask": "femur.nii.gz"}
    name = hashlib.blake2b(taken.pixels.tobytes(), digest_size=12).hexdigest()
    return row, Radiograph(taken.pixels, name, taken.spacing_mm, "detector"), taken


def test_a_ct_gives_the_mineral_that_its_film_was_taken_of(
    person: tuple[dict[str, Any], Radiograph, ct.CtFilm], tmp_path: Path
) -> None:
    row, film, taken = person
    pose = dict(zip(POSE, (5.0, -4.0, 65.0 + 54 + 8, 2.0, -3.0, 2.0), strict=True))
    found = projections_of_ct({**row, **pose}, tmp_path, film)
    assert found["all_bone"].shape == film.pixels.shape
    assert np.corrcoef(found["all_bone"].ravel(), taken.mineral.ravel())[0, 1] > 0.98
    assert found["all_bone"].mean() == pytest.approx(taken.mineral.mean(), rel=0.03)
    assert np.all(found["proximal_femur"] <= found["all_bone"] + 1e-3)
    assert 0.3 < found["proximal_femur"].sum() / found["all_bone"].sum() < 0.95
    (kept,) = (tmp_path / "home/projections").glob("*.npz")
    kept.touch()
    before = kept.stat().st_mtime_ns
    example = Example(tmp_path / "film.dcm", None, None, film.clinical, None, {**row, **pose})
    again = projection_of(example, COLUMNS[1], tmp_path, film)
    assert again is not None
    assert np.array_equal(again, found["proximal_femur"])
    assert kept.stat().st_mtime_ns == before  # no second registration
    assert projection_of(example, COLUMNS[1], tmp_path) is None  # a CT says nothing without a film


def test_a_ct_that_does_not_lie_on_its_film_is_refused(
    person: tuple[dict[str, Any], Radiograph, ct.CtFilm], tmp_path: Path
) -> None:
    row, film, _ = person
    noise = np.random.default_rng(0).random(film.pixels.shape, np.float32)
    with pytest.raises(NotLaid, match="expected at least"):
        projections_of_ct(row, tmp_path, replace(film, pixels=noise, case_id="noise"))
    with pytest.raises(NotLaid, match="does not say how large a pixel is"):
        geometry_of(row, replace(film, spacing_mm=None))
    with pytest.raises(NotLaid, match="names 1 of the pose's six numbers"):
        projections_of_ct({**row, "pose_x_mm": 3.0}, tmp_path, film)


def test_a_ct_without_its_phantoms_line_is_refused(
    person: tuple[dict[str, Any], Radiograph, ct.CtFilm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, film, _ = person
    monkeypatch.delenv("OSTEOLENS_CT_SLOPE")
    settings.cache_clear()
    with pytest.raises(ct.BadCt, match="set OSTEOLENS_CT_SLOPE"):
        projections_of_ct(row, tmp_path, film)
    with pytest.raises(ct.BadCt, match=r"slope of 0\.3 to 3"):
        projections_of_ct({**row, "ct_slope": 80.0}, tmp_path, film)


def test_a_plain_projection_is_the_femurs(tmp_path: Path) -> None:
    values = np.ones((4, 5), np.float32)
    np.save(tmp_path / "a.npy", values)
    example = Example(tmp_path / "film.png", None, None, Radiograph(values, "").clinical, None, {"projection": "a.npy"})
    assert projection_of(example, COLUMNS[0], tmp_path) is None
    found = projection_of(example, COLUMNS[1], tmp_path)
    assert found is not None
    assert np.array_equal(found, values)
    (tmp_path / "a.npy").write_bytes(b"nothing")
    with pytest.raises(ManifestError, match=r"expected a \.npy file"):
        projection_of(example, COLUMNS[1], tmp_path)
