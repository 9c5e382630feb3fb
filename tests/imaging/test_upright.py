"""Films as networks see them, and the way back: frames, turns, mirrors and pixels that are not square."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from core.radiograph import Radiograph
from core.reading import Reading
from core.regions import Region, Regions
from core.vertebra import Vertebra
from imaging.margins import Frame, frame_of
from imaging.taking import site_of, view_of
from imaging.upright import upright
from imaging.words import side_in, site_in, view_in
from tests.imaging.test_tags import code, film

BODY = np.clip(0.15 + 0.7 * np.random.default_rng(3).random((240, 200)), 0, 1).astype(np.float32)


def radiograph(pixels: np.ndarray, **facts: object) -> Radiograph:
    return Radiograph(np.ascontiguousarray(pixels, np.float32), "x", **facts)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(
    widths=st.tuples(*[st.sampled_from((0, 30, 55, 90)) for _ in range(4)]),
    grey=st.sampled_from((0.0, 0.45, 1.0)),
)
def test_a_frame_of_any_colour_and_width_goes_and_the_film_stays(widths: tuple[int, ...], grey: float) -> None:
    top, bottom, left, right = widths
    framed = np.pad(BODY, ((top, bottom), (left, right)), constant_values=grey)
    found = frame_of(framed)
    np.testing.assert_array_equal(framed[found.inside(framed.shape)], BODY)


def test_a_film_without_a_frame_is_the_very_same_film() -> None:
    one = radiograph(BODY)
    assert upright(one).film is one
    assert upright(one).back(Reading("x", "read", radiograph=one)).radiograph is one


def test_air_beside_a_limb_is_no_frame() -> None:
    rows, columns = np.indices((300, 300))
    limb = np.abs(columns - 150 - 30 * np.sin(rows / 50)) < 60
    assert not frame_of(np.where(limb, 0.6, 0.0).astype(np.float32))


@pytest.mark.parametrize("orientation", [None, *(pair for r, c in product("LRAPHF", repeat=2) for pair in [(r, c)])])
@pytest.mark.parametrize("spacing", [None, (0.2, 0.2), (0.4, 0.2), (0.2, 0.3)])
def test_what_is_found_lies_on_the_film_as_uploaded(
    orientation: tuple[str, str] | None, spacing: tuple[float, float] | None
) -> None:
    pixels = np.pad(BODY, ((50, 60), (40, 70)), constant_values=1.0)
    pixels[120:128, 100:108] = 0.0  # a mark
    lie = upright(radiograph(pixels, orientation=orientation, spacing_mm=spacing))
    mask = lie.film.pixels < 0.05
    rows, columns = np.nonzero(mask)
    middle = (float(columns.mean()) + 0.5, float(rows.mean()) + 0.5)
    body = Vertebra("L1", (middle,) * 6, (1, 1, 1), "px", 0, "none", 0.0, 1.0)
    region = Region("mark", mask, ((middle[0] - 0.5, middle[1] - 0.5),))
    heat = mask.astype(np.float32)
    reading = Reading("x", "read", radiograph=lie.film, regions=Regions((region,)), vertebrae=(body,), explanation=heat)
    back = lie.back(reading)
    assert back.radiograph is lie.uploaded
    assert back.explanation is not None
    assert back.explanation.shape == pixels.shape
    for x, y in (back.vertebrae[0].points[0], (v + 0.5 for v in back.regions["mark"].outline_xy[0])):
        assert (x, y) == pytest.approx((104, 124), abs=0.6)
    assert back.regions["mark"].centroid_xy == pytest.approx((103.5, 123.5), abs=0.6)
    assert back.regions["mark"].area_px == pytest.approx(64, abs=17)
    np.testing.assert_allclose(lie.points_on(lie.points_back([middle, (3, 7)])), [middle, (3, 7)], atol=1e-9)
    truth = np.zeros(pixels.shape, bool)
    truth[120:128, 100:108] = True  # what is told of the film as uploaded lies where the mark is seen
    assert (lie.mask_on(truth) & mask).sum() > 0.8 * (lie.mask_on(truth) | mask).sum()
    np.testing.assert_allclose(lie.map_on(pixels), lie.film.pixels, atol=1e-6)


def test_pixels_become_square_and_keep_their_millimetres() -> None:
    seen = upright(radiograph(BODY, spacing_mm=(0.4, 0.2))).film
    assert seen.pixels.shape == (480, 200)
    assert seen.spacing_mm == pytest.approx((0.2, 0.2))
    assert upright(radiograph(BODY, pixel_aspect=2.0)).film.pixels.shape == (480, 200)
    assert upright(radiograph(BODY, spacing_mm=(0.201, 0.2))).film.pixels.shape == BODY.shape


@pytest.mark.parametrize(
    ("orientation", "seen", "told"),
    [
        (("L", "F"), BODY, []),
        (("R", "F"), BODY[:, ::-1], ["mirrored"]),
        (("R", "H"), BODY[::-1, ::-1], ["turned"]),
        (("L", "H"), BODY[::-1], ["mirrored"]),
        (("F", "L"), BODY.T, ["mirrored"]),
        (("F", "R"), np.rot90(BODY), ["turned"]),
        (("P", "F"), BODY, []),
        (("A", "F"), BODY, []),
        (("P", "H"), BODY[::-1, ::-1], ["turned"]),
    ],
)
def test_a_film_is_turned_as_its_tags_say(orientation: tuple[str, str], seen: np.ndarray, told: list[str]) -> None:
    lie = upright(radiograph(BODY, orientation=orientation))
    if orientation == ("F", "R"):
        seen = BODY.T[:, ::-1]
    np.testing.assert_array_equal(lie.film.pixels, seen)
    assert [notice.code for notice in lie.film.notices] == told


def test_the_tag_reaches_the_film() -> None:
    assert film(PatientOrientation=["R", "F"]).orientation == ("R", "F")
    assert film(PatientOrientation=["LH", "FA"]).orientation == ("L", "F")
    assert film(PatientOrientation=["L", "R"]).orientation is None
    assert film(PixelAspectRatio=["2", "1"]).pixel_aspect == 2.0
    assert replace(film(), orientation=None).orientation is None
    assert not Frame()


@pytest.mark.parametrize(
    ("text", "site", "view", "side"),
    [
        ("LHIP", "hip", None, "L"), ("PELVIS AP", "hip", "ap", None), ("HIP LT", "hip", None, "L"),
        ("R KNEE", "knee", None, "R"), ("L-SPINE LAT", "spine", "lateral", None), ("Hüfte re", "hip", None, "R"),
        ("LWS seitl.", "spine", "lateral", None), ("RKNEEAP", "knee", "ap", "R"), ("C SPINE AP", "other", "ap", None),
        ("SACRAL SPINE", "other", None, None), ("FEMUR NECK", "hip", None, None), ("NECK", "other", None, None),
        ("HIP/KNEE", None, None, None), ("ABDOMEN/PELVIS", "other", None, None), ("MSK", None, None, None),
        ("A.P.", None, "ap", None), ("AP/LAT", None, None, None), ("FROG LATERAL", None, "other", None),
        ("BILATERAL", None, None, "both"), ("UNKNOWN", None, None, None), ("L SPINE", "spine", None, None),
    ],
)  # fmt: skip
def test_hospitals_own_words(text: str, site: str | None, view: str | None, side: str | None) -> None:
    assert (site_in(text), view_in(text), side_in(text)) == (site, view, side)


def test_a_word_that_is_not_known_leaves_the_word_to_codes_and_descriptions() -> None:
    from pydicom.dataset import Dataset

    from imaging.files.header import Header

    data = Dataset()
    data.BodyPartExamined, data.AnatomicRegionSequence = "OTHER", code("24136001")
    assert site_of(Header(data)) == "hip"
    data.AnatomicRegionSequence = code("X1", "99LOCAL")
    data.SeriesDescription, data.ViewPosition = "HIP LT AP", "UNKNOWN"
    assert (site_of(Header(data)), view_of(Header(data))) == ("hip", "ap")
    data.BodyPartExamined = "CHEST"
    assert site_of(Header(data)) == "other"
