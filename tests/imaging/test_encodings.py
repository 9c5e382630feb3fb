"""One film, every way of writing it down: what is read is what was stored."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from core.refusal import Code, Refused
from imaging import read_radiograph
from tests.imaging.made import LOSSLESS, bone, dicom

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def stored_films(draw: st.DrawFn) -> tuple[np.ndarray, int, int, int]:
    """Stored values of a random film, its bits, their shift, and the bits allocated."""
    allocated = draw(st.sampled_from((8, 16)))
    bits = draw(st.integers(6, allocated))
    shift = draw(st.sampled_from((0, allocated - bits)))
    signed = draw(st.booleans())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.integers(8, 48)), draw(st.integers(8, 48))
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    values = random.integers(low, high, (rows, columns))
    values.flat[:2] = low, high - 1
    return values.astype(np.int32 if signed else np.uint32), bits, shift, allocated


@pytest.mark.parametrize("syntax", LOSSLESS)
@FEW
@given(film=stored_films(), inverted=st.booleans())
def test_a_film_comes_out_as_it_was_stored(syntax: str, film: tuple[np.ndarray, int, int, int], inverted: bool) -> None:
    stored, bits, shift, allocated = film
    data = dicom(stored, syntax, bits, shift, allocated, PhotometricInterpretation=f"MONOCHROME{2 - inverted}")
    low, high = stored.min().astype(float), stored.max().astype(float)
    expected = (stored - low) / (high - low)
    expected = 1 - expected if inverted else expected
    read = read_radiograph(data, "")
    if any(notice.code == "polarity" for notice in read.notices):
        expected = 1 - expected
    assert read.pixels.dtype == np.float32
    np.testing.assert_allclose(read.pixels, expected, atol=1e-6)


def test_every_lossless_encoding_of_one_film_is_one_case() -> None:
    stored = (bone() * 4095).astype(np.uint16)
    films = [read_radiograph(dicom(stored, syntax), "") for syntax in LOSSLESS]
    assert len({film.case_id for film in films}) == 1
    assert all(np.array_equal(film.pixels, films[0].pixels) for film in films)


def test_a_file_without_preamble_or_meta_is_read_where_its_encoding_can_be_told() -> None:
    stored = (bone() * 4095).astype(np.uint16)
    for syntax in ("implicit", "explicit", "big_endian", "jpeg_ls", "jpeg_lossless", "jpeg_2000"):
        whole = dicom(stored, syntax)
        meta = 144 + int.from_bytes(whole[140:144], "little")
        film = read_radiograph(whole[meta:], "")
        assert film.case_id == read_radiograph(whole, "").case_id
        assert "no_file_meta" in [notice.code for notice in film.notices]


def test_many_frames_are_refused_with_their_number_unless_one_is_chosen() -> None:
    frames = np.stack([(bone(seed=seed) * 4095).astype(np.uint16) for seed in range(3)])
    for syntax in ("explicit", "rle", "jpeg_ls"):
        data = dicom(frames, syntax)
        with pytest.raises(Refused, match="3 frames") as refused:
            read_radiograph(data, "")
        assert refused.value.refusal.code == Code.NOT_A_RADIOGRAPH
        for frame in range(3):
            assert read_radiograph(data, "", frame).case_id == read_radiograph(dicom(frames[frame]), "").case_id
        with pytest.raises(Refused, match="no number 4"):
            read_radiograph(data, "", 3)


@pytest.mark.parametrize("syntax", ["jpeg_lossless", "jpeg_ls", "jpeg_2000", "htj2k"])
def test_dimensions_that_lie_are_refused_before_decoding(syntax: str) -> None:
    stored = (bone() * 4095).astype(np.uint16)
    data = dicom(stored, syntax, Rows=stored.shape[0] + 1)
    with pytest.raises(Refused, match="its header says 192 x 257") as refused:
        read_radiograph(data, "")
    assert refused.value.refusal.code == Code.UNREADABLE


def test_a_bomb_is_refused_by_its_header() -> None:
    data = dicom(np.zeros((8, 8), np.uint16), Rows=60000, Columns=60000)
    with pytest.raises(Refused, match="3600 megapixels") as refused:
        read_radiograph(data, "")
    assert refused.value.refusal.code == Code.TOO_LARGE


def test_an_unfinished_jpeg_is_never_filled_up_with_grey() -> None:
    data = dicom((bone() * 4095).astype(np.uint16), "jpeg_lossless")
    ends = data.rindex(b"\xff\xd9")
    with pytest.raises(Refused, match="cut off"):
        read_radiograph(data[: ends - 400], "")
