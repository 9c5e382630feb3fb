"""The chain from stored value to grey, against the standard's formulas and pydicom's own."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from imaging import read_radiograph
from imaging.files.dicom import open_dicom
from imaging.files.layout import layout_of
from imaging.grey import Tone, tone_of
from tests.imaging.made import bone, dicom

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def tone(data: bytes, window: int = 0) -> tuple[Tone, np.ndarray]:
    """The tone of a 64 x 64 film of uncompressed words, and its grey."""
    file = open_dicom(data)
    layout = layout_of(file.header)
    words = np.frombuffer(data, np.uint16, layout.rows * layout.columns, file.start or 0).reshape(64, 64)
    made = tone_of(file.header, layout, words, layout.allocated, window)
    return made, made.pixels(words)


def lut(entries: np.ndarray, first: int, bits: int) -> Sequence:
    item = Dataset()
    item.add_new(0x00283002, "US", [entries.size % 65536, first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return Sequence([item])


@settings(max_examples=40, deadline=None)
@given(
    centre=st.floats(-500, 5000),
    width=st.floats(2, 6000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    slope=st.sampled_from([1.0, 0.5, 2.25]),
    intercept=st.sampled_from([0.0, -1024.0]),
)
def test_windows_are_as_pydicom_applies_them(
    centre: float, width: float, function: str, slope: float, intercept: float
) -> None:
    data = dicom(
        RAMP,
        WindowCenter=f"{centre:.3f}",
        WindowWidth=f"{width:.3f}",
        VOILUTFunction=function,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
    )
    dataset = dcmread(DicomBytesIO(data))
    low, high = intercept, 4095 * slope + intercept
    theirs = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    np.testing.assert_allclose(tone(data)[1], (theirs - low) / (high - low), atol=2e-6)


def test_the_inversion_comes_after_the_window() -> None:
    """A window off centre tells the two orders apart."""
    plain = tone(dicom(RAMP, WindowCenter=500, WindowWidth=800))[1]
    inverted = tone(dicom(RAMP, WindowCenter=500, WindowWidth=800, PhotometricInterpretation="MONOCHROME1"))[1]
    np.testing.assert_allclose(inverted, 1 - plain, atol=1e-6)


def test_a_film_that_says_twice_that_it_is_inverted_is_inverted_once() -> None:
    once = tone(dicom(RAMP, PhotometricInterpretation="MONOCHROME1"))[1]
    twice = tone(dicom(RAMP, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"))[1]
    np.testing.assert_array_equal(once, twice)


def test_a_modality_lut_comes_before_the_window_and_holds_its_ends() -> None:
    table = (np.arange(1000) ** 2 % 1024).astype(np.uint16)
    grey = tone(dicom(RAMP, ModalityLUTSequence=lut(table, 1000, 16), WindowCenter=512, WindowWidth=1024))[1]
    values = table[np.clip(RAMP.astype(int) - 1000, 0, 999)].astype(float)
    np.testing.assert_allclose(grey, np.clip((values - 511.5) / 1023 + 0.5, 0, 1), atol=1e-6)


def test_a_voi_lut_spans_its_own_bits() -> None:
    table = np.linspace(0, 1023, 4096).astype(np.uint16)
    made, grey = tone(dicom(RAMP, VOILUTSequence=lut(table, 0, 10)))
    assert made.shown == "VOI LUT"
    np.testing.assert_allclose(grey, table[RAMP] / 1023, atol=1e-6)


def test_eight_bit_lut_entries_packed_two_to_a_word_are_unpacked() -> None:
    item = Dataset()
    item.add_new(0x00283002, "US", [4096, 0, 8])
    packed = (np.arange(4096) >> 4).astype(np.uint8)
    item.add_new(0x00283006, "OW", packed.tobytes())
    np.testing.assert_allclose(tone(dicom(RAMP, VOILUTSequence=Sequence([item])))[1], packed[RAMP] / 255, atol=1e-6)


def test_the_first_of_several_windows_is_taken_and_said_and_another_can_be_chosen() -> None:
    data = dicom((bone() * 4095).astype(np.uint16), WindowCenter=[2000, 1000], WindowWidth=[4000, 500])
    first, second = read_radiograph(data, ""), read_radiograph(data, "", window=1)
    assert "several_windows" in [notice.code for notice in first.notices]
    assert first.acquisition.window == "window 2000/4000 LINEAR (1 of 2)"
    assert second.acquisition.window == "window 1000/500 LINEAR (2 of 2)"
    assert first.case_id != second.case_id


def test_padding_is_black_and_no_film_in_either_photometric() -> None:
    stored = (bone() * 4000 + 50).astype(np.uint16)
    stored[:40] = 7
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        film = read_radiograph(dicom(stored, PixelPaddingValue=7, PhotometricInterpretation=photometric), "")
        assert film.valid is not None
        assert not film.valid[:40].any()
        assert film.valid[60:200, 60:130].mean() > 0.99
        assert (film.pixels[:40] == 0).all()


def test_a_width_below_one_is_a_fraction_of_a_rescaled_value() -> None:
    grey = tone(dicom(RAMP, RescaleSlope="0.0001", RescaleIntercept="0", WindowCenter="0.2", WindowWidth="0.4"))[1]
    np.testing.assert_allclose(grey, np.clip(RAMP * 0.0001 / 0.4, 0, 1), atol=1e-6)


@pytest.mark.parametrize("shift", [0, 4])
def test_overlay_bits_beside_the_stored_ones_do_not_show(shift: int) -> None:
    stored = (bone((64, 64)) * 4095).astype(np.uint16)
    data = bytearray(dicom(stored, shift=shift))
    start = open_dicom(bytes(data)).start or 0
    words = np.frombuffer(bytes(data[start:]), "<u2") | (0xF000 if shift == 0 else 0x000F)
    data[start:] = words.astype("<u2").tobytes()
    assert read_radiograph(bytes(data), "").case_id == read_radiograph(dicom(stored, shift=shift), "").case_id
