"""A DICOM file opened: its tags, and where its pixel data begin. Nothing is decoded here."""

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from core.refusal import Code, Refused
from core.settings import settings
from imaging.header import PARSING_FAULTS, Header

PIXEL_DATA: Final = 0x7FE00010
UNDEFINED_LENGTH: Final = 0xFFFFFFFF
MOST_ELEMENTS: Final = 20_000  # a radiograph has a few hundred; more is a file made to keep a reader busy
_LONG_VRS: Final = (b"OB", b"OW", b"UN", b"OL", b"OV", b"OD", b"OF")
_CUT_OFF = "The DICOM file is damaged or cut off: {}; export it again from the archive."


@dataclass(frozen=True)
class DicomFile:
    """The tags of a file and the place of its pixel data.

    syntax: the transfer syntax, or None where the file has no meta information to name it.
    start: offset in `data` of the first byte of the pixel data's value; None if there is none.
    length: the length that the element claims; UNDEFINED_LENGTH for encapsulated frames.
    """

    data: bytes
    header: Header
    syntax: UID | None
    big_endian: bool
    start: int | None
    length: int
    vr: str


def is_dicom(data: bytes) -> bool:
    """Whether the bytes are DICOM: by the magic word, or without preamble by a first tag of group 2 or 8."""
    if data[128:132] == b"DICM" or data[:4] == b"DICM":
        return True
    if data[:2] in (b"\x02\x00", b"\x08\x00") and data[3:4] == b"\x00":
        explicit = data[4:6].isalpha() and data[4:6].isupper()
        return explicit or (len(data) >= 8 and int.from_bytes(data[4:8], "little") < 4096)
    return data[:3] == b"\x00\x08\x00" and data[4:6].isalpha() and data[4:6].isupper()


def open_dicom(data: bytes) -> DicomFile:
    """Read the tags up to the pixel data.

    Raises Refused `unreadable` where the structure does not hold together.
    """
    if data[:4] == b"DICM":
        data = bytes(128) + data
    inflated = _inflated(data)
    if inflated is not None:
        return _opened(inflated, BytesIO(inflated), DeflatedExplicitVRLittleEndian, bare=True)
    return _opened(data, BytesIO(data), None, bare=False)


def _opened(data: bytes, stream: BytesIO, syntax: UID | None, bare: bool) -> DicomFile:
    seen = 0

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > MOST_ELEMENTS:
            raise Refused(
                Code.UNREADABLE, _CUT_OFF.format(f"it has more than {MOST_ELEMENTS:,} tags before its pixels")
            )
        return tag >= PIXEL_DATA

    try:
        if bare:
            dataset: Dataset = read_dataset(stream, False, True, stop_when=at_pixels)
            implicit, little = False, True
        else:
            dataset = read_partial(stream, stop_when=at_pixels, force=True)
            implicit, little = dataset.original_encoding  # type: ignore[assignment]
            syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    except PARSING_FAULTS as fault:
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("its tags do not hold together")) from fault
    if not len(dataset):
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("no tag could be read from it"))
    if syntax is None and not implicit:
        syntax = None if little else ExplicitVRBigEndian
    elif syntax is None:
        syntax = ImplicitVRLittleEndian
    start, length, vr = _pixel_element(data, stream.tell(), implicit, little)
    return DicomFile(data, Header(dataset), syntax, not little, start, length, vr)


def _pixel_element(data: bytes, at: int, implicit: bool, little: bool) -> tuple[int | None, int, str]:
    """Offset and length of the value of the element at `at`, if that is the pixel data."""
    order = "little" if little else "big"
    group, element = (int.from_bytes(data[at + i : at + i + 2], order) for i in (0, 2))  # type: ignore[arg-type]
    if (group << 16 | element) != PIXEL_DATA:
        return None, 0, ""
    if implicit:
        return at + 8, int.from_bytes(data[at + 4 : at + 8], order), "OW"  # type: ignore[arg-type]
    vr = data[at + 4 : at + 6]
    if vr in _LONG_VRS:
        return at + 12, int.from_bytes(data[at + 8 : at + 12], order), vr.decode()  # type: ignore[arg-type]
    return at + 8, int.from_bytes(data[at + 6 : at + 8], order), vr.decode("latin-1")  # type: ignore[arg-type]


def _inflated(data: bytes) -> bytes | None:
    """The data set of a deflated file, inflated no further than the size limit; None for any other file."""
    if data[128:132] != b"DICM" or DeflatedExplicitVRLittleEndian.encode() not in data[132:2048]:
        return None
    group_length = data[132:144]
    if group_length[:8] != b"\x02\x00\x00\x00UL\x04\x00":
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("its meta information has no length"))
    body = 144 + int.from_bytes(group_length[8:12], "little")
    limit = int(settings().max_megabytes * 1e6)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflate.decompress(data[body:], limit + 1)
    except zlib.error as fault:
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("its deflated part cannot be inflated")) from fault
    if len(inflated) > limit:
        raise Refused(
            Code.TOO_LARGE,
            f"The DICOM file inflates to more than {settings().max_megabytes:g} MB, the limit; "
            "send one film, or raise OSTEOLENS_MAX_MEGABYTES.",
        )
    if not inflate.eof:
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("its deflated part ends early"))
    return inflated


__all__ = ["PIXEL_DATA", "UNDEFINED_LENGTH", "DicomFile", "ExplicitVRLittleEndian", "is_dicom", "open_dicom"]
