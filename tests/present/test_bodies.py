"""Levels, grades and heights of vertebral bodies, as they are written on their film."""

from dataclasses import replace

import numpy as np
import pytest

from core.estimate import Estimate, Score
from core.reading import Reading
from core.regions import Region, Regions
from core.vertebra import Vertebra
from present.bodies import ROUND, body_labels, colours_of, grade_key
from present.colours import GRADES, NOT_GRADED, rgb
from present.overlay import overlay
from present.still import still
from present.viewer import viewer_data
from tests.readings import a_film, a_reading

GRADED = {"L3": (0, "none"), "L2": (1, "wedge"), "L1": (3, "crush"), "T12": (None, None)}


def a_spine(front: float = 120.0, back: float = 160.0, spacing: tuple[float, float] | None = (0.2, 0.2)) -> Reading:
    """Four bodies one above another, whose belly is where `front` is."""
    film = replace(a_film(400, 300), site="spine", view="lateral", spacing_mm=spacing, spacing_origin="detector")
    bodies, regions = [], []
    for number, (level, (grade, kind)) in enumerate(GRADED.items()):
        low = 350.0 - 90 * number
        across = (front, (front + back) / 2, back)
        points = (*((x, low - 50) for x in across), *((x, low) for x in across))
        bodies.append(Vertebra(level, points, (10.0, 9.5, 10.2), "mm" if spacing else "px", grade, kind, 0.1, 0.9))
        outline = tuple((points[place][0] - 0.5, points[place][1] - 0.5) for place in ROUND)
        regions.append(Region(level, np.ones(film.pixels.shape, bool), outline, 0.9))
    return a_reading(
        recipe="spine_vertex",
        radiograph=film,
        explanation=None,
        estimate=Estimate({}, (), scores={"vertebral_fracture": Score(0.6, 0.2)}),
        candidates={},
        regions=Regions(tuple(regions)),
        vertebrae=tuple(bodies),
    )


def test_words_run_away_from_the_spine_on_the_side_of_the_belly() -> None:
    for left, right in (((120.0, 160.0), -1), ((160.0, 120.0), 1)):
        for label in body_labels(a_spine(*left)):
            assert label.toward == right
            assert label.at[0] == left[0]
    titles = [label.title for label in body_labels(a_spine())]
    assert titles == ["L3 grade 0", "L2 grade 1 wedge", "L1 grade 3 crush", "T12 not graded"]
    assert body_labels(a_spine(spacing=None))[0].heights == "10.0 / 9.5 / 10.2 px"
    assert body_labels(a_reading()) == []


def test_a_bodys_colour_is_its_grades() -> None:
    reading = a_spine()
    assert colours_of([reading]) == {"L3": GRADES[0], "L2": GRADES[1], "L1": GRADES[3], "T12": NOT_GRADED}
    assert list(grade_key([reading])) == ["Genant grade 0", "Genant grade 1", "Genant grade 3", "Not graded"]
    assert grade_key([a_reading()]) == {}
    below = np.asarray(still([reading]))[400:].reshape(-1, 3)
    for colour in (GRADES[0], GRADES[1], GRADES[3], NOT_GRADED):
        assert (below == rgb(colour)).all(1).sum() > 20


@pytest.mark.parametrize(("front", "back"), [(120.0, 160.0), (160.0, 120.0), (8.0, 48.0), (292.0, 252.0)])
def test_the_bone_within_the_outlines_stays_as_it_is_and_no_word_is_cut_off(front: float, back: float) -> None:
    reading = a_spine(front, back)
    assert reading.radiograph is not None
    drawn = np.asarray(still([reading]))[:400].astype(int)
    bare = np.asarray(overlay(reading.radiograph.pixels)).astype(int)
    added = drawn.shape[1] - bare.shape[1]
    assert (added > 0) == (min(front, 300 - front) < 60)
    left = added if front < 60 else 0
    for body in reading.vertebrae:
        columns = slice(round(min(front, back)) + 3, round(max(front, back)) - 3)
        rows = slice(round(body.points[0][1]) + 3, round(body.points[3][1]) - 3)
        film = drawn[rows, columns.start + left : columns.stop + left]
        assert (film == bare[rows, columns]).all()
    assert (drawn[:, 0] == (0 if left else bare[:, 0])).all()
    assert (drawn[:, -1] == (0 if added and not left else bare[:, -1])).all()


def test_the_viewer_gets_the_words_beside_the_bodies_and_leaves_the_bone_bare() -> None:
    data = viewer_data([a_spine()])
    assert data is not None
    assert data["fill"] == 0
    assert data["heights"] == "mm at the detector"
    (limb,) = data["limbs"]
    assert limb["at"] is None
    assert limb["steady"] == {}
    first = limb["bodies"][0]
    assert (first["title"], first["at"], first["toward"], first["tall"]) == ("L3 grade 0", [120.0, 325.0], -1, 50.0)
    assert {one["name"]: one["colour"] for one in data["regions"]} == colours_of([a_spine()])
    hip = viewer_data([a_reading()])
    assert hip is not None
    assert hip["heights"] is None
    assert hip["limbs"][0]["bodies"] == []
