import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.radiograph import Radiograph
from imaging.preprocess import Preprocess


def film(pixels: np.ndarray, valid: np.ndarray | None = None) -> Radiograph:
    return Radiograph(pixels.astype(np.float32), case_id="0" * 24, valid=valid)


@given(st.integers(20, 300), st.integers(20, 300))
def test_a_point_goes_to_the_input_and_back_to_its_place(height: int, width: int) -> None:
    preprocess = Preprocess(size=(96, 64))
    pixels = np.zeros((height, width), np.float32)
    row, column = height // 3, 2 * width // 3
    reach = max(2, max(height, width) // 16)
    pixels[max(0, row - reach) : row + reach, max(0, column - reach) : column + reach] = 1
    back = preprocess.back(preprocess.grey(film(pixels)), film(pixels))
    assert back.shape == pixels.shape
    middle = np.array(np.nonzero(back > 0.5 * back.max())).mean(1)
    expected = np.array(np.nonzero(pixels)).mean(1)
    assert np.abs(middle - expected).max() <= max(height, width) / 64 * 2 + 2


def test_the_ratio_is_kept_and_the_rest_is_black() -> None:
    grey = Preprocess(size=(64, 64)).grey(film(np.linspace(0.5, 1, 200 * 100).reshape(200, 100)))
    assert np.all(grey[:, :16] == 0)
    assert np.all(grey[:, 48:] == 0)
    assert grey[32, 20:44].min() > 0


def test_exposure_does_not_reach_the_network() -> None:
    pixels = np.random.default_rng(0).random((120, 80))
    preprocess = Preprocess(size=(48, 48))
    bright, dim = preprocess.grey(film(pixels)), preprocess.grey(film(0.2 + 0.5 * pixels))
    assert np.abs(bright - dim).max() < 1e-5


def test_what_is_no_film_does_not_move_the_window() -> None:
    pixels = np.random.default_rng(0).random((120, 80)) * 0.5
    valid = np.ones(pixels.shape, bool)
    valid[:60] = False
    covered = pixels.copy()
    covered[:60] = 1
    preprocess = Preprocess(size=(120, 80))
    assert np.allclose(preprocess.grey(film(covered, valid))[61:], preprocess.grey(film(pixels, valid))[61:])


def test_a_flat_film_gives_numbers() -> None:
    assert np.isfinite(Preprocess(size=(32, 32))(film(np.full((50, 50), 0.5)))).all()


def test_it_survives_being_written_down() -> None:
    preprocess = Preprocess(size=(48, 32), window=(0.02, 0.98), fit="stretch", mean=(0.1, 0.2, 0.3))
    assert Preprocess.from_dict(preprocess.to_dict()) == preprocess


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_the_input_has_three_channels_in_the_network_s_range(fit: str) -> None:
    image = Preprocess(size=(40, 30), fit=fit)(film(np.random.default_rng(1).random((77, 99))))
    assert image.shape == (3, 40, 30)
    assert image.dtype == np.float32
    assert image.min() >= -1
    assert image.max() <= 1
