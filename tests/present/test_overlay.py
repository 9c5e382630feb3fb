import io

import numpy as np
import pytest
from PIL import Image

from present.overlay import colour_table, overlay, png, shrunk


def brightness(colours: np.ndarray) -> np.ndarray:
    return colours[:, :3].astype(float) @ [0.2126, 0.7152, 0.0722]


def test_the_colours_grow_brighter_with_weight_all_the_way() -> None:
    assert (np.diff(brightness(colour_table())) >= -0.5).all()


def test_low_weights_are_clear_and_high_ones_still_let_the_bone_through() -> None:
    opacity = colour_table()[:, 3]
    assert opacity[0] == 0
    assert (np.diff(opacity.astype(int)) >= 0).all()
    assert opacity[-1] < 0.8 * 255


def test_without_a_map_the_film_is_shown_as_it_is() -> None:
    film = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    shown = np.asarray(overlay(film))
    assert (shown == np.rint(film * 255)[..., None]).all()


def test_where_the_map_is_nought_the_film_is_untouched() -> None:
    film = np.full((20, 30), 0.5, np.float32)
    weights = np.zeros_like(film)
    weights[:, 20:] = 1
    shown = np.asarray(overlay(film, weights))
    assert (shown[:, :20] == 128).all()
    assert (shown[:, 20:] != 128).any(axis=-1).all()


def test_two_greys_stay_apart_under_the_strongest_weight() -> None:
    film = np.array([[0.2, 0.8]], np.float32)
    dark, bright = np.asarray(overlay(film, np.ones_like(film), opacity=1.0))[0].astype(int)
    assert (bright - dark).min() > 30


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the film's"):
        overlay(np.zeros((4, 4), np.float32), np.zeros((2, 2), np.float32))


def test_shrinking_keeps_the_mean_and_the_shape() -> None:
    film = np.random.default_rng(0).random((300, 200), np.float32)
    small = shrunk(film, 30)
    assert small.shape == (30, 20)
    assert small.mean() == pytest.approx(film.mean(), abs=1e-4)
    assert shrunk(film, 300) is film


def test_the_png_carries_no_metadata() -> None:
    opened = Image.open(io.BytesIO(png(overlay(np.zeros((4, 4), np.float32)))))
    assert opened.format == "PNG"
    assert opened.info == {}
