"""Stored words to grey: modality LUT, then VOI LUT or window, then the photometric inversion (PS3.3 C.11, PS3.14).

The whole chain is worked out once for each value a word can take, at most 65,536 of them, and the film is then one
look-up. That is exact, and it makes the film's size the only cost.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.radiograph import Mask, Pixels
from core.refusal import Code, Notice, NoticeCode, Refused
from imaging.files.decode import Words
from imaging.files.header import Header
from imaging.files.layout import Layout

Values = npt.NDArray[np.float64]
_BLOCK: Final = 1 << 16
_STEEPEST_EXPONENT: Final = 700.0  # exp() of more overflows a double


@dataclass(frozen=True)
class Tone:
    """What each stored word becomes.

    table: float32 [256 or 65536], word -> 0..1 in the polarity the file asks for; 0 for padding.
    padding: bool of the same length, or None where the file names no padding.
    shown: which of the file's windows this is, for the reader to see.
    """

    table: Pixels
    padding: Mask | None
    shown: str
    notices: tuple[Notice, ...] = ()

    def pixels(self, words: Words) -> Pixels:
        """The film, float32 [H, W]."""
        pixels = np.empty(words.shape, np.float32)
        half = len(words) // 2
        with ThreadPoolExecutor(1) as beside:
            lower = beside.submit(_look_up, self.table, words[half:], pixels[half:])
            _look_up(self.table, words[:half], pixels[:half])
            lower.result()
        return pixels


def _look_up(table: Pixels, words: Words, out: Pixels) -> None:
    """`out[:] = table[words]`, a block at a time: NumPy takes by 64-bit indices alone, and a block of them stays in
    the cache."""
    flat, film = words.reshape(-1), out.reshape(-1)
    indices = np.empty(min(flat.size, _BLOCK), np.intp)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        index = indices[: part.size]
        np.copyto(index, part)
        # A word is always in the table. Any mode but the default writes straight into `out`.
        np.take(table, index, out=film[start : start + part.size], mode="clip")


def tone_of(header: Header, layout: Layout, words: Words, precision: int, window: int) -> Tone:
    """The table for these words. `precision` is the bits of the encoding, `window` the view to take.

    Raises Refused `unreadable` for a rescale or window so large that no number comes of it.
    """
    stored = _stored_values(layout, words.dtype.itemsize * 8, precision)
    padding = _padding(header, layout, stored)
    with np.errstate(over="ignore", invalid="ignore"):
        values = _modality(header, stored, layout)
        grey, shown, notices = _voi(header, values, layout, words, padding, window)
    if not np.isfinite(values).all() or not np.isfinite(grey).all():
        raise Refused(
            Code.UNREADABLE,
            "The DICOM header rescales the film, or shows it through a window, beyond what numbers can hold; "
            "export the film again.",
        )
    if layout.photometric == "MONOCHROME1" or header.text("PresentationLUTShape") == "INVERSE":
        # INVERSE is how a MONOCHROME1 DX image says the same thing twice (PS3.3 C.8.11.3.1.2): invert once.
        grey = 1 - grey
    if padding is not None:
        grey[padding] = 0
    return Tone(grey.astype(np.float32), padding, shown, notices)


def _stored_values(layout: Layout, bits: int, precision: int) -> Values:
    """The stored value in each possible word: its bits cut out, and its sign carried on."""
    words = np.arange(1 << bits, dtype=np.int64)
    # A codec of no more bits than are stored has already shifted them down to bit 0.
    shift = layout.high_bit - layout.stored + 1 if precision > layout.high_bit else 0
    stored = (words >> shift) & ((1 << layout.stored) - 1)
    if layout.signed:
        stored -= (stored >> (layout.stored - 1)) << layout.stored
    return stored.astype(np.float64)


def _padding(header: Header, layout: Layout, stored: Values) -> Mask | None:
    value = header.whole("PixelPaddingValue")
    if value is None:
        return None
    last = header.whole("PixelPaddingRangeLimit")
    low, high = sorted((value, value if last is None else last))
    if layout.signed and low >= 1 << (layout.stored - 1):  # written as unsigned all the same
        low, high = low - (1 << layout.stored), high - (1 << layout.stored)
    return (stored >= low) & (stored <= high)


def _modality(header: Header, stored: Values, layout: Layout) -> Values:
    for item in header.items("ModalityLUTSequence"):
        table = _lut(item, layout.signed)
        if table is not None:
            return table.at(stored)
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope is None or slope == 0:  # a slope of nought would leave no picture at all
        return stored
    return stored * slope + (intercept or 0.0)


def _voi(
    header: Header, values: Values, layout: Layout, words: Words, padding: Mask | None, window: int
) -> tuple[Values, str, tuple[Notice, ...]]:
    """Grey 0..1 by the VOI LUTs if there are any, else the windows, else the whole range of the values."""
    tables = [table for item in header.items("VOILUTSequence") if (table := _lut(item, bool((values < 0).any())))]
    centres, widths = header.numbers("WindowCenter"), header.numbers("WindowWidth")
    windows = [(centre, width) for centre, width in zip(centres, widths, strict=False) if width > 0]
    count = len(tables) + len(windows)
    chosen = min(max(window, 0), max(count - 1, 0))
    notices: tuple[Notice, ...] = ()
    if count > 1:
        notices = (
            Notice(
                NoticeCode.SEVERAL_WINDOWS,
                f"The file offers {count} ways to show the film ({len(tables)} tables, {len(windows)} windows); "
                f"number {chosen + 1} was taken.",
            ),
        )
    of = f" ({chosen + 1} of {count})" if count > 1 else ""
    if chosen < len(tables):
        return tables[chosen].normalised(values), f"VOI LUT{of}", notices
    if windows:
        centre, width = windows[chosen - len(tables)]
        function = (header.text("VOILUTFunction") or "LINEAR").upper()
        if function == "LINEAR" and width < 1:
            function = "LINEAR_EXACT"  # LINEAR is defined from a width of 1 on; fractional rescales come with less
        return _window(values, centre, width, function), f"window {centre:g}/{width:g} {function}{of}", notices
    low, high = _range(values, layout, words, padding)
    spread = np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)
    return spread, f"no window: {low:g} to {high:g}", notices


def _window(values: Values, centre: float, width: float, function: str) -> Values:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, onto 0..1."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -_STEEPEST_EXPONENT, _STEEPEST_EXPONENT)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _range(values: Values, layout: Layout, words: Words, padding: Mask | None) -> tuple[float, float]:
    """What becomes black and white where the file says nothing: eight bits whole, more by the values that occur.

    Twelve bits' worth of film in a header that claims sixteen would otherwise come out black.
    """
    if layout.stored <= 8:
        return float(values.min()), float(values.max())
    occurs = np.zeros(values.size, bool)
    occurs[words] = True
    if padding is not None and (occurs & ~padding).any():
        occurs &= ~padding
    return float(values[occurs].min()), float(values[occurs].max())


@dataclass(frozen=True)
class _Lut:
    entries: Values
    first: float
    top: float

    def at(self, values: Values) -> Values:
        """Entries by value; below the first the first, above the last the last (PS3.3 C.11.1.1.1)."""
        place = np.clip(values - self.first, 0, self.entries.size - 1)
        return self.entries[place.astype(np.int64)]

    def normalised(self, values: Values) -> Values:
        return np.clip(self.at(values) / self.top, 0, 1)


def _lut(item: Header, signed: bool) -> _Lut | None:
    """The table of a LUT sequence's item, or None if it does not hold together."""
    descriptor = item.numbers("LUTDescriptor")
    if len(descriptor) != 3:
        return None
    count, first, bits = (int(part) for part in descriptor)
    count = (count & 0xFFFF) or 65536
    first = first - 65536 if signed and first > 32767 else first
    data = item.value("LUTData")
    if isinstance(data, bytes):
        wide = len(data) >= 2 * count
        entries = np.frombuffer(data, "<u2" if wide else "u1", count if len(data) >= count else -1)
    else:
        entries = np.array(item.numbers("LUTData"), np.float64)
        if bits <= 8 and count > 1 and 2 * entries.size in (count, count + 1):  # two eight-bit entries in each word
            entries = entries.astype("<u2").view("u1")[:count]
    if entries.size < count or not 1 <= bits <= 16:
        return None
    entries = entries[:count].astype(np.float64)
    # Some writers state 16 bits for entries of 12: take the bits that the entries use, never fewer than stated.
    return _Lut(entries, float(first), float(max((1 << bits) - 1, entries.max())))
