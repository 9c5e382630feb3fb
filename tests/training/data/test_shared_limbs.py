"""Films and limbs as rows to learn from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.example import Example
from core.settings import ROOT
from evidence.copies import find_copies, groups
from imaging.preprocess import Preprocess
from models import registry
from recipes.hip_finder import FINDER
from simulation.write import write
from tasks.samples import grey_of
from training.data.manifest import read_manifest
from training.data.shared_limbs import gather

SHOWN = Preprocess((64, 64))


def normal(example: Example) -> bool:
    return example.label == "normal"


@pytest.fixture(scope="module")
def pelvis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of one film that shows both hips and has one label."""
    folder = tmp_path_factory.mktemp("pelvis")
    list(write("hip_ap", 1, 91, "alpha", folder, size=768, frame="pelvis", projections=False))
    (folder / "one.csv").write_text("path,label\nfilms/000000.dcm,normal\n")
    return folder / "one.csv"


def test_limbs_that_share_a_label_are_rows_of_their_own_and_never_parted(pelvis: Path) -> None:
    finder = registry.find(FINDER, ROOT / "weights")
    films = gather(read_manifest(pelvis), normal, (SHOWN,))
    limbs = gather(read_manifest(pelvis), normal, (SHOWN,), finder=finder)
    assert len(films.examples) == 1
    assert len(limbs.examples) == 2
    shown = limbs[grey_of(SHOWN)]
    assert shown.shape == (2, 64, 64)
    assert (shown[0] != shown[1]).any()
    assert np.corrcoef(shown[0].ravel(), shown[1].ravel())[0, 1] > 0.5  # mirrored alike
    assert len(set(groups(2, find_copies(limbs.sketches)))) == 1


def test_a_film_on_which_nothing_is_found_is_named(pelvis: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 200))
    Image.fromarray(np.uint8(noise)).save(tmp_path / "noise.png")
    film = pelvis.parent / "films/000000.dcm"
    (tmp_path / "two.csv").write_text(f"path,label\nnoise.png,normal\n{film},normal\n")
    limbs = gather(
        read_manifest(tmp_path / "two.csv"), normal, (SHOWN,), finder=registry.find(FINDER, ROOT / "weights")
    )
    assert len(limbs.examples) == 2
    assert "No limb was found" in limbs.refused["noise.png"]
