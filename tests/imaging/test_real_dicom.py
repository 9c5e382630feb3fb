"""Real DICOM files, each against a film built by hand from the words that pydicom decodes."""

from pathlib import Path

import numpy as np
import pytest

from bench.dicom_table import by_gdcm, by_hand
from core.refusal import Code, Refused
from imaging import read_radiograph

BROKEN = ("966.dcm", "RG2_JPLY.dcm")


def dicoms(films: Path) -> list[Path]:
    return sorted((films / "dicom").glob("*.dcm"))


def test_every_file_is_the_film_built_by_hand_or_refused(films: Path) -> None:
    read = 0
    for path in dicoms(films):
        data = path.read_bytes()
        if path.name.endswith(BROKEN):
            with pytest.raises(Refused) as refused:
                read_radiograph(data, "")
            assert refused.value.refusal.code == Code.UNREADABLE
            continue
        film = read_radiograph(data, "", frame=0)
        expected = by_hand(data)
        if any(notice.code == "polarity" for notice in film.notices):
            expected = 1 - expected
        kept = np.ones(expected.shape, bool) if film.valid is None else film.valid
        assert abs(film.pixels - expected)[kept].max() < 1e-5, path.name
        read += 1
    assert read == 21


def test_one_hip_in_its_lossless_encodings_is_one_tensor(films: Path) -> None:
    hips = [
        read_radiograph(path.read_bytes(), "") for path in dicoms(films) if path.stem.endswith(("RG2_JLSL", "RG2_JPLL"))
    ]
    assert len(hips) == 2
    assert hips[0].case_id == hips[1].case_id
    assert np.array_equal(hips[0].pixels, hips[1].pixels)


def test_a_cine_run_is_refused_with_its_number_and_one_frame_of_it_read(films: Path) -> None:
    data = next((films / "dicom").glob("XA*.dcm")).read_bytes()
    with pytest.raises(Refused, match="96 frames"):
        read_radiograph(data, "")
    assert read_radiograph(data, "", frame=95).case_id != read_radiograph(data, "", frame=0).case_id


def test_gdcm_decodes_every_film_to_the_same_one(films: Path) -> None:
    pytest.importorskip("gdcm", reason="python-gdcm, the second reader, is not installed")
    compared = 0
    for path in dicoms(films):
        theirs = None if path.name.endswith(BROKEN) else by_gdcm(path)
        if theirs is not None:
            data = path.read_bytes()
            assert abs(by_hand(data, theirs) - by_hand(data)).max() < 1e-6, path.name
            compared += 1
    assert compared == 21
