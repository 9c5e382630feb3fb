"""Brush masks go out and come back pixel for pixel, and as Label Studio's own SDK packs them."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from label_studio_sdk.converter import brush

from annotation.rle import NotPacked, packed, unpacked
from core.mask import BitMask

SIZES = st.tuples(st.integers(1, 41), st.integers(1, 41))
MASKS = SIZES.flatmap(lambda size: arrays(np.bool_, size))


def rgba(mask: np.ndarray) -> np.ndarray:
    """As the page of Label Studio holds a mask: every channel 255 inside."""
    return np.repeat(np.where(mask.ravel(), 255, 0).astype(np.uint8), 4)


@given(MASKS)
def test_a_mask_of_any_odd_size_is_there_and_back_again(mask: np.ndarray) -> None:
    height, width = mask.shape
    assert np.array_equal(unpacked(packed(BitMask.of(mask)), width, height).pixels(), mask)


@settings(deadline=None, max_examples=50)
@given(MASKS)
def test_the_sdk_reads_what_we_pack_and_we_read_what_it_packs(mask: np.ndarray) -> None:
    height, width = mask.shape
    assert np.array_equal(brush.decode_rle(packed(BitMask.of(mask))), rgba(mask))
    assert np.array_equal(unpacked(brush.encode_rle(rgba(mask)), width, height).pixels(), mask)


def test_a_run_longer_than_a_length_can_say_goes_in_parts() -> None:
    mask = np.zeros((301, 333), bool)
    mask[3:290] = True
    assert np.array_equal(brush.decode_rle(packed(BitMask.of(mask))), rgba(mask))
    assert np.array_equal(unpacked(packed(BitMask.of(mask)), 333, 301).pixels(), mask)


def single_values(values: np.ndarray) -> list[int]:
    """Packed without runs, eight values a block, as the page does with the smoothed edge of a stroke."""
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{width - 1:04b}" for width in (3, 4, 8, 16))
    for start in range(0, len(values), 8):
        block = values[start : start + 8]
        bits += f"000{len(block) - 1:03b}" + "".join(f"{value:08b}" for value in block)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


def test_single_values_are_read_and_a_smoothed_edge_counts_from_half_on() -> None:
    alpha = np.array([[0, 127, 128], [255, 1, 200], [64, 0, 129]], np.uint8)
    packed_singly = single_values(np.repeat(alpha.ravel(), 4))
    assert np.array_equal(brush.decode_rle(packed_singly), np.repeat(alpha.ravel(), 4))
    assert np.array_equal(unpacked(packed_singly, 3, 3).pixels(), alpha >= 128)


@given(st.lists(st.integers(0, 255), max_size=60))
def test_any_other_bytes_are_refused_in_a_sentence_and_nothing_else(noise: list[int]) -> None:
    with pytest.raises(NotPacked, match="brush mask"):
        unpacked(noise, 5, 3)
