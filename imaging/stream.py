"""The header of a compressed frame, read before its decoder is let loose on it."""

import struct
from dataclasses import dataclass
from typing import Literal

Codec = Literal["jpeg", "jpegls", "jpeg2k", "htj2k"]

_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RSTn, SOI: markers without a length
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}) | {0xF7}
HIERARCHICAL = 0xDE  # the marker that opens a pyramid of frames, with the size of the whole


@dataclass(frozen=True)
class StreamHeader:
    """What the compressed frame says of itself.

    process: the JPEG start-of-frame number (0 baseline, 1 extended, 3 lossless, 9 arithmetic, ...), HIERARCHICAL,
        or 0.
    sound: False where the stream's own header contradicts its standard, or its end is missing.
    """

    codec: Codec
    rows: int
    columns: int
    samples: int
    precision: int
    process: int = 0
    sound: bool = True


def stream_header(frame: bytes) -> StreamHeader | None:
    """The header of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame; None if it is none of them or is cut off."""
    try:
        if frame[:4] == b"\xff\x4f\xff\x51":
            return _jpeg2000(frame)
        if frame[:2] == b"\xff\xd8":
            return _jpeg(frame)
    except (IndexError, struct.error):
        return None
    return None


def _jpeg2000(frame: bytes) -> StreamHeader | None:
    capabilities, width, height, left, top, tile_w, tile_h, tile_x, tile_y, samples = struct.unpack(
        ">HIIIIIIIIH", frame[6:42]
    )
    precisions = {(frame[42 + 3 * i] & 0x7F) + 1 for i in range(samples)}
    if not tile_w or not tile_h or not samples or left >= width or top >= height:
        return None
    if not (tile_x <= left < tile_x + tile_w and tile_y <= top < tile_y + tile_h):
        return None  # the first tile must hold the first pixel (T.800 B.3); a decoder that counts on it runs for hours
    tiles = -(-(width - tile_x) // tile_w) * -(-(height - tile_y) // tile_h)
    # Sub-sampled components and thousands of tiles occur in no radiograph, and cost a decoder its memory.
    flat = all(frame[43 + 3 * i : 45 + 3 * i] == b"\x01\x01" for i in range(samples))
    return StreamHeader(
        "htj2k" if capabilities & 0x4000 else "jpeg2k",
        height - top,
        width - left,
        samples,
        max(precisions),
        sound=flat and len(precisions) == 1 and tiles <= 4096,
    )


def _jpeg(frame: bytes) -> StreamHeader | None:
    at, found = 2, None
    while True:
        while frame[at] == 0xFF and frame[at + 1] == 0xFF:
            at += 1
        if frame[at] != 0xFF:
            return None
        marker = frame[at + 1]
        if marker in _NO_LENGTH:
            at += 2
            continue
        (length,) = struct.unpack(">H", frame[at + 2 : at + 4])
        if found is None and (marker in _START_OF_FRAME or marker == HIERARCHICAL):
            precision, rows, columns, samples = struct.unpack(">BHHB", frame[at + 4 : at + 10])
            process = marker if marker == HIERARCHICAL else marker & 0x0F
            found = StreamHeader("jpegls" if marker == 0xF7 else "jpeg", rows, columns, samples, precision, process)
        elif marker == 0xDA:
            return found and _scanned(found, frame, at)
        elif marker == 0xD9:
            return None
        at += 2 + length


def _scanned(header: StreamHeader, frame: bytes, at: int) -> StreamHeader:
    """The header, unsound where the first scan's parameters or the missing end tell of damage.

    libjpeg paints what is missing in flat grey and says nothing, which nobody may take for a film.
    """
    samples = frame[at + 4]
    first, last = frame[at + 5 + 2 * samples], frame[at + 6 + 2 * samples]
    whole_spectrum = header.process not in (0, 1) or header.codec != "jpeg" or (first, last) == (0, 63)
    ended = b"\xff\xd9" in frame[-64:]
    return StreamHeader(
        header.codec,
        header.rows,
        header.columns,
        header.samples,
        header.precision,
        header.process,
        whole_spectrum and ended,
    )
