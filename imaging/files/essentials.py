"""A picture file without what is no picture: text, colour profiles, thumbnails. None of these may cost a film."""

import zlib
from typing import Final

PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"})
_JPEG_KEPT: Final = frozenset({0xE0, 0xE1, 0xEE})  # JFIF, EXIF and Adobe: how to turn it, and what its colours are
_EXIF: Final = b"Exif\0\0"


def essentials(data: bytes) -> bytes:
    """The same picture from a PNG or JPEG with its other parts left out; the very same bytes where there are none."""
    if data.startswith(PNG):
        return _of_png(data)
    return _of_jpeg(data) if data.startswith(b"\xff\xd8\xff") else data


def exif_of_jpeg(data: bytes) -> bytes:
    """The EXIF segment of a JPEG, as Pillow loads it; nothing where it has none."""
    for start, stop, marker in _segments(data):
        if marker == 0xE1 and data[start + 4 : start + 10] == _EXIF:
            return data[start + 4 : stop]
    return b""


def _of_png(data: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(data):
        stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        whole = stop <= len(data) and data[stop - 4 : stop] == zlib.crc32(data[at + 4 : stop - 4]).to_bytes(4, "big")
        if kind in _PNG_KEPT or (kind == b"eXIf" and whole):
            kept.append(data[at:stop])
        at = stop
    return b"".join(kept)


def _of_jpeg(data: bytes) -> bytes:
    kept, end = [data[:2]], 2
    for start, stop, marker in _segments(data):
        if marker in _JPEG_KEPT or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(data[start:stop])
        end = stop
    return b"".join([*kept, data[end:]])


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """Start, stop and marker of the segments before a JPEG's first scan."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xD8, 0xD9, 0xDA):
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((at, stop, data[at + 1]))
        at = stop
    return found
