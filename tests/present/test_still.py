from dataclasses import replace

import numpy as np
import pytest

from anatomy.femur import OUTLINED
from present.colours import rgb
from present.overlay import overlay
from present.still import joint_map, limb_place, still
from tests.readings import a_reading, a_refusal, hip_film, hip_readings


def test_one_picture_shows_the_outlines_of_both_limbs() -> None:
    film, masks = hip_film(400, 500)
    readings = [replace(one, explanation=None) for one in hip_readings(film, masks)]
    drawn = np.asarray(still(readings))[: film.height].astype(int)
    bare = np.asarray(overlay(film.pixels)).astype(int)
    changed = (drawn != bare).any(axis=2)
    for name in OUTLINED:
        for side in "RL":
            assert changed[masks[f"{side}_{name}"]].mean() > 0.9
    outside = ~np.logical_or.reduce([masks[f"{side}_femur"] for side in "RL"])
    assert changed[outside].mean() < 0.1  # the limbs' names, and the outer half of a line


def test_the_bone_is_seen_through_the_fill() -> None:
    film, masks = hip_film(400, 500)
    film.pixels[150:250] = np.linspace(0.1, 0.9, 500, dtype=np.float32)
    drawn = np.asarray(still([replace(hip_readings(film, masks, ("L",))[0], explanation=None)])).astype(float)
    inside = (
        masks["L_femoral_neck"][200]
        & np.roll(masks["L_femoral_neck"][200], 4)
        & np.roll(masks["L_femoral_neck"][200], -4)
    )
    greys = drawn[200, :, :].mean(axis=1)[inside]
    assert np.corrcoef(greys, film.pixels[200, inside])[0, 1] > 0.95


def test_the_map_is_on_the_picture_where_there_is_one() -> None:
    film, masks = hip_film(300, 400)
    readings = hip_readings(film, masks)
    without = [replace(one, explanation=None) for one in readings]
    assert (np.asarray(still(readings)) != np.asarray(still(without))).any()
    assert joint_map(without) is None
    joint = joint_map(readings)
    assert joint is not None
    assert all((joint >= one.explanation).all() for one in readings if one.explanation is not None)


def test_a_film_without_outlines_is_shown_with_its_answer_below() -> None:
    reading = a_reading()
    assert reading.radiograph is not None
    picture = still([reading])
    assert picture.width == reading.radiograph.width
    assert picture.height > reading.radiograph.height


def test_each_limbs_name_stands_above_its_outlines() -> None:
    film, masks = hip_film()
    for reading in hip_readings(film, masks):
        place = limb_place(reading)
        assert place is not None
        rows, columns = np.nonzero(masks[f"{reading.side}_femur"])
        assert place[1] == rows.min()
        assert columns.min() <= place[0] <= columns.max()
    assert limb_place(a_reading()) is None


def test_the_key_below_shows_every_regions_colour() -> None:
    from present.colours import REGIONS

    film, masks = hip_film(300, 400)
    below = np.asarray(still(hip_readings(film, masks)))[film.height :].reshape(-1, 3)
    for colour in REGIONS.values():
        assert (below == rgb(colour)).all(axis=1).sum() > 20


def test_readings_without_a_film_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="expected those of a film"):
        still([a_refusal()])
