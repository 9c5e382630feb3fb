"""Spines on the road out, with the weights that ship and virtual films whose truth is known."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reading
import simulation
from anatomy.vertebrae import FEWEST
from core.clinical import Clinical
from core.settings import settings
from core.vertebra import LEVELS, POINTS
from present.still import legend_of
from present.wording import lower_first, score_title
from recipes import by_name
from simulation import Uncommon, VirtualFilm, dicom
from tasks import SCORES

RECIPE = by_name("spine_vertex")
pytestmark = pytest.mark.skipif(RECIPE not in reading.ready(), reason=f"no bundle {RECIPE.bundle}: make weights")


@cache
def film(scanner: str, broken: bool = False) -> VirtualFilm:
    return simulation.simulate("spine_lateral", 93, 2, scanner, 768, uncommon=Uncommon(fractures=float(broken)))


def as_png(one: VirtualFilm) -> bytes:
    return as_file(Image.fromarray(np.uint8(one.pixels * 255)))


def as_file(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("form", ["dicom", "png"])
@pytest.mark.parametrize("scanner", ["alpha", "beta"])
def test_a_lateral_spine_gets_scores_and_bodies_that_lie_on_its_own(scanner: str, form: str, tmp_path: Path) -> None:
    one = film(scanner)
    data = as_png(one)
    if form == "dicom":
        dicom.write(one, tmp_path / "film.dcm", "nobody")
        data = (tmp_path / "film.dcm").read_bytes()
    (answer,) = reading.read(data, f"film.{form}")
    row = answer.row()
    assert (row["status"], row["recipe"]) == ("read", "spine_vertex")
    assert set(row["scores"]) == set(RECIPE.outputs(SCORES))
    assert answer.explains in RECIPE.outputs(SCORES)
    assert legend_of([answer])[0] == f"Evidence for {lower_first(score_title(answer.explains))}"
    assert all(0 < score["probability"] < 1 for score in row["scores"].values())
    assert len(answer.vertebrae) >= 5
    off = []
    for body in answer.vertebrae:
        assert body.level in LEVELS
        assert body.unit == ("mm" if form == "dicom" else "px")
        true = np.array([one.landmarks[f"{body.level}_{point}"] for point in POINTS])
        away = np.array(body.points) - true
        off.append(np.linalg.norm(away, axis=1) * one.spacing_mm[0])
        tall = np.linalg.norm(true[1] - true[4])
        assert np.linalg.norm(away.mean(0)) < tall / 2, body.level  # under its own name, not its neighbour's
    assert np.median(off) < 3  # mm


def test_age_sex_and_bmi_let_the_network_speak_that_is_told_of_them() -> None:
    data = as_png(film("alpha"))
    (alone,), (told,) = reading.read(data, "a"), reading.read(data, "a", clinical=Clinical(80, "F", 20.0))
    assert "clinical_not_known" in [one.code for one in alone.warnings]
    assert "clinical_not_known" not in [one.code for one in told.warnings]
    assert alone.estimate is not None
    assert told.estimate is not None
    assert alone.estimate.scores != told.estimate.scores


def test_a_film_without_a_row_of_bodies_is_refused_and_says_what_was_expected() -> None:
    whole = Image.fromarray(np.uint8(film("alpha").pixels * 255))
    foot = whole.crop((0, round(0.75 * whole.height), whole.width, whole.height)).resize((700, 600))
    (answer,) = reading.read(as_file(foot), "foot of the film", RECIPE.name)
    assert answer.refusal is not None
    assert answer.refusal.code == "region_not_found"
    assert f"expected {FEWEST} or more on a lateral spine film" in answer.refusal.message


def test_most_real_spines_from_the_side_are_read_and_the_others_refused_for_want_of_bodies() -> None:
    films = sorted((settings().data / "spine_lateral").glob("*.jpg"))
    if not films:
        pytest.skip(f"real films are not at {settings().data / 'spine_lateral'} (OSTEOLENS_DATA)")
    answers = [answer for path in films for answer in reading.read_file(path)]
    read = [answer for answer in answers if answer.status == "read"]
    assert len(read) >= 0.75 * len(films)
    assert all(answer.recipe == RECIPE.name and len(answer.vertebrae) >= FEWEST for answer in read)
    refused = [answer.refusal for answer in answers if answer.status != "read"]
    assert all(one is not None and one.code == "region_not_found" for one in refused)
