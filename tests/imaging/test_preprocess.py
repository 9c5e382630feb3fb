import numpy as np
import pytest
from hypothesis import given, strategies as st

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


VERTEX = Preprocess(size=(1024, 512), window=(0.0, 1.0), equalise=True, trim=0.05)


def test_vertebral_films_are_equalised_as_worked_by_hand() -> None:
    """20 x 10 pixels in four greys of 80, 60, 40 and 20 pixels: 0, 60/120, 100/120 and 120/120 (darkest counts as 0);
    5 % off each border leaves 18 x 8 (half a pixel rounds to even, so no column goes), which fits by its height."""
    pixels = np.repeat([51.0, 76.5, 127.5, 204.0], [8, 6, 4, 2])[:, None].repeat(10, 1) / 255
    grey = Preprocess(size=(18, 20), window=(0.0, 1.0), equalise=True, trim=0.05).grey(film(pixels))
    assert np.all(grey[:, :5] == 0)
    assert np.all(grey[:, 15:] == 0)
    column = np.repeat([0, 60 / 120, 100 / 120, 1], [7, 6, 4, 1])
    assert np.allclose(grey[:, 5:15], column[:, None], atol=1e-6)


@pytest.mark.parametrize(
    ("height", "width", "place"),
    [
        # Narrow, as VFA: 1800 x 450 left of 2000 x 500, by height 1024: 256 wide, 128 black columns on either side.
        (2000, 500, (0, 1024, 128, 384)),
        # Wide, as a film of the lumbar spine: 900 x 900 left, by width 512: 512 high, 256 black rows above and below.
        (1000, 1000, (256, 768, 0, 512)),
        # Twice as high as wide: nothing stays black.
        (1000, 500, (0, 1024, 0, 512)),
    ],
)
def test_vertebral_films_fit_by_height_or_by_width(height: int, width: int, place: tuple[int, ...]) -> None:
    ramp = np.linspace(0.1, 1, height * width).reshape(height, width)
    grey = VERTEX.grey(film(ramp))
    assert grey.shape == (1024, 512)
    top, bottom, left, right = place
    inside = np.zeros(grey.shape, bool)
    inside[top:bottom, left:right] = True
    assert np.all(grey[~inside] == 0)
    assert grey[inside].min() > 0
    assert grey[inside].mean() == pytest.approx(0.5, abs=0.01)  # even greys


def test_a_curve_that_keeps_the_order_of_greys_is_equalised_away() -> None:
    pixels = np.random.default_rng(2).integers(0, 60, (120, 80)) / 255  # the curve leaves 60 greys apart
    assert np.allclose(VERTEX.grey(film(pixels)), VERTEX.grey(film(np.sqrt(pixels))), atol=1e-6)


def test_places_survive_trimming() -> None:
    shown = film(np.random.default_rng(3).random((200, 90)))
    points = np.array([[20.0, 30.0], [70.0, 180.0]])
    inside = VERTEX.points_in(points, shown)
    assert np.allclose(VERTEX.points_back(inside, shown), points)
    # 10 rows and 4 columns go (4.5 rounds to even); 180 x 82 fits by height, 1024 / 180 to the pixel.
    assert inside[0] == pytest.approx([(20 - 4) * 466 / 82 + 23, (30 - 10) * 1024 / 180], abs=0.01)
    spot = np.zeros((64, 32), np.float32)
    spot[16, 8] = 1
    back = VERTEX.back(spot, shown)
    row, column = np.unravel_index(back.argmax(), back.shape)
    assert np.abs(VERTEX.points_in(np.array([[column + 0.5, row + 0.5]]), shown) - [[8.5 * 16, 16.5 * 16]]).max() < 16
    assert np.all(back[:10] == 0)


def test_trimming_more_than_there_is_says_so() -> None:
    with pytest.raises(ValueError, match="expected a share"):
        Preprocess(size=(32, 32), trim=0.5)
