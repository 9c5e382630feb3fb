"""A head's outline on drawn films: a disc with a bright roof over it, and bright walls that draw the guess aside."""

import numpy as np
import pytest

from anatomy.femoral_head import head_centre
from core.radiograph import Radiograph

LENGTH = 160.0  # pixels from head to lesser trochanter
RADIUS = 0.31 * LENGTH
CENTRE = (210.0, 190.0)


def drawn(walls: float = 0.0) -> Radiograph:
    """A head with its neck and the roof of its socket, and brighter walls that lie above it towards the middle."""
    rows, columns = np.mgrid[:420, :420] + 0.5
    x, y = columns - CENTRE[0], rows - CENTRE[1]
    far = np.hypot(x, y)
    grey = np.full((420, 420), 0.3)
    grey[(abs(x - y) < 0.7 * RADIUS) & (x + y > 0)] = 0.5
    grey[far <= RADIUS] = 0.55
    grey[(far > RADIUS + 4) & (far < RADIUS + 22) & (y < -0.4 * RADIUS)] = 0.8
    grey += walls * np.exp(-((x + 25) ** 2 + (y + 25) ** 2) / (2 * 30.0**2))
    grey += np.random.default_rng(0).normal(0, 0.01, grey.shape)
    return Radiograph(grey.clip(0, 1).astype(np.float32), case_id="")


@pytest.mark.parametrize("off", [(0, 0), (-18, -18), (20, 5), (0, 22)])
def test_a_guess_beside_the_middle_is_led_back_to_it(off: tuple[float, float]) -> None:
    guess = (CENTRE[0] + off[0], CENTRE[1] + off[1])
    assert head_centre(drawn(), guess, LENGTH) == pytest.approx(CENTRE, abs=3)  # 1.5 mm in an adult


def test_a_brighter_disc_beside_the_head_does_not_draw_the_centre_to_itself() -> None:
    guess = (CENTRE[0] - 20, CENTRE[1] - 20)
    assert head_centre(drawn(walls=0.2), guess, LENGTH) == pytest.approx(CENTRE, abs=4)


def test_without_an_edge_the_guess_stands() -> None:
    flat = Radiograph(np.full((420, 420), 0.4, np.float32), case_id="")
    assert head_centre(flat, CENTRE, LENGTH) == pytest.approx(CENTRE, abs=1)


def test_a_head_at_the_films_border_stays_near_the_guess() -> None:
    x, y = head_centre(drawn(), (10.0, 10.0), LENGTH)
    assert np.hypot(x - 10, y - 10) < 0.4 * LENGTH
