"""A film that leaves to be learned from is the very film that was read."""

import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest

from core.clinical import Clinical
from core.identity import case_id, naming_key
from core.radiograph import Radiograph
from core.settings import settings
from imaging import read_radiograph, to_dicom


def film(**known: Any) -> Radiograph:
    """A dim film with a bright line on it, as no other: whoever stretched its range would change it."""
    rows, columns = np.mgrid[:150, :110]
    pixels = (0.1 + 0.1 * np.sin(rows / 17) * np.cos(columns / 23) + 0.3 * (abs(columns - 55) < 6)).astype(np.float32)
    return Radiograph(pixels, case_id(pixels, naming_key(settings().home)), **known)


@pytest.mark.parametrize(
    "known",
    [
        {"spacing_mm": (0.143, 0.139), "spacing_origin": "detector", "site": "hip", "view": "ap", "side": "both"},
        {"spacing_mm": (0.2, 0.2), "spacing_origin": "calibrated", "site": "spine", "view": "lateral"},
        {"orientation": ("L", "F"), "pixel_aspect": 1.25, "clinical": Clinical(67, "M"), "side": "L"},
        {},
    ],
)
def test_it_comes_back_as_the_same_case_with_all_that_was_known(known: dict[str, Any]) -> None:
    sent = film(**known)
    back = read_radiograph(to_dicom(sent), "film")
    assert back.case_id == sent.case_id
    for name in ("spacing_mm", "spacing_origin", "site", "view", "side", "orientation", "pixel_aspect"):
        assert getattr(back, name) == getattr(sent, name), name
    assert (back.clinical.age_years, back.clinical.sex) == (sent.clinical.age_years, sent.clinical.sex)
    assert back.patient is None


def test_it_is_a_sound_dicom_object(tmp_path: Path) -> None:
    if which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed, so nothing can judge the file: apt-get install dicom3tools")
    path = tmp_path / "film.dcm"
    known = {"spacing_origin": "detector", "site": "hip", "view": "ap", "orientation": ("L", "F")}
    path.write_bytes(to_dicom(film(spacing_mm=(0.14, 0.14), **known)))
    judged = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
    errors = [line for line in judged.stderr.splitlines() if line.startswith("Error")]
    assert errors == []
