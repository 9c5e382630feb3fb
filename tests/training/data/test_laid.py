"""What is taught and measured is the film that a reading sees, with what the rows tell lying where it lay."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.clinical import Clinical
from core.example import Example
from core.vertebra import OUTPUTS
from imaging.preprocess import Preprocess
from imaging.upright import upright
from tasks.landmarks.marks import landmarks_of
from tasks.masks.measure import true_mask
from tasks.samples import grey_of, points_of
from tasks.task import Truth
from tests.imaging.made import dicom
from training.data import films
from training.data.laid import read_laid
from training.data.manifest import read_manifest

INPUTS = Preprocess((64, 64))
POINT = OUTPUTS[0]
RANDOM = np.random.default_rng(5)
BODY = np.kron(RANDOM.integers(300, 3600, (30, 25)), np.ones((8, 8), np.int64)).astype(np.uint16)
AT = (60, 100)  # column and row of the landmark on the bare film


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The same film three times: bare, in a white frame, and lying with the head on the left, as its tags say."""
    width = BODY.shape[1]
    framed = np.pad(BODY, ((40, 50), (60, 30)), constant_values=4095)
    kinds = {
        "bare": (BODY, {}, AT),
        "framed": (framed, {}, (AT[0] + 60, AT[1] + 40)),
        "lying": (np.rot90(BODY), {"PatientOrientation": ["F", "R"]}, (AT[1], width - 1 - AT[0])),
    }
    lines = ["path,patient,landmarks,mask_head"]
    for name, (pixels, tags, at) in kinds.items():
        (tmp_path / f"{name}.dcm").write_bytes(dicom(np.ascontiguousarray(pixels), **tags))
        mask = np.zeros(pixels.shape, np.uint8)
        mask[at[1] - 5 : at[1] + 6, at[0] - 5 : at[0] + 6] = 255
        Image.fromarray(mask).save(tmp_path / f"{name}_head.png")
        told = json.dumps({POINT: at, OUTPUTS[1]: None}).replace('"', '""')
        lines.append(f'{name}.dcm,{name},"{told}",{name}_head.png')
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path / "manifest.csv"


def test_a_film_teaches_what_it_is_read_as(table: Path) -> None:
    taught = films.gather(read_manifest(table), lambda row: True, [INPUTS], sketched=False)
    points, grey = taught[points_of(INPUTS)], taught[grey_of(INPUTS)].astype(int)
    for other in (1, 2):
        np.testing.assert_allclose(points[other], points[0], atol=1e-6)
        assert abs(grey[other] - grey[0]).max() <= 2  # of 255: the windows are found on the film with its frame
    assert taught["known"][:, :2].all()
    assert not taught["known"][:, 2:].any()


def test_masks_lie_where_the_film_shows_what_they_mark(table: Path) -> None:
    manifest = read_manifest(table)
    for row in manifest.examples:
        seen = read_laid(row.path)
        truth = Truth(seen.example(row), seen.film, seen.film, table.parent, laid=seen.mask)
        mask = true_mask("head", truth)
        assert mask is not None
        rows, columns = np.nonzero(mask)
        assert mask.shape == seen.film.pixels.shape
        assert (columns.mean(), rows.mean()) == pytest.approx(AT)
        assert landmarks_of(truth.example)[POINT] == pytest.approx((AT[0] + 0.5, AT[1] + 0.5))


def test_a_row_without_landmarks_stays_as_it_is(table: Path) -> None:
    lie = upright(replace(read_laid(table.parent / "framed.dcm").uploaded))
    one = Example(table, None, None, Clinical(), None, {})
    assert read_laid(table.parent / "framed.dcm").example(one) is one
    assert lie.changed
