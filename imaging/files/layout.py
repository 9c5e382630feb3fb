"""What a DICOM file says of its own pixels, checked before a byte of them is decoded."""

from dataclasses import dataclass

from core.refusal import Code, Refused
from core.settings import settings
from imaging.files.header import Header


@dataclass(frozen=True)
class Layout:
    """The Image Pixel module (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    frames: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    by_plane: bool

    @property
    def frame_bytes(self) -> int:
        return self.rows * self.columns * self.samples * (self.allocated // 8)


def layout_of(header: Header) -> Layout:
    """The layout, or Refused: `unreadable`, `too_large`, `unsupported_encoding`."""
    rows, columns = _needed(header, "Rows"), _needed(header, "Columns")
    allocated = _needed(header, "BitsAllocated")
    high_bit, stored = header.whole("HighBit"), header.whole("BitsStored")
    said = [f"bit {high_bit} the highest"] * (high_bit is not None) + [f"{stored} bits stored"] * bool(stored)
    stored = stored or (allocated if high_bit is None else high_bit + 1)
    if high_bit is None or high_bit < stored - 1:
        high_bit = stored - 1  # of two that cannot both be, the bits stored count, as for other readers
    within_limits(rows, columns)
    if allocated not in (8, 16):
        raise Refused(
            Code.UNSUPPORTED_ENCODING,
            f"The film has {allocated} bits a pixel; 8 and 16 can be read; export it with one of these.",
        )
    if high_bit >= allocated or not 1 < stored <= allocated:
        raise Refused(
            Code.UNREADABLE,
            f"The DICOM header says {' and '.join(said)} in {allocated} bits allocated, which cannot be; "
            "export the film again.",
        )
    samples = header.whole("SamplesPerPixel") or 1
    if samples not in (1, 3):
        raise Refused(
            Code.UNREADABLE, f"The DICOM header says {samples} values a pixel, expected 1 or 3; export the film again."
        )
    return Layout(
        rows,
        columns,
        samples,
        max(header.whole("NumberOfFrames") or 1, 1),
        allocated,
        stored,
        high_bit,
        header.whole("PixelRepresentation") == 1,
        (header.text("PhotometricInterpretation") or ("MONOCHROME2" if samples == 1 else "RGB")).upper(),
        header.whole("PlanarConfiguration") == 1,
    )


def within_limits(rows: int, columns: int) -> None:
    """Refuse a film too large to decode; the smallest side is a check of its own."""
    limit = settings().max_megapixels
    if rows * columns > limit * 1e6:
        raise Refused(
            Code.TOO_LARGE,
            f"The film is {columns} x {rows} pixels, {rows * columns / 1e6:.0f} megapixels, and the limit is {limit:g};"
            " send a smaller export, or raise OSTEOLENS_MAX_MEGAPIXELS.",
        )


def _needed(header: Header, keyword: str) -> int:
    found = header.whole(keyword)
    if found is None or found <= 0:
        raise Refused(
            Code.UNREADABLE,
            f"The DICOM header has no valid {keyword}, which an image must have; export the film again.",
        )
    return found
