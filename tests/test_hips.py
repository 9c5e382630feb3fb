"""Hips on the road out, with the weights that ship and virtual films whose truth is known."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reading
import simulation
from anatomy.femur import OUTLINED, REGIONS
from core.clinical import Clinical
from core.settings import settings
from imaging import read_radiograph
from present.answer import film_html
from recipes import by_name
from simulation import Uncommon, VirtualFilm, dicom

PELVIS = {"alpha": (91, 0), "beta": (92, 1)}  # seed and number of a film of the whole pelvis


@cache
def pelvis(scanner: str) -> VirtualFilm:
    seed, index = PELVIS[scanner]
    return simulation.simulate("hip_ap", seed, index, scanner, size=768, frame="pelvis")


def as_png(film: VirtualFilm) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.uint8(film.pixels * 255)).save(file, "PNG")
    return file.getvalue()


def as_dicom(film: VirtualFilm, folder: Path) -> bytes:
    dicom.write(film, folder / "film.dcm", "nobody")
    return (folder / "film.dcm").read_bytes()


HIP_RECIPES = [one.name for one in reading.ready() if one.site == "hip"]


def test_the_door_and_the_recipe_ask_a_finder_for_one_look_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    look = reading.limbs_on
    monkeypatch.setattr(reading, "limbs_on", lambda film, finder: looks.append(finder) or look(film, finder))
    (answer, *_) = reading.read(as_png(pelvis("alpha")), "film.png")
    assert answer.recipe in HIP_RECIPES
    assert looks == [by_name(answer.recipe or "").finder]


@pytest.mark.parametrize("recipe", HIP_RECIPES)
@pytest.mark.parametrize("form", ["dicom", "png"])
@pytest.mark.parametrize("scanner", PELVIS)
def test_both_hips_of_a_pelvis_are_read_each_on_its_own(scanner: str, form: str, recipe: str, tmp_path: Path) -> None:
    film = pelvis(scanner)
    data = as_png(film) if form == "png" else as_dicom(film, tmp_path)
    pixel_mm = film.spacing_mm[0] if form == "png" and reading.measures(recipe) else None  # a picture does not say
    answers = reading.read(data, f"film.{form}", recipe, pixel_mm=pixel_mm)
    assert [answer.side for answer in answers] == ["R", "L"]
    wards = []
    for answer in answers:
        row = answer.row()
        assert row["status"] == "read"
        assert row["case_id"] == answers[0].case_id
        assert set(row["regions"]) == set(OUTLINED)
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        for name, region in row["regions"].items():
            left, top, right, bottom = region["box_xyxy"]
            assert 0 <= left < right <= film.pixels.shape[1]
            assert 0 <= top < bottom <= film.pixels.shape[0]
            assert left <= region["centroid_xy"][0] <= right
            found, truth = answer.regions[name].mask, film.masks[f"{answer.side}_{name}"]
            overlap = (found & truth).sum() / (found | truth).sum()
            if name == "wards_triangle":  # small and hard to see: one in four overlaps by less than half
                apart = np.argwhere(found).mean(0) - np.argwhere(truth).mean(0)
                assert np.hypot(*apart) * film.spacing_mm[0] < 10, (scanner, form)
                wards.append(overlap)
            else:
                assert overlap > 0.6, (scanner, form, name)
    assert np.mean(wards) > 0.3


def test_outlines_on_plain_films_are_steady() -> None:
    """One limb in twenty is uncertain by the bounds that were drawn on films held out; not every one."""
    answers = [one for scanner in PELVIS for one in reading.read(as_png(pelvis(scanner)), "a.png", "hip_vit")]
    doubted = [one for one in answers if one.difficulty and "region_uncertain" in one.difficulty.reasons]
    assert len(answers) == 4
    assert len(doubted) < 2


def test_a_film_that_does_not_say_what_it_shows_is_known_for_a_hip() -> None:
    answers = reading.read(as_png(pelvis("alpha")), "film.png")
    assert {answer.recipe for answer in answers} == {HIP_RECIPES[0]}
    assert "side_by_convention" in {notice.code for notice in answers[0].warnings}


def test_the_class_rests_on_the_side_that_was_read() -> None:
    """Each hip's map of reasons lies on its own half of the film."""
    if "hip_vit" not in HIP_RECIPES:
        pytest.skip("no hip_vit bundle among the weights yet, and no other hip recipe has a map of the whole film")
    right, left = reading.read(as_png(pelvis("alpha")), "film.png", "hip_vit")
    assert right.explanation is not None
    assert left.explanation is not None
    columns = np.arange(pelvis("alpha").pixels.shape[1])
    weights = [np.average(columns, weights=one.explanation.sum(0) + 1e-9) for one in (right, left)]
    assert weights[0] < weights[1]


@pytest.mark.parametrize("recipe", [name for name in HIP_RECIPES if name != "hip_bmd"])
def test_under_50_a_hip_keeps_no_class_and_the_reader_is_told_why(recipe: str) -> None:
    for answer in reading.read(as_png(pelvis("alpha")), "film.png", recipe, Clinical(age_years=49, sex="F")):
        row = answer.row()
        assert row["status"] == "read"
        assert row["label"] is None
        assert row["probabilities"] == {}
        assert row["candidates"] == {}
        assert [notice.code for notice in answer.warnings].count("under_50") == 1
        assert "Osteo" not in film_html([answer], lambda _: None)


def test_a_prosthesis_is_not_read_as_bone() -> None:
    """Of a pelvis with a prosthesis on one side at most the other side is read."""
    checked = 0
    for index in range(12):
        film = simulation.simulate("hip_ap", 93, index, "alpha", 768, frame="pelvis", uncommon=Uncommon(implants=1.0))
        metal = {row["side"] for row in film.rows if "prosthesis" in str(row.get("implant"))}
        if not metal:
            continue
        answers = reading.read(as_png(film), "film.png", HIP_RECIPES[0])
        assert not {answer.side for answer in answers if answer.status == "read"} & metal
        checked += 1
        if checked == 2:
            return
    assert checked


def real(folder: str, pattern: str) -> list[Path]:
    films = settings().data / folder
    if not films.is_dir():
        pytest.skip(f"real films are not at {films} (OSTEOLENS_DATA)")
    return sorted(films.glob(pattern))


def test_real_hips_from_in_front_are_outlined_on_the_bone() -> None:
    """Nobody drew masks on these three; that the parts lie to one another as in a femur is what can be asked."""
    for path in real("hip_inverted", "*_ap.png"):
        (answer,) = reading.read_file(path, HIP_RECIPES[0])
        assert answer.status == "read", (path.name, answer.refusal)
        regions = {name: answer.regions[name] for name in OUTLINED}
        femur = regions["femur"].mask
        for name in REGIONS:
            assert (regions[name].mask & femur).sum() > 0.9 * regions[name].area_px, (path.name, name)
        outward = 1 if answer.side == "L" else -1
        neck, trochanter = (regions[name].centroid_xy for name in ("femoral_neck", "greater_trochanter"))
        assert (trochanter[0] - neck[0]) * outward > 0


def test_real_hips_from_the_side_and_other_films_are_refused_and_not_guessed_at() -> None:
    films = [*real("hip_inverted", "*_l.png"), *real("wrong_site", "**/*.*")[::8], *real("spine_lateral", "*")[::3]]
    recipe = by_name(HIP_RECIPES[0])
    for path in films:
        (answer,) = reading.read_file(path, recipe.name)
        assert answer.refusal is not None, path.name
        assert answer.refusal.code in ("wrong_site", "wrong_view", "region_not_found"), path.name
        # The network of views may speak first; the finder alone would not have drawn anything either.
        assert not reading.limbs_on(read_radiograph(path.read_bytes(), path.name), recipe.finder or ""), path.name
