"""The header of a compressed frame, read before its decoder is let loose on it."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Codec = Literal["jpeg", "jpegls", "jpeg2k", "htj2k"]

_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RSTn, SOI: markers without a length
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}) | {0xF7}
_LOSSY = frozenset({0, 1, 2, 9, 10})  # the JPEG processes by cosine transform
# The next marker after entropy-coded data, in which a JPEG follows FF by nought and a JPEG-LS by a bit of nought.
_MARKER = {"jpeg": re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]"), "jpegls": re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")}
_REST = 64  # bytes of anything that may follow a stream's end; more of them are all alike, which is padding
_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
HIERARCHICAL = 0xDE  # the marker that opens a pyramid of frames, with the size of the whole


@dataclass(frozen=True)
class StreamHeader:
    """What the compressed frame says of itself.

    process: the JPEG start-of-frame number (0 baseline, 1 extended, 3 lossless, 9 arithmetic, ...), HIERARCHICAL,
        or 0.
    sound: False where the stream's own header contradicts its standard, or its end is missing.
    lossy: True where values may come out beyond those that went in; None where the stream does not tell.
    colours: whether the stream says by a marker, or the names of its components, what its three values are.
    """

    codec: Codec
    rows: int
    columns: int
    samples: int
    precision: int
    process: int = 0
    sound: bool = True
    lossy: bool | None = False
    colours: bool = True


def bare(frame: bytes) -> bytes:
    """The codestream of a JPEG 2000 frame that came with its file wrapper (T.800 annex I); any other as it is."""
    at = 0
    while frame.startswith(_JP2) and at + 8 <= len(frame):
        length, kind = int.from_bytes(frame[at : at + 4], "big"), frame[at + 4 : at + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(frame[at + 8 : at + 16], "big"), 16
        if kind == b"jp2c":
            return frame[at + head : at + length if length else None]
        if length < head:
            break
        at += length
    return frame


def starts_stream(fragment: bytes) -> bool:
    """Whether a compressed image begins here."""
    return fragment.startswith((b"\xff\xd8\xff", b"\xff\x4f\xff\x51", _JP2))


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
        lossy=_is_irreversible(frame),
    )


def _is_irreversible(frame: bytes) -> bool | None:
    """Whether the wavelet loses something; None for the reversible one, whose stream may have been cut short."""
    at = frame.find(b"\xff\x52", 0, 4096)  # the marker of coding style
    return True if at >= 0 and frame[at + 13 : at + 14] == b"\0" else None


def _jpeg(frame: bytes) -> StreamHeader | None:
    at, found, named = 2, None, False
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
            named = named or bytes(frame[at + 10 : at + 10 + 3 * samples : 3]) != b"\1\2\3"
        elif marker == 0xDA:
            return found and _scanned(replace(found, colours=named), frame, at)
        elif marker in (0xE0, 0xEE):
            named = named or frame[at + 4 : at + 9] in (b"JFIF\0", b"Adobe")
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
    lossy = first > 0 if header.codec == "jpegls" else header.process in _LOSSY  # JPEG-LS has its NEAR in that place
    return replace(header, lossy=lossy, sound=whole_spectrum and _ends(header, frame, at))


def _ends(header: StreamHeader, frame: bytes, at: int) -> bool:
    """Whether the stream whose first scan stands at `at` comes to its end marker, with nothing but padding behind."""
    for marker, place in _markers(frame, at, _MARKER["jpegls" if header.codec == "jpegls" else "jpeg"]):
        if marker == 0xD9:
            rest = frame[place + 2 :]
            return (
                len(rest) <= _REST or rest.count(rest[-1:]) >= len(rest) - 1
            )  # one byte may bring it to an even place
    return False


def _markers(frame: bytes, at: int, marker: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """The markers from a scan's own on, each with its place; what they announce is passed over."""
    while at + 4 <= len(frame):
        (length,) = struct.unpack(">H", frame[at + 2 : at + 4])
        found = marker.search(frame, at + 2 + length)
        if found is None:
            return
        at = found.end() - 2
        yield frame[at + 1], at
