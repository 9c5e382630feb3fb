"""Films with the view they show, and what is counted of them."""

from pathlib import Path

import numpy as np
import pytest

from core.settings import settings
from imaging.preprocess import Preprocess
from recipes.seen import Seen
from recipes.view import OTHER, VIEWS
from training.cohorts import negatives as strangers
from training.cohorts.views import REAL, ViewFilms, files_of, kept, pictures, real
from training.view_course import told

INPUTS = Preprocess(size=(32, 32))


def seen(name: str, sure: float = 0.9) -> Seen:
    return Seen({view: sure if view == name else (1 - sure) / (len(VIEWS) - 1) for view in VIEWS})


def test_copies_of_a_film_count_once_and_only_if_all_are_right() -> None:
    films = ViewFilms(np.zeros((4, 8, 8), np.uint8), np.array([0, 0, 0, 2]), ("a",) * 4, ("x", "x", "y", "z"))
    found = told([seen("hip_ap"), seen("knee_ap"), seen("hip_ap"), seen("knee_ap", 0.5)], films)
    assert (found["films"], found["distinct"], found["right"]) == (4, 3, 3)
    assert found["share_right"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["by_view"]["hip_ap"]["value"] == 0.5
    assert (found["surely_right"], found["surely_wrong"]) == (2, 1)
    assert found["taken_for"] == {"hip_ap": {"hip_ap": 2, "knee_ap": 1}, "knee_ap": {"knee_ap": 1}}


def test_films_are_read_once_unless_the_network_sees_another_size(tmp_path: Path) -> None:
    reads = []

    def read() -> ViewFilms:
        reads.append(1)
        return pictures(2, len(reads), INPUTS)

    first = kept(tmp_path, "some films (here)", INPUTS, read)
    again = kept(tmp_path, "some films (here)", INPUTS, read)
    assert len(reads) == 1
    assert (first.grey == again.grey).all()
    assert first.group == again.group
    kept(tmp_path, "some films (here)", Preprocess(size=(16, 16)), read)
    assert len(reads) == 2


def test_pictures_are_of_every_kind_and_other_seeds_draw_others() -> None:
    count = 2 * len(strangers.KINDS)
    first, second = (pictures(count, seed, INPUTS) for seed in (1, 2))
    assert {VIEWS[label] for label in first.labels} == {OTHER}
    assert not (first.grey == second.grey).all((1, 2)).any()


def test_no_real_file_belongs_to_two_sources() -> None:
    data = settings().data
    if not data.is_dir():
        pytest.skip(f"real films are not at {data} (OSTEOLENS_DATA)")
    every = [path for source in REAL for path in files_of(source, data)]
    assert len(every) == len(set(every))
    assert {path.parent.name for path in every} >= {"wrong_site", "spine_lateral", "hip_inverted", "dicom"}


def test_copies_of_a_real_film_share_a_group() -> None:
    data = settings().data
    (frog_leg,) = (source for source in REAL if source.pattern == "*_RG2_*")
    if not files_of(frog_leg, data):
        pytest.skip(f"real films are not at {data} (OSTEOLENS_DATA)")
    films = real(frog_leg, data, INPUTS)
    assert len(films.labels) >= 2
    assert len(set(films.group)) == 1  # one film in several encodings


def test_films_of_one_archive_are_left_out_together() -> None:
    """Knee crops are cut from the knee films, and hips from in front and from the side are of the same people."""
    origin = {source.name: source.origin for source in REAL}
    assert origin["knees (knee_qus)"] == origin["knee crops (knee_binary)"]
    assert origin["hips from in front"] == origin["hips from the side"]
