"""Brush masks as Label Studio packs them: the red, green, blue and alpha of each pixel as run lengths, bit by bit.

The format is that of the package rle-pack of thi.ng/umbrella, which Label Studio's page uses: 32 bits of how many
values, 5 of their width less one, four times 4 bits of the widths that a length may have, less one; then blocks of one
bit (a run or single values), two bits (which width), the length less one, and the value or values. Written here since
the SDK's own reader takes seconds to load and spells out bits as text; tests hold this one against it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.mask import BitMask

_WIDTHS: Final = (3, 4, 8, 16)  # bits of a length, as Label Studio itself writes them
_INSIDE: Final = 128  # alpha from which a pixel counts as painted: a stroke's edge is smoothed


class NotPacked(ValueError):
    """Numbers that are no brush mask of that size; the message is one sentence for a person."""


def packed(mask: BitMask) -> list[int]:
    """A mask as the page of Label Studio takes it: byte values 0..255."""
    bits = [f"{4 * mask.width * mask.height:032b}", f"{8 - 1:05b}", *(f"{width - 1:04b}" for width in _WIDTHS)]
    for number, run in enumerate(mask.runs):
        value = "11111111" if number % 2 else "00000000"
        left = 4 * run
        while left:
            length = min(left, 1 << _WIDTHS[-1])
            which = next(index for index, width in enumerate(_WIDTHS) if length <= 1 << width)
            bits.append(f"1{which:02b}{length - 1:0{_WIDTHS[which]}b}{value}")
            left -= length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def unpacked(rle: Sequence[int], width: int, height: int) -> BitMask:
    """The mask in the alpha of a picture of that size. Raises NotPacked for anything else."""
    try:
        data = bytes(rle)
    except (TypeError, ValueError) as fault:
        raise NotPacked(f"The brush mask is no list of bytes ({fault})") from fault
    values = 4 * width * height
    alpha = np.zeros(values, np.uint8)
    at = 0
    for block in _blocks(data, values):
        alpha[at : at + len(block)] = block
        at += len(block)
    return BitMask.of(alpha.reshape(height, width, 4)[:, :, 3] >= _INSIDE)


def _blocks(data: bytes, expected: int) -> Iterator[npt.NDArray[np.uint8]]:
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    reader = _Reader(data)
    found = reader.read(32)
    if found != expected:
        raise NotPacked(f"The brush mask holds {found} values, expected {expected}: four for each pixel of the film")
    if reader.read(5) + 1 != 8:
        raise NotPacked("The brush mask is not packed in values of 8 bits, as Label Studio's are")
    widths = [reader.read(4) + 1 for _ in range(4)]
    done = 0
    while done < expected:
        run = reader.read(1)
        length = min(reader.read(widths[reader.read(2)]) + 1, expected - done)
        if run:
            yield np.broadcast_to(np.uint8(reader.read(8)), (length,))
        else:
            single = bits[reader.at : reader.at + 8 * length]
            if len(single) < 8 * length:
                raise NotPacked("The brush mask ends before its last pixel; it was cut off on its way")
            reader.at += 8 * length
            yield np.packbits(single)
        done += length


class _Reader:
    """Numbers of any width, bit after bit."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def read(self, width: int) -> int:
        end = self.at + width
        if end > 8 * len(self._data):
            raise NotPacked("The brush mask ends before its last pixel; it was cut off on its way")
        first, last = self.at >> 3, (end + 7) >> 3
        number = int.from_bytes(self._data[first:last], "big") >> (8 * last - end)
        self.at = end
        return number & ((1 << width) - 1)
