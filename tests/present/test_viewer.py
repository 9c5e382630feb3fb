import base64
import json
import zlib
from dataclasses import replace

import numpy as np
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from anatomy.femur import OUTLINED
from core.regions import Region, Regions
from present.viewer import LONGEST_HEAT, LONGEST_SIDE, pack_film, viewer_data
from present.viewer.compared import Drawing, compared_data, packed
from tests.readings import a_film, a_reading, a_refusal, hip_film, hip_readings


def unpacked(text: str, shape: tuple[int, int]) -> np.ndarray:
    """What `undo` in viewer.js does."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    high, low = planes.reshape(2, -1).astype(np.int64)
    return (np.cumsum(high << 8 | low) % 4096).reshape(shape)


@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1, width=32)))
def test_a_film_comes_back_from_packing_at_twelve_bits(film: np.ndarray) -> None:
    assert (unpacked(pack_film(film), film.shape) == np.rint(film * 4095)).all()


def test_what_the_viewer_gets_is_json_and_names_no_file() -> None:
    data = viewer_data([a_reading(path="Doe^Jane.dcm")])
    assert data is not None
    assert "Doe" not in json.dumps(data)
    assert (data["height"], data["width"]) == (60, 40)


def test_a_refused_film_is_not_shown() -> None:
    assert viewer_data([a_refusal()]) is None


def test_a_large_film_is_shrunk_for_the_screen_and_says_so() -> None:
    film = a_film(LONGEST_SIDE * 2, 64)
    data = viewer_data([a_reading(radiograph=film, explanation=np.ones_like(film.pixels))])
    assert data is not None
    assert (data["height"], data["width"]) == (LONGEST_SIDE, 32)
    assert data["shrunk"] == 0.5
    assert data["heat"]["height"] == LONGEST_HEAT


def test_a_map_that_is_nought_throughout_is_not_laid_over_the_film() -> None:
    data = viewer_data([a_reading(explanation=np.zeros((60, 40), np.float32))])
    assert data is not None
    assert data["heat"] is None


def test_outlines_shrink_with_the_film_and_run_through_the_middle_of_pixels() -> None:
    film = a_film(LONGEST_SIDE * 2, 64)
    outline = ((10.0, 20.0), (30.0, 20.0), (30.0, 60.0))
    regions = Regions((Region("total_hip", np.zeros(film.pixels.shape, bool), outline),))
    data = viewer_data([a_reading(radiograph=film, explanation=None, regions=regions)])
    assert data is not None
    assert data["limbs"][0]["outlines"]["total_hip"] == [[5.2, 10.2], [15.2, 10.2], [15.2, 30.2]]


def test_both_limbs_of_a_film_are_given_at_once_each_with_its_areas_and_steadiness() -> None:
    film, masks = hip_film()
    data = viewer_data(hip_readings(film, masks))
    assert data is not None
    assert [limb["title"] for limb in data["limbs"]] == ["Right hip", "Left hip"]
    assert [one["name"] for one in data["regions"]] == list(OUTLINED)
    assert data["unit"] == "mm² at the detector"
    for limb, side in zip(data["limbs"], "RL", strict=True):
        for name in OUTLINED:
            assert limb["areas"][name] == round(masks[f"{side}_{name}"].sum() * 0.25)
            assert 0 < limb["steady"][name] <= 1
    assert data["title"] == "Hip, AP"
    assert "Right hip: Osteopenia. Left hip: Osteoporosis." in data["label"]


def test_every_region_has_a_colour_of_its_own() -> None:
    film, masks = hip_film()
    data = viewer_data(hip_readings(film, masks))
    assert data is not None
    assert len({one["colour"] for one in data["regions"]}) == len(OUTLINED)


def test_areas_are_in_pixels_where_a_pixels_size_is_not_known() -> None:
    film, masks = hip_film()
    (left,) = readings = hip_readings(replace(film, spacing_mm=None, spacing_origin="none"), masks, ("L",))
    data = viewer_data(readings)
    assert data is not None
    assert data["unit"] == "px"
    assert data["limbs"][0]["areas"]["femur"] == left.regions["femur"].area_px


def test_the_maps_of_both_limbs_lie_on_one_film_and_a_limb_without_one_breaks_nothing() -> None:
    film, masks = hip_film()
    readings = hip_readings(film, masks)
    both, right = viewer_data(readings), viewer_data([readings[0], replace(readings[1], explanation=None)])
    none = viewer_data([replace(one, explanation=None) for one in readings])
    assert both
    assert right
    assert none
    assert both["heat"]["data"] != right["heat"]["data"]
    assert none["heat"] is None
    assert none["regions"] == both["regions"]


def test_the_scale_names_its_plane_and_grows_as_the_film_shrinks() -> None:
    film = replace(a_film(LONGEST_SIDE * 2, 64), spacing_mm=(0.2, 0.1), spacing_origin="detector")
    data = viewer_data([a_reading(radiograph=film, explanation=None)])
    assert data is not None
    assert data["scale"] == {"pixel_mm": 0.2, "plane": "at the detector"}
    unknown = viewer_data([a_reading()])
    assert unknown is not None
    assert unknown["scale"] is None


def test_the_same_reading_has_the_same_key_and_another_explanation_another() -> None:
    one, same = viewer_data([a_reading()]), viewer_data([a_reading()])
    other = viewer_data([a_reading(explanation=None)])
    assert one
    assert same
    assert other
    assert one["key"] == same["key"] != other["key"]


def test_what_readers_drew_lies_on_the_film_as_it_is_shown_and_keeps_the_film_s_name() -> None:
    film = a_film(LONGEST_SIDE * 2, 40).pixels
    shown = packed(film)
    line = [(0.0, 0.0), (20.0, 0.0), (20.0, 40.0)]
    one = Drawing("reader-A", "Reader A", "#56b4e9", (), {"R": [line]}, {"R": [(10.0, 10.0)]}, {"R": "1 region"})
    data = compared_data(shown, 40, (0.2, "detector"), {"R": "Right hip"}, [one], "Case 1")
    assert data["width"] == 20
    piece, mark = data["limbs"][0]["outlines"]["reader-A"]
    assert piece == [[0, 0], [10, 0], [10, 20]]
    assert [sum(x for x, _ in mark) / 4, sum(y for _, y in mark) / 4] == [5, 5]
    assert data["scale"]["pixel_mm"] == 0.4
    without = compared_data(shown, 40, (None, "none"), {"R": "Right hip"}, [], "Case 1")
    assert (without["film_key"], without["scale"]) == (data["film_key"], None)  # the viewer keeps its place
    assert without["key"] != data["key"]
    json.dumps(data)
