"""A DICOM file opened: its tags, and where its pixel data begin. Nothing is decoded here."""

import zlib
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from core.refusal import Code, Refused
from core.settings import settings
from imaging.files.header import PARSING_FAULTS, Header

PIXEL_DATA: Final = 0x7FE00010
UNDEFINED_LENGTH: Final = 0xFFFFFFFF
MOST_ELEMENTS: Final = 20_000  # a radiograph has a few hundred; more is a file made to keep a reader busy
WORD_TABLES: Final = frozenset(  # data of LUTs and palettes
    {0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x00281204, 0x00281221, 0x00281222, 0x00281223}
)
_DEEPEST: Final = 8  # sequences within sequences; a radiograph has three at most
_LONG_VRS: Final = (b"OB", b"OW", b"UN", b"OL", b"OV", b"OD", b"OF")
_CUT_OFF = "The DICOM file is damaged or cut off: {}; export it again from the archive."


@dataclass(frozen=True)
class DicomFile:
    """The tags of a file and the place of its pixel data.

    syntax: the transfer syntax, or None where the file does not name it and it is not plain from the tags.
    named: whether the file names its transfer syntax.
    is_directory: whether it is a DICOMDIR, which lists the films of a disc and holds none.
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
    named: bool = True
    is_directory: bool = False


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
        return _opened(inflated, DeflatedExplicitVRLittleEndian, bare=True)
    return _opened(data, None, bare=False)


def _opened(data: bytes, syntax: UID | None, bare: bool) -> DicomFile:
    seen, stream = 0, BytesIO(data)

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > MOST_ELEMENTS:
            raise Refused(
                Code.UNREADABLE, _CUT_OFF.format(f"it has more than {MOST_ELEMENTS:,} tags before its pixels")
            )
        return tag >= PIXEL_DATA

    meta = Header(Dataset())
    try:
        if bare:
            dataset: Dataset = read_dataset(stream, False, True, stop_when=at_pixels)
            implicit, little = False, True
        else:
            dataset = read_partial(stream, stop_when=at_pixels, force=True)
            implicit, little = dataset.original_encoding  # type: ignore[assignment]
            meta = Header(getattr(dataset, "file_meta", Dataset()))
            uid = meta.text("TransferSyntaxUID")
            syntax = None if uid is None else UID(uid)
            start = 0 if syntax is not None else _after_meta(data)
            if start:  # meta information that names no encoding: it is told as that of a file without any
                return replace(_opened(data[start:], None, bare=False), is_directory=_is_directory(meta))
    except PARSING_FAULTS as fault:
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("its tags do not hold together")) from fault
    if not len(dataset):
        raise Refused(Code.UNREADABLE, _CUT_OFF.format("no tag could be read from it"))
    if not little:
        _turn_words(dataset)
    directory = "DirectoryRecordSequence" in dataset or _is_directory(meta)
    named = syntax is not None
    if syntax is None and not implicit:
        syntax = None if little else ExplicitVRBigEndian
    elif syntax is None:
        syntax = ImplicitVRLittleEndian
    at, length, vr = _pixel_element(data, stream.tell(), implicit, little)
    return DicomFile(data, Header(dataset), syntax, not little, at, length, vr, named, directory)


def _is_directory(meta: Header) -> bool:
    return meta.text("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage


def _after_meta(data: bytes) -> int:
    """Offset of the first tag after the preamble and the meta information; 0 for a file without any."""
    at = start = 132 if data[128:132] == b"DICM" else 0
    while data[at : at + 2] == b"\x02\x00" and data[at + 4 : at + 6].isalpha():
        wide = data[at + 4 : at + 6] in (*_LONG_VRS, b"SQ", b"UT", b"UC", b"UR", b"SV", b"UV")
        at += (
            12 + int.from_bytes(data[at + 8 : at + 12], "little")
            if wide
            else 8 + int.from_bytes(data[at + 6 : at + 8], "little")
        )
    return at if start < at < len(data) else 0


def _turn_words(dataset: Dataset, depth: int = 0) -> None:
    """Make tables of words little endian, at any depth: pydicom keeps a word table's bytes as they lie in the file."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except PARSING_FAULTS:
            continue  # missing for everybody else as well
        if element.VR == "SQ" and depth < _DEEPEST:
            for item in element.value:
                _turn_words(item, depth + 1)
        elif element.VR == "OW" and int(tag) in WORD_TABLES and isinstance(element.value, bytes):
            even = element.value[: len(element.value) & ~1]
            element.value = np.frombuffer(even, ">u2").astype("<u2").tobytes()


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
