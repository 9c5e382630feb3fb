"""CT into the same projector: mass kept, axes right, uncalibrated refused."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from core.settings import settings
from simulation.xray import ct
from simulation.xray.projector import Geometry

LINE = ct.Calibration(0.8, 5.0)


def phantom() -> np.ndarray:
    """[x left, y up, z front]: a block of 500 HU to the left, in front and above the middle of a body of water."""
    hu = np.full((24, 20, 16), -1000.0, np.float32)
    hu[2:-2, 2:-2, 2:-2] = 0
    hu[14:20, 12:16, 9:13] = 500
    return hu


def test_the_projected_mass_is_the_volumes_mass_within_one_percent() -> None:
    spacing = (2.0, 3.0, 2.5)
    density = ct.CtVolume(phantom(), spacing).density(LINE, phantom() > 100)
    grams = float(density.sum()) * np.prod(spacing) * 1e-6
    geometry = Geometry(None, -100.0, (-60, 60), 0.5, (240, 240))
    found = ct.project(density, spacing, geometry)
    assert float(found.double().sum()) * 0.05**2 == pytest.approx(grams, rel=0.01)
    rows, columns = np.nonzero(found.numpy() > 0.1)
    assert columns.mean() > 120  # left of the patient is right on the film
    assert rows.mean() < 120  # up is up


def test_a_slab_has_the_areal_density_of_its_thickness() -> None:
    """20 mm of 500 HU under the line 0.8 x HU + 5: 405 mg/cm3 x 20 mm x 1e-4 = 0.81 g/cm2."""
    density = ct.CtVolume(np.full((40, 40, 20), 500.0, np.float32), (1.0, 1.0, 1.0)).density(LINE)
    found = ct.project(density, (1.0, 1.0, 1.0), Geometry(None, -50.0, (-10, 10), 0.5, (40, 40)))
    assert float(found[20, 20]) == pytest.approx(0.81, rel=0.01)


def test_a_film_of_a_ct_shows_its_bone_bright_where_the_mineral_lies() -> None:
    volume = ct.CtVolume(np.pad(phantom(), 4, constant_values=-1000), (6.0, 6.0, 6.0))
    found = ct.film(volume, LINE, size=128)
    bone, body = found.mineral > 0.5, found.pixels > 0.05
    assert found.pixels[bone].mean() > found.pixels[body & ~bone].mean() + 0.2
    again = ct.film(volume, LINE, size=128)
    assert np.array_equal(found.pixels, again.pixels)
    with pytest.raises(ct.BadCt, match="no calibration"):
        ct.film(volume, None)


def test_a_ct_without_calibration_is_refused() -> None:
    with pytest.raises(ct.BadCt, match="no calibration, expected the line"):
        ct.CtVolume(phantom(), (1.0, 1.0, 1.0)).density(None)
    with pytest.raises(ct.BadCt, match=r"slope of 0\.3 to 3"):
        ct.Calibration(80.0)


def test_nifti_and_dicom_of_one_body_are_the_same_volume(tmp_path: Path) -> None:
    hu = phantom()
    affine = np.diag([-2.0, 2.5, 3.0, 1.0])  # stored to the left, forwards, up
    nibabel.save(nibabel.Nifti1Image(hu.transpose(0, 2, 1).astype(np.int16), affine), tmp_path / "a.nii.gz")
    folder = tmp_path / "series"
    folder.mkdir()
    series = generate_uid()
    for level in range(hu.shape[1]):
        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, generate_uid()
        one.SeriesInstanceUID, one.Modality = series, "CT"
        one.ImagePositionPatient, one.ImageOrientationPatient = [0, 0, 3.0 * level], [1, 0, 0, 0, 1, 0]
        one.PixelSpacing, one.RescaleSlope, one.RescaleIntercept = [2.5, 2.0], 1, -1024
        stored = (hu[:, level, ::-1].T + 1024).astype("<u2")
        one.Rows, one.Columns = stored.shape
        one.SamplesPerPixel, one.PhotometricInterpretation, one.PixelRepresentation = 1, "MONOCHROME2", 0
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelData = 16, 16, 15, stored.tobytes()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        pydicom.dcmwrite(folder / f"{(level * 7) % 20}.dcm", one, enforce_file_format=True)
    from_nifti, from_dicom = ct.read(tmp_path / "a.nii.gz"), ct.read(folder)
    assert np.array_equal(from_nifti.hu, hu)
    assert np.array_equal(from_dicom.hu, hu)
    assert from_nifti.spacing_mm == pytest.approx((2.0, 3.0, 2.5))
    assert from_dicom.spacing_mm == pytest.approx((2.0, 3.0, 2.5))
    (folder / "7.dcm").unlink()
    with pytest.raises(ct.BadCt, match="a slice is missing"):
        ct.read(folder)


def test_what_is_no_ct_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(b"nothing")
    with pytest.raises(ct.BadCt, match=r"expected \.nii"):
        ct.read(tmp_path / "a.nii")
    with pytest.raises(ct.BadCt, match="expected a series"):
        ct.read(tmp_path)
    nibabel.save(nibabel.Nifti1Image(np.ones((5, 5, 5), np.int16), np.eye(4)), tmp_path / "flat.nii")
    with pytest.raises(ct.BadCt, match="expected Hounsfield units"):
        ct.read(tmp_path / "flat.nii")


def test_a_real_pelvis_projects_with_its_whole_mass() -> None:
    path = settings().data / "ct/visible_human_pelvis.nii.gz"
    if not path.exists():
        pytest.skip("no CT: set OSTEOLENS_DATA to a folder with ct/visible_human_pelvis.nii.gz")
    volume = ct.read(path)
    density = volume.density(LINE, floor=150.0)[::2, ::2, ::2]
    spacing = tuple(2 * s for s in volume.spacing_mm)
    size = [n * s for n, s in zip(density.shape, spacing, strict=True)]
    shape = (int(size[1] / 2) + 5, int(size[0] / 2) + 5)
    geometry = Geometry(None, -400.0, (-size[0] / 2 - 5, size[1] / 2 + 5), 2.0, shape)
    found = ct.project(density, spacing, geometry)
    grams = float(density.astype(np.float64).sum()) * np.prod(spacing) * 1e-6
    assert float(found.double().sum()) * 0.2**2 == pytest.approx(grams, rel=0.01)
    middle = found.numpy()
    left, right = middle[:, : middle.shape[1] // 2].sum(), middle[:, middle.shape[1] // 2 :].sum()
    assert 0.7 < left / right < 1.4
