"""A crop lies where its box says, and a map on it lies back where it came from."""

import numpy as np
import pytest

from core.radiograph import Radiograph
from imaging.crop import Box, cut, cut_mask, lay_back
from imaging.matting import matted
from imaging.outline import one_piece

FILM = Radiograph(np.random.default_rng(0).random((90, 120), np.float32), "case", spacing_mm=(0.5, 0.5))
DOT = np.zeros((90, 120), np.float32)
DOT[40:44, 70:74] = 1
BOXES = [Box((60.0, 45.0), 64), Box((71.3, 40.7), 50.6), Box((100.0, 20.0), 60), Box((5.0, 80.0), 200)]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("box", BOXES)
def test_what_is_cut_and_laid_back_lies_where_it_was(box: Box, mirrored: bool) -> None:
    box = Box(box.centre_xy, box.side, mirrored)
    rows, columns = np.mgrid[:90, :120].astype(np.float32)
    smooth = Radiograph(0.5 + 0.3 * np.sin(rows / 12) * np.cos(columns / 15), "case")
    square = cut(smooth, box, 256)
    back = lay_back(square.pixels, box, (90, 120))
    inside = lay_back(np.ones((256, 256), np.float32), box, (90, 120)) > 0
    left, top = box.corner
    inner = np.zeros_like(inside)
    inner[max(0, int(top) + 3) : max(0, int(top + box.side) - 3), max(0, int(left) + 3) : int(left + box.side) - 3] = (
        True
    )
    inner[:2] = inner[-2:] = inner[:, :2] = inner[:, -2:] = False
    assert np.abs(back - smooth.pixels)[inner].max() < 0.03
    assert not back[~inside].any()


def test_points_go_where_their_pixels_go() -> None:
    for box in (BOXES[1], Box(BOXES[1].centre_xy, BOXES[1].side, mirrored=True)):
        square = cut(Radiograph(DOT, "case"), box, 200).pixels
        row, column = np.unravel_index(square.argmax(), square.shape)
        expected = box.to_box(np.array([72.0, 42.0])) * 200
        assert np.abs(np.array([column, row]) + 0.5 - expected).max() < 10


def test_a_right_limb_looks_like_a_left_one() -> None:
    box = Box((60.0, 45.0), 64)
    one, other = cut(FILM, box, 64).pixels, cut(FILM, Box((60.0, 45.0), 64, mirrored=True), 64).pixels
    assert np.array_equal(one[:, ::-1], other)


def test_beyond_the_film_nothing_is_valid_and_spacing_follows_the_size() -> None:
    square = cut(FILM, Box((0.0, 45.0), 60), 120)
    assert square.valid is not None
    assert not square.valid[:, :58].any()
    assert square.valid[:, 62:].all()
    assert square.spacing_mm == pytest.approx((0.25, 0.25))


def test_a_mask_is_cut_like_its_film() -> None:
    assert cut_mask(DOT > 0, Box((60.0, 45.0), 64), 64).sum() == pytest.approx(16, abs=4)


def test_a_matted_region_is_alone_on_black() -> None:
    mask = np.zeros((90, 120), bool)
    mask[20:60, 30:50] = True
    seen = matted(FILM, mask, 64)
    assert seen.shape == (64, 64)
    assert 0.9 < seen.max() <= 1
    assert (seen > 0).mean() == pytest.approx(0.5 / 1.1**2, abs=0.05)
    assert not matted(FILM, np.zeros((90, 120), bool), 64).any()


def test_a_region_is_one_piece_without_holes() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:30, 5:30] = True
    mask[10:13, 10:13] = False
    mask[35:38, 35:38] = True
    whole = one_piece(mask)
    assert whole.sum() == 25 * 25
    assert not whole[35:38, 35:38].any()
    assert not one_piece(np.zeros((4, 4), bool)).any()
