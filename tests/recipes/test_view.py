"""Which view a film is: what the network says, what distance says, and what the weights that ship do with strangers."""

import numpy as np
import pytest
import torch

import reading
from core.settings import ROOT, settings
from evidence.familiarity import fit_familiarity
from imaging import read_radiograph
from models import registry
from recipes.seen import Seen, look, seen_from
from recipes.view import OTHER, RECIPE, VIEWS
from training.cohorts.at_hand import no_films

RANDOM = np.random.default_rng(0)


@pytest.fixture
def shipped() -> None:
    if not registry.has(RECIPE.bundle or "", ROOT / "weights"):
        pytest.skip(f"{RECIPE.bundle} is not among the weights that ship")


def real(folder: str, pattern: str = "*") -> list:
    films = settings().data / folder
    if not films.is_dir():
        pytest.skip(f"real films are not at {films} (OSTEOLENS_DATA)")
    return sorted(films.glob(pattern))


def test_distance_decides_whatever_the_network_says() -> None:
    known = RANDOM.normal(0, 0.1, (40, 8)) + np.eye(8)[0]
    familiarity = fit_familiarity(known[::2], known[1::2])
    logits = np.array([9.0, 0, 0, 0, 0])
    near = seen_from(logits, known[0], 1.0, familiarity)
    far = seen_from(logits, np.eye(8)[1], 1.0, familiarity)
    assert (near.name, near.strange) == ("hip_ap", False)
    assert (far.name, far.strange, far.sure) == (OTHER, True, True)
    assert far.guess().confidence is None


def test_a_network_that_is_not_sure_refuses_nothing() -> None:
    shares = dict.fromkeys(VIEWS, 0.1) | {"knee_ap": 0.6}
    assert Seen(shares).name == "knee_ap"
    assert not Seen(shares).sure
    assert "60 % sure" in Seen(shares).in_words
    certain = Seen({**dict.fromkeys(VIEWS, 0.0), "hip_ap": 0.9999})
    assert "more than 99 % sure" in certain.in_words


def test_samples_look_like_what_they_are(shipped: None) -> None:
    bundle = registry.bundle(RECIPE.bundle or "", ROOT / "weights")
    for film in sorted((ROOT / "samples").iterdir()):
        seen = look(read_radiograph(film.read_bytes(), film.name), bundle, torch.device("cpu"))
        shows = "knee_ap" if "knee" in film.name else "spine_lateral" if "spine" in film.name else "hip_ap"
        assert seen.name == shows, (film.name, seen)


def test_pictures_that_are_no_film_are_refused(shipped: None) -> None:
    for kind, (data,) in no_films(1).items():
        (answer,) = reading.read(data, kind)
        assert answer.refusal is not None, kind
        assert answer.refusal.message.endswith(".")


def test_chests_and_spines_from_in_front_are_refused_as_hips(shipped: None) -> None:
    for film in real("wrong_site")[::5]:
        (answer,) = reading.read_file(film, "hip_vit")
        assert answer.refusal is not None, film.name
        assert answer.refusal.code in ("wrong_site", "wrong_view", "region_not_found"), film.name
        assert answer.view is not None


def test_real_hips_from_in_front_are_read_whatever_the_network_makes_of_them(shipped: None) -> None:
    for film in real("hip_inverted", "*_ap.png"):
        assert [one.status for one in reading.read_file(film)] == ["read"], film.name


def test_real_hips_from_the_side_are_refused(shipped: None) -> None:
    for film in real("hip_inverted", "*_l.png"):
        (answer,) = reading.read_file(film, "hip_vit")
        assert answer.refusal is not None, film.name
