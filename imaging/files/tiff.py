"""What a TIFF says of itself before it is decoded: how many pages it has, and of which kind a page is."""

from io import BytesIO
from typing import Final

from PIL import TiffImagePlugin

_PAGES: Final = 1000  # counted; a film has one
_FORMATS: Final = {1: "unsigned", 2: "signed", 3: "floating-point", 4: "untyped", 5: "complex", 6: "complex"}
_SQUEEZED: Final = {
    7: "JPEG",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    50000: "Zstandard",
    50001: "WebP",
}
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 256, 257, 258, 259, 262, 277
SAMPLE_FORMAT: Final = 339
SIGNED: Final = 2

# Pillow unpacks floats of 64 bits, but does not know that a TIFF may hold them.
for _order, _mode in ((b"II", "F;64F"), (b"MM", "F;64BF")):
    for _photometric in (0, 1):
        TiffImagePlugin.OPEN_INFO.setdefault((_order, _photometric, (3,), 1, (64,), ()), ("F", _mode))


def is_tiff(data: bytes) -> bool:
    return data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))


def pages_of(data: bytes) -> list[int]:
    """Where the directories of the pages stand, up to a thousand and one of them.

    Raises ValueError where the chain of directories leads out of the file.
    """
    order = "little" if data[:2] == b"II" else "big"
    big = 43 in data[2:4]
    count_bytes, entry, link = (8, 20, 8) if big else (2, 12, 4)

    def number(at: int, size: int) -> int:
        if at + size > len(data):
            raise ValueError(f"the directory at {at} lies beyond the file")
        return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]

    at, pages = number(8 if big else 4, link), dict[int, None]()
    while at and at not in pages and len(pages) <= _PAGES:
        pages[at] = None
        at = number(at + count_bytes + entry * number(at, count_bytes), link)
    return list(pages)


def said_of(count: int) -> str:
    return f"{count:,}" if count <= _PAGES else f"more than {_PAGES:,}"


def page(data: bytes, directory: int) -> bytes:
    """The file with this page as its first, so that none before it is looked at."""
    order = "little" if data[:2] == b"II" else "big"
    at, link = (8, 8) if 43 in data[2:4] else (4, 4)
    return data[:at] + directory.to_bytes(link, order) + data[at + link :]  # type: ignore[arg-type]


def kind_of(data: bytes) -> str | None:
    """In words what kind of picture the first page is; None where it does not hold together, or is cut off."""
    directory = TiffImagePlugin.ImageFileDirectory_v2(data[:16] if 43 in data[2:4] else data[:8])
    stream = BytesIO(data)
    stream.seek(directory.next)
    directory.load(stream)
    starts = directory.get(273, directory.get(324, ()))
    counts = directory.get(279, directory.get(325, ()))
    if not starts or len(starts) != len(counts) or any(a + b > len(data) for a, b in zip(starts, counts, strict=True)):
        return None
    if min(directory.get(WIDTH, 0), directory.get(HEIGHT, 0)) < 1:
        return None
    compression = directory.get(COMPRESSION, 1)
    bits = sorted(set(directory.get(BITS, (1,))))
    form = _FORMATS.get(directory.get(SAMPLE_FORMAT, (1,))[0], "unknown")
    squeezed = f", compressed as {_SQUEEZED.get(compression, f'number {compression}')}" if compression != 1 else ""
    samples = directory.get(SAMPLES, 1)
    many = f", {samples} values a pixel" if samples > 1 else ""
    return f"a TIFF of {' and '.join(map(str, bits))}-bit {form} values{many}{squeezed}"
