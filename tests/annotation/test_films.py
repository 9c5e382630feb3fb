"""The films of the worklist."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotation.films import Kept, film_path, keep_film, keep_outlines, outlines
from core.clinical import Clinical
from core.identity import case_id
from core.radiograph import Radiograph


def test_a_film_is_kept_whole_under_its_opaque_name_alone(tmp_path: Path) -> None:
    path = keep_film(tmp_path, "a" * 24, b"pixels")
    assert path == film_path(tmp_path, "a" * 24)
    assert path.read_bytes() == b"pixels"
    assert [file.name for file in path.parent.iterdir()] == [f"{'a' * 24}.png"]


def test_a_film_that_is_there_is_left_alone(tmp_path: Path) -> None:
    keep_film(tmp_path, "a" * 24, b"pixels")
    before = film_path(tmp_path, "a" * 24).stat().st_mtime_ns
    keep_film(tmp_path, "a" * 24, b"pixels")
    assert film_path(tmp_path, "a" * 24).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 24, "a" * 23, "a" * 25, "", "a" * 24 + "\n"])
def test_no_other_name_makes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="24 hex digits"):
        film_path(tmp_path, name)


def film(**known: object) -> Radiograph:
    pixels = np.random.default_rng(0).random((37, 23)).astype(np.float32)
    return Radiograph(pixels, case_id="b" * 24, **known)  # type: ignore[arg-type]


def test_a_film_comes_back_as_it_was_read_with_what_was_known_of_it(tmp_path: Path) -> None:
    read = film(
        spacing_mm=(0.2, 0.3), spacing_origin="detector", patient="p" * 12, side="R", view="ap", site="hip",
        orientation=("L", "F"), clinical=Clinical(71, "F", 24.5),
    )  # fmt: skip
    Kept.save(tmp_path, read)
    kept = Kept.load(tmp_path, "b" * 24)
    assert kept.pixels.dtype == np.float32
    assert np.abs(kept.pixels - read.pixels).max() <= 0.5 / 65535 + 1e-7
    assert kept.bits == 16
    assert case_id(kept.pixels, b"k" * 32) == case_id(read.pixels, b"k" * 32)  # it goes by the very same name
    facts = kept.facts
    assert (facts.patient, facts.spacing_mm, facts.spacing_origin) == ("p" * 12, (0.2, 0.3), "detector")
    assert (facts.site, facts.view, facts.side, facts.orientation) == ("hip", "ap", "R", ("L", "F"))
    assert (facts.width, facts.height, facts.age_years, facts.sex, facts.bmi) == (23, 37, 71, "F", 24.5)


def test_whose_film_nobody_knows_is_a_patient_by_itself(tmp_path: Path) -> None:
    Kept.save(tmp_path, film())
    assert Kept.load(tmp_path, "b" * 24).facts.patient == "b" * 24


def test_an_age_that_few_people_reach_is_not_kept(tmp_path: Path) -> None:
    Kept.save(tmp_path, film(clinical=Clinical(age_years=97)))
    assert Kept.load(tmp_path, "b" * 24).facts.age_years == 90


def test_a_later_reading_adds_what_was_not_known_and_changes_nothing_else(tmp_path: Path) -> None:
    Kept.save(tmp_path, film(side="R"))
    Kept.save(tmp_path, film(side="L", spacing_mm=(0.1, 0.1), spacing_origin="marker", patient="q" * 12))
    Kept.save(tmp_path, film(spacing_mm=(0.4, 0.4), spacing_origin="detector", patient="r" * 12))
    facts = Kept.load(tmp_path, "b" * 24).facts
    assert (facts.side, facts.spacing_mm, facts.spacing_origin, facts.patient) == ("R", (0.1, 0.1), "marker", "q" * 12)


def test_a_film_of_an_old_worklist_is_read_from_what_the_expert_sees(tmp_path: Path) -> None:
    stream, grey = BytesIO(), np.random.default_rng(1).integers(0, 256, (9, 7), np.uint8)
    Image.fromarray(grey).save(stream, "PNG")
    keep_film(tmp_path, "c" * 24, stream.getvalue())
    kept = Kept.load(tmp_path, "c" * 24)
    assert kept.bits == 8
    assert np.array_equal(kept.pixels, grey / np.float32(255))
    assert (kept.facts.patient, kept.facts.spacing_mm, kept.facts.width) == ("c" * 24, None, 7)
    with pytest.raises(FileNotFoundError):
        Kept.load(tmp_path, "d" * 24)


def test_what_a_model_drew_is_kept_by_recipe_and_side_and_belongs_to_that_model_alone(tmp_path: Path) -> None:
    drawn = np.random.default_rng(2).random((37, 23)) > 0.5
    nothing = np.zeros((37, 23), bool)
    keep_outlines(tmp_path, "b" * 24, "hip_vit", "R", "hip_vit@1", {"total_hip": drawn, "femur": nothing})
    found = outlines(tmp_path, "b" * 24, "hip_vit", "R", "hip_vit@1")
    assert found.keys() == {"total_hip"}
    assert np.array_equal(found["total_hip"].pixels(), drawn)
    for recipe, side, model in (
        ("hip_vit", "L", "hip_vit@1"),
        ("hip_bmd", "R", "hip_vit@1"),
        ("hip_vit", "R", "hip_vit@2"),
    ):
        assert outlines(tmp_path, "b" * 24, recipe, side, model) == {}
    with pytest.raises(ValueError, match="not a recipe and a side"):
        keep_outlines(tmp_path, "b" * 24, "../etc", None, "m", {})


def test_a_write_that_dies_leaves_no_half_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", dies)
    with pytest.raises(OSError, match="No space"):
        Kept.save(tmp_path, film())
    assert list((tmp_path / "films").iterdir()) == []
