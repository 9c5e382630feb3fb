import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from present.colours import REGIONS, rgb
from present.contact_sheet import LINE_BELOW, TRUE, Tile, best_middle_worst, contact_sheet


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


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=9))
def test_the_best_the_middle_and_the_worst_are_what_they_are_called(scores: list[float]) -> None:
    known = sorted(score for score in scores if score == score)
    if not known:
        with pytest.raises(ValueError, match="no known score"):
            best_middle_worst(scores)
        return
    best, middle, worst = (scores[place] for place in best_middle_worst(scores))
    assert (best, middle, worst) == (known[-1], known[len(known) // 2], known[0])


def test_no_films_is_said_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
