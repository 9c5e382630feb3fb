"""Damaged run-length frames: the decoder once ran off the end of one and took the whole server with it."""

import pytest
from hypothesis import given, settings, strategies as st

from core.refusal import Code, Refused
from imaging import read_radiograph
from present.samples import FILMS

DICOM = (FILMS / "right_knee.dcm").read_bytes()
FRAME = DICOM.index((2).to_bytes(4, "little") + (64).to_bytes(4, "little"))  # two segments, the first at byte 64


@given(st.integers(0, len(DICOM) - 1000))
@settings(max_examples=60, deadline=None)
def test_a_run_length_film_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(Refused) as refused:
        read_radiograph(DICOM[:length], "cut.dcm")
    assert refused.value.refusal.code == Code.UNREADABLE


@given(st.integers(0, 63) | st.integers(len(DICOM), 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_segment_that_starts_outside_its_frame_never_comes_to_the_decoder(start: int) -> None:
    damaged = DICOM[: FRAME + 8] + start.to_bytes(4, "little") + DICOM[FRAME + 12 :]
    with pytest.raises(Refused, match="segments start where there is nothing"):
        read_radiograph(damaged, "damaged.dcm")
