"""The weights that ship: they load, they are small, they know a knee when they see one, and their card is honest."""

import pytest

import reading
from core.settings import ROOT, settings
from models import registry

BUNDLES = [recipe.bundle for recipe in reading.ready() if recipe.bundle]


def real(folder: str) -> list:
    films = settings().data / folder
    if not films.is_dir():
        pytest.skip(f"real films are not at {films} (OSTEOLENS_DATA)")
    return sorted(films.iterdir())


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_recipe_s_bundle_loads_and_brings_its_evidence(bundle: str) -> None:
    loaded = registry.bundle(bundle, ROOT / "weights")
    told = loaded.evidence
    if "test" in told:
        figure = told["test"]["joint"]["balanced_accuracy"]
    elif "regions" in told["external"]:  # densities
        figure = told["external"]["regions"]["total_hip"]["r"]
    elif "scores" in told["external"]:
        figure = next(iter(told["external"]["scores"]["osteoporosis"]["answers"].values()))["auc"]
    else:
        figure = told["external"]["answers"]["joint"]["balanced_accuracy"]
    assert 0 < figure["low"] < figure["value"]
    assert "Not a medical device" in loaded.card
    assert loaded.learned_from


def test_the_bundles_together_stay_small() -> None:
    assert (
        sum(file.stat().st_size for file in (ROOT / "weights").rglob("*") if file.is_file()) < 45e6
    )  # half of what all bundles that will ever ship may weigh


def test_the_knees_left_out_of_training_are_named_in_the_card() -> None:
    data = registry.bundle("knee_resnet@0.2.0", ROOT / "weights").evidence["data"]
    assert data["pairs_of_copies"] > 0
    assert data["films_left_out_because_their_copies_carry_another_label"] > 0


def test_sample_films_are_read() -> None:
    for film in sorted((ROOT / "samples").iterdir()):
        limbs = 2 if "pelvis" in film.name or "both" in film.name else 1
        assert [answer.status for answer in reading.read_file(film)] == ["read"] * limbs, film.name


def test_chests_spines_and_hips_are_not_read_as_knees() -> None:
    for folder in ("wrong_site", "spine_lateral", "hip_inverted"):
        for film in real(folder):
            (answer,) = reading.read_file(film, recipe="knee_resnet")
            assert answer.refusal is not None, film.name
            assert answer.refusal.code in ("wrong_site", "region_not_found"), film.name


def test_real_knees_are_read_each_with_the_film_s_answer_beside_it() -> None:
    films = real("knee_qus/images")[::12]
    found = [reading.read_file(film) for film in films]
    read = [knees for knees in found if all(one.status == "read" for one in knees)]
    assert len(read) >= 0.9 * len(films)
    for knees in read:
        assert all(one.film == knees[0].film for one in knees)
        assert [one.side for one in knees] in (["R"], ["L"], ["R", "L"])
