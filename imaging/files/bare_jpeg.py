"""JPEG files that Pillow does not decode: of 12 bits, lossless, JPEG-LS."""

from typing import Any

import imagecodecs
import numpy.typing as npt
from PIL import ExifTags, Image

from core.refusal import Code, Refused
from imaging.files.essentials import exif_of_jpeg
from imaging.files.header import PARSING_FAULTS
from imaging.files.layout import within_limits
from imaging.files.stream import HIERARCHICAL, StreamHeader, stream_header

_LOSSLESS = 3


def rare_kind(data: bytes) -> StreamHeader | None:
    """The header of a whole JPEG of a kind that Pillow does not know; None for any other file."""
    header = stream_header(data)
    if header is None or not header.sound or not header.codec.startswith("jpeg") or header.codec == "jpeg2k":
        return None
    return (
        header if header.codec == "jpegls" or header.process not in (0, 1, 2, 9, 10) or header.precision != 8 else None
    )


def decoded(data: bytes, header: StreamHeader) -> npt.NDArray[Any]:
    """Levels [H, W] or [H, W, 3]. Raises Refused, or one of PARSING_FAULTS where the stream is damaged."""
    within_limits(header.rows, header.columns)
    if header.codec == "jpegls":
        return imagecodecs.jpegls_decode(data)
    if header.process in (0, 1, 2, _LOSSLESS, 9, 10):
        return imagecodecs.jpeg8_decode(data)
    process = "hierarchical" if header.process == HIERARCHICAL else f"process {header.process}"
    raise Refused(
        Code.UNSUPPORTED_ENCODING,
        f"The picture is a JPEG of a retired kind ({process}), which is not known here; export it as PNG or DICOM.",
    )


def orientation(data: bytes) -> int:
    """How its EXIF asks for a JPEG to be turned, 1 to 8; 1 where it says nothing that can be read."""
    exif = Image.Exif()
    try:
        exif.load(exif_of_jpeg(data))
        return int(exif.get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, *PARSING_FAULTS):
        return 1
