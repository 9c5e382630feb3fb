from pathlib import Path

import numpy as np
import pydicom
import pytest

from simulation.phantom import HEALTHY, THIN, one_knee, save_dicom

SMALL = {"shape": (165, 135), "pixel_mm": 1.4}


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    return one_knee(HEALTHY, seed=1, **SMALL)


def test_a_film_is_float32_in_0_to_1_with_bone_brighter_than_flesh(film: np.ndarray) -> None:
    assert film.dtype == np.float32
    assert film.min() >= 0
    assert film.max() <= 1
    tibia, flesh = film[140:155, 60:75].mean(), film[140:155, 95:102].mean()
    assert tibia > flesh + 0.2
    assert film[:, :5].mean() < 0.02


def test_the_same_seed_draws_the_same_film_and_another_seed_another(film: np.ndarray) -> None:
    assert (one_knee(HEALTHY, seed=1, **SMALL) == film).all()
    assert (one_knee(HEALTHY, seed=2, **SMALL) != film).any()


def test_thin_bone_lets_more_rays_through_relative_to_flesh(film: np.ndarray) -> None:
    thin = one_knee(THIN, seed=1, **SMALL)

    def contrast(picture: np.ndarray) -> float:
        return float(picture[5:15, 58:77].mean() - picture[5:15, 95:105].mean())

    assert contrast(thin) < contrast(film)


def test_the_dicom_holds_the_film_and_names_nobody(film: np.ndarray, tmp_path: Path) -> None:
    save_dicom(film, tmp_path / "a.dcm", 1.4, "R")
    ds = pydicom.dcmread(tmp_path / "a.dcm")
    assert np.abs(ds.pixel_array / 4095 - film).max() < 1e-3
    assert ds.file_meta.TransferSyntaxUID.name == "RLE Lossless"
    assert not ds.PatientName
    assert not ds.PatientID
    assert not ds.PatientBirthDate
    assert ds.ImagerPixelSpacing == [1.4, 1.4]
