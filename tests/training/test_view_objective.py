"""How films of views are varied while they teach."""

import numpy as np
import torch

from imaging.preprocess import Preprocess
from recipes.view import VIEWS
from training.view_objective import FINER, ViewObjective, as_seen, finer

INPUTS = Preprocess(size=(32, 32))


def lesson(view: str, films: np.ndarray) -> ViewObjective:
    return ViewObjective(films, np.full(len(films), VIEWS.index(view)), len(VIEWS), finer(INPUTS))


def bars(count: int) -> np.ndarray:
    """Upright bright bars on grey."""
    films = np.full((count, 64, 64), 60, np.uint8)
    films[:, :, 24:40] = 250
    return films


def upright(shown: torch.Tensor) -> torch.Tensor:
    """How much more films [B, H, W] change across than down."""
    return shown.diff(dim=2).abs().mean((1, 2)) - shown.diff(dim=1).abs().mean((1, 2))


def test_a_film_kept_finer_is_seen_as_its_mean() -> None:
    film = np.random.default_rng(0).integers(0, 255, (2, 64, 64), dtype=np.uint8)
    seen = as_seen(film)
    assert seen.shape == (2, 64 // FINER, 64 // FINER)
    assert abs(float(seen.mean()) - float(film.mean())) < 0.5


def test_films_come_out_in_the_network_s_size_and_differ_each_time() -> None:
    one = lesson("knee_ap", bars(8))
    random = torch.Generator().manual_seed(0)
    first, second = (one.varied(one.films[0], one.films[1], random) for _ in range(2))
    assert first.shape == (8, *INPUTS.size)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1
    assert not torch.equal(first, second)


def test_hips_from_the_side_are_turned_farther_than_others() -> None:
    """A shaft may lie on a film from the side; a knee that lies is no film anybody takes."""
    knees, hips = (
        upright(one.varied(one.films[0], one.films[1], torch.Generator().manual_seed(1)))
        for one in (lesson("knee_ap", bars(64)), lesson("hip_lateral", bars(64)))
    )
    assert float((knees > 0).float().mean()) > 0.8
    assert float(hips.mean()) < 0.7 * float(knees.mean())


def test_frames_are_black_or_not_but_never_the_film() -> None:
    """What surrounds a film says nothing of its view."""
    films = np.zeros((64, 64, 64), np.uint8)
    films[:, 20:44, 20:44] = 200
    one = lesson("knee_ap", films)
    corners = one.varied(one.films[0], one.films[1], torch.Generator().manual_seed(2))[:, 0, 0]
    black = float((corners == 0).float().mean())
    assert 0.5 < black < 0.95
