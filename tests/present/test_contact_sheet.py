import numpy as np
import pytest

from present.colours import REGIONS, rgb
from present.contact_sheet import LINE_BELOW, TRUE, Tile, contact_sheet


def a_tile(height: int, width: int) -> Tile:
    rows, columns = np.mgrid[:height, :width]
    found = np.hypot(rows - height / 2, columns - width / 2) < min(height, width) / 3
    film = np.full((height, width), 0.4, np.float32)
    return Tile(film, {"femur": found}, "IoU 0.80", {"femur": np.roll(found, height // 8, axis=0)})


@pytest.mark.parametrize("shape", [(300, 200), (90, 140), (1500, 900)])
def test_found_and_true_outlines_are_drawn_in_their_own_colours_on_the_bone_alone(shape: tuple[int, int]) -> None:
    sheet = np.asarray(contact_sheet([a_tile(*shape)], side=200))
    assert sheet.shape == (200 + LINE_BELOW, 200, 3)
    found = (sheet[:200] == rgb(REGIONS["femur"])).all(axis=2)
    true = (sheet[:200] == TRUE).all(axis=2)
    assert found.sum() > 150
    assert true.sum() > 100
    radius = min(shape) / 3 * 200 / max(shape)
    rows, columns = np.nonzero(found)
    assert np.hypot(rows - 100, columns - 100) == pytest.approx(np.full(len(rows), radius), abs=3)


def test_films_of_any_shape_stand_in_rows() -> None:
    sheet = contact_sheet([a_tile(100, 50), a_tile(50, 100), a_tile(80, 80), a_tile(60, 60)], columns=3, side=100)
    assert sheet.size == (300, 2 * (100 + LINE_BELOW))


def test_no_films_is_said_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
