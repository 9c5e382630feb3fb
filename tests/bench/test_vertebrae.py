"""Whether a body that is found on a film is found again on the film a little changed."""

from dataclasses import replace

import numpy as np
import pytest

from bench.vertebrae import CHANGES, Trial, cropped, found_again, lines, turned, unstretched
from core.radiograph import Radiograph
from core.vertebra import Vertebra
from tests.readings import a_film


def bodies() -> list[Vertebra]:
    """Three bodies, 30 px high, 40 px apart."""
    found = []
    for number, level in enumerate(("L3", "L2", "L1")):
        low = 180.0 - 40 * number
        points = (*((x, low - 30) for x in (40.0, 60.0, 80.0)), *((x, low) for x in (40.0, 60.0, 80.0)))
        found.append(Vertebra(level, points, (30.0, 30.0, 30.0), "px", number, "wedge", 0.2, 0.8))
    return found


def trial(again: dict[str, np.ndarray]) -> Trial:
    return Trial("film 1", a_film(200, 120), bodies(), False, dict.fromkeys(CHANGES, again))


def test_a_body_is_found_again_renamed_or_lost() -> None:
    places = {body.level: np.array(body.points) for body in bodies()}
    change = next(iter(CHANGES))
    assert found_again(trial(places), change) == (3, 0, 0)
    assert found_again(trial({level: at + 5 for level, at in places.items()}), change) == (3, 0, 0)
    shifted = {"L2": places["L3"], "L1": places["L2"]}
    assert found_again(trial(shifted), change) == (0, 2, 1)
    assert found_again(trial({}), change) == (0, 0, 3)


def test_the_page_counts_what_was_found() -> None:
    places = {body.level: np.array(body.points) for body in bodies()}
    said = "\n".join(lines([trial(places), replace(trial({}), bodies=[])], 8, "a test"))
    assert "on 2 of 8 real lateral films" in said
    assert "1 of 2 films show three bodies or more" in said
    assert "3 lumbar bodies were named" in said
    assert "| film 1 | L1, L2, L3 | 0.80 | left | L1 2, L2 1 |" in said
    assert "| film 1 | none | " in said


@pytest.mark.parametrize("change", [cropped, turned])
def test_points_on_a_changed_film_are_told_on_the_film_as_it_is(change: object) -> None:
    film: Radiograph = a_film(100, 80)
    film.pixels[:] = 0
    film.pixels[59:62, 29:32] = 1
    assert callable(change)
    other, back = change(film)
    rows, columns = np.mgrid[: other.height, : other.width] + 0.5
    there = [float((other.pixels * axis).sum() / other.pixels.sum()) for axis in (columns, rows)]
    assert np.hypot(there[0] - 30.5, there[1] - 60.5) > 0.6  # it did move
    assert back(np.array([there]))[0] == pytest.approx([30.5, 60.5], abs=0.1)


def test_only_square_films_are_made_narrower() -> None:
    square, tall = a_film(90, 90), a_film(90, 60)
    narrow = unstretched(square, 1.5)
    assert narrow.pixels.shape == (90, 60)
    assert narrow.pixels.mean() == pytest.approx(square.pixels.mean(), abs=1e-3)
    assert unstretched(tall, 1.5) is tall
    assert unstretched(square, 1.0) is square
