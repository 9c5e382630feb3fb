"""One frame of a DICOM file as the words that were stored. Which package decodes what is decided here.

Everything is decoded by imagecodecs (BSD; libjpeg-turbo, CharLS, OpenJPEG within, all permissive) and the
uncompressed syntaxes by NumPy's view of the file's own bytes. Only JPEG's retired hierarchical processes, and its
lossless one with arithmetic coding, need the optional, GPL-licensed pylibjpeg-libjpeg of requirements-gpl.txt.
"""

from importlib.util import find_spec
from io import BytesIO
from typing import Final

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.encaps import generate_fragments, get_frame, parse_fragments
from pydicom.pixels import convert_color_space
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.refusal import Code, Refused
from imaging.files.colour import is_grey
from imaging.files.dicom import UNDEFINED_LENGTH, DicomFile
from imaging.files.header import PARSING_FAULTS
from imaging.files.layout import Layout
from imaging.files.stream import HIERARCHICAL, StreamHeader, bare, starts_stream, stream_header

_PERMISSIVELY_READ: Final = (0, 1, 2, 3, 9, 10)  # baseline, extended, progressive, lossless; two by arithmetic coding
Words = npt.NDArray[np.uint8 | np.uint16]

ENCAPSULATED_UNCOMPRESSED: Final = UID("1.2.840.10008.1.2.1.98")
NATIVE: Final = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)


def encoding_name(file: DicomFile) -> str:
    """The transfer syntax in the standard's words."""
    if file.syntax is None:
        return "no transfer syntax named"
    return UID(file.syntax).name


def words_of(file: DicomFile, layout: Layout, frame: int) -> tuple[Words, int]:
    """The stored words of one frame, uint8 or uint16, [H, W] or [H, W, 3] in RGB, and the bits of their encoding.

    Uncompressed words are a view of the file's bytes. Raises Refused `unreadable` or `unsupported_encoding`.
    """
    if file.start is None:
        raise _damaged("it ends before its pixels")
    if file.length != UNDEFINED_LENGTH:
        if file.syntax is not None and file.syntax not in NATIVE and not file.syntax.is_private:
            raise _damaged(f"its transfer syntax is {encoding_name(file)}, but its pixels are not in frames")
        words = _native(memoryview(file.data)[file.start : file.start + file.length], file, layout, frame)
        return _rgb(words, layout.photometric), layout.allocated
    try:
        encoded = _frame(file.data, file.start, frame, layout.frames)
    except PARSING_FAULTS as fault:
        raise _damaged("its compressed frames cannot be told apart") from fault
    if file.syntax == RLELossless:
        return _rgb(_run_length(encoded, layout), layout.photometric), layout.allocated
    if file.syntax == ENCAPSULATED_UNCOMPRESSED:
        return _rgb(_native(memoryview(encoded), file, layout, 0), layout.photometric), layout.allocated
    return _compressed(encoded, file, layout)


def _frame(data: bytes, start: int, frame: int, frames: int) -> bytes:
    """The bytes of one compressed frame. All fragments are the frame of a file of one, and as many fragments as frames
    are one each, whatever the offset table says; else it says which are whose."""
    stream = BytesIO(data)
    stream.seek(start + 4)
    stream.seek(int.from_bytes(stream.read(4), "little"), 1)  # past the offset table
    if frames == 1:
        fragments = list(generate_fragments(stream))
        images = sum(map(starts_stream, fragments))
        if images > 1:
            raise _damaged(f"its header says one frame, and its pixels hold {images}")
        if not fragments:
            raise ValueError("no fragment")
        return b"".join(fragments)
    count, places = parse_fragments(stream)
    if count == frames:
        stream.seek(places[frame])
        return next(generate_fragments(stream))
    stream.seek(start)
    return get_frame(stream, frame, number_of_frames=frames)


def _native(value: memoryview, file: DicomFile, layout: Layout, frame: int) -> Words:
    expected = layout.frame_bytes * layout.frames
    if len(value) < expected:
        if layout.photometric == "YBR_FULL_422":
            raise Refused(
                Code.UNSUPPORTED_ENCODING,
                "The image is colour with halved chroma, uncompressed; a radiograph is grey; export it as such.",
            )
        raise _damaged(f"it holds {len(value):,} bytes of pixels, and {expected:,} were expected")
    piece = value[layout.frame_bytes * frame : layout.frame_bytes * (frame + 1)]
    if layout.allocated == 8 and file.big_endian and file.vr == "OW":
        flat = np.frombuffer(value, np.uint8)
        flat = flat[: len(flat) & ~1].reshape(-1, 2)[:, ::-1].reshape(-1)
        words: Words = flat[layout.frame_bytes * frame : layout.frame_bytes * (frame + 1)]
    elif layout.allocated == 8:
        words = np.frombuffer(piece, np.uint8)
    else:
        words = np.frombuffer(piece, ">u2" if file.big_endian else "<u2")
        words = words if words.dtype.isnative else words.astype(np.uint16)
    if layout.samples == 1:
        return words.reshape(layout.rows, layout.columns)
    if layout.by_plane:
        return np.ascontiguousarray(words.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0))
    return words.reshape(layout.rows, layout.columns, 3)


def _run_length(encoded: bytes, layout: Layout) -> Words:
    segments = int.from_bytes(encoded[:4], "little")
    expected = layout.samples * layout.allocated // 8
    if segments != expected:
        raise _damaged(f"its run-length frame has {segments} segments, and {expected} were expected")
    starts = [int.from_bytes(encoded[at : at + 4], "little") for at in range(4, 4 + 4 * segments, 4)]
    if starts != sorted(set(starts)) or starts[0] < 64 or starts[-1] >= len(encoded):
        # The decoder believes the starts: one that lies past the end has it read memory that is not the frame's.
        raise _damaged("its run-length segments start where there is nothing")
    try:
        flat: Words = np.frombuffer(
            imagecodecs.dicomrle_decode(encoded, np.dtype("u1" if layout.allocated == 8 else "<u2")),
            np.uint8 if layout.allocated == 8 else np.uint16,
        )
    except PARSING_FAULTS as fault:
        raise _damaged("its run-length frame cannot be decoded") from fault
    if flat.size < layout.rows * layout.columns * layout.samples:
        raise _damaged("its run-length frame ends early")
    flat = flat[: layout.rows * layout.columns * layout.samples]
    if layout.samples == 1:
        return flat.reshape(layout.rows, layout.columns)
    return np.ascontiguousarray(flat.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0))


def _compressed(encoded: bytes, file: DicomFile, layout: Layout) -> tuple[Words, int]:
    encoded = bare(encoded)
    header = stream_header(encoded)
    if header is None:
        if file.syntax is not None and ("MPEG" in encoding_name(file) or "HEVC" in encoding_name(file)):
            raise Refused(
                Code.UNSUPPORTED_ENCODING,
                f"The file is a video ({encoding_name(file)}), expected one film; send a still.",
            )
        raise _damaged(f"its frame is not what its transfer syntax says ({encoding_name(file)})")
    if (header.rows, header.columns, header.samples) != (layout.rows, layout.columns, layout.samples):
        raise _damaged(
            f"its header says {layout.columns} x {layout.rows} pixels of {layout.samples} value(s), "
            f"its compressed frame {header.columns} x {header.rows} of {header.samples}"
        )
    if not header.sound or header.precision > 16:
        raise _damaged("its compressed frame is cut off or contradicts its own standard")
    try:
        decoded = _decoded(encoded, header, file)
    except PARSING_FAULTS as fault:
        raise _damaged(f"its compressed frame cannot be decoded ({encoding_name(file)})") from fault
    expected = (layout.rows, layout.columns, 3)[: 2 if layout.samples == 1 else 3]
    if decoded.shape != expected or decoded.dtype.itemsize > 2:
        raise _damaged("its compressed frame decodes to another shape than its header says")
    words = _within_range(decoded, header, file, layout)
    if words.ndim == 3 and header.codec == "jpeg" and header.lossy and not is_grey(words):
        # libjpeg takes three values that no marker names for YCbCr. As they stand in the stream:
        plain: Words = imagecodecs.jpeg8_decode(encoded, colorspace="YCBCR", outcolorspace="YCBCR")
        if is_grey(plain) or (not header.colours and layout.photometric == "RGB" and not is_grey(_converted(plain))):
            words = plain
    # libjpeg and OpenJPEG have undone the colour transform of their own stream; JPEG-LS knows of none.
    return _rgb(words, layout.photometric if header.codec == "jpegls" else "RGB"), header.precision


def _within_range(decoded: npt.NDArray[np.generic], header: StreamHeader, file: DicomFile, layout: Layout) -> Words:
    """The words, with what a lossy codec gave beyond the greatest stored value brought back to it.

    The bits above the stored ones are an overlay's in a lossless stream, and are cut off later.
    """
    words: Words = decoded.view(np.uint8 if decoded.dtype.itemsize == 1 else np.uint16)
    lossy = header.lossy
    if lossy is None:
        lossy = file.header.text("LossyImageCompression") == "01"
    if not lossy or header.precision <= layout.stored or layout.high_bit != layout.stored - 1:
        return words
    if not layout.signed:
        return np.minimum(words, words.dtype.type((1 << layout.stored) - 1))
    half = 1 << (layout.stored - 1)
    kind = np.int8 if words.dtype.itemsize == 1 else np.int16
    return np.clip(words.view(kind), -half, half - 1).view(words.dtype)


def _decoded(encoded: bytes, header: StreamHeader, file: DicomFile) -> npt.NDArray[np.generic]:
    match header.codec:
        case "jpeg" if header.process in _PERMISSIVELY_READ:
            return imagecodecs.jpeg8_decode(encoded)
        case "jpeg":
            return _by_gpl_decoder(encoded, header, file)
        case "jpegls":
            return imagecodecs.jpegls_decode(encoded)
        case "jpeg2k" | "htj2k":
            # OpenJPEG reads both. OpenJPH is quicker at HTJ2K, but ends the process on damaged frames.
            return imagecodecs.jpeg2k_decode(encoded)


def _by_gpl_decoder(encoded: bytes, header: StreamHeader, file: DicomFile) -> npt.NDArray[np.generic]:
    if find_spec("libjpeg") is None:
        process = "hierarchical JPEG" if header.process == HIERARCHICAL else f"JPEG, start of frame {header.process}"
        raise Refused(
            Code.UNSUPPORTED_ENCODING,
            f"The film is in a retired JPEG process ({process}; {encoding_name(file)}), which no "
            "permissively licensed decoder reads; install the optional GPL one with "
            "pip install -r requirements-gpl.txt, or export the film with another encoding.",
        )
    import libjpeg  # the optional extra, so not at the top

    return libjpeg.decode(encoded)


def _rgb(words: Words, photometric: str) -> Words:
    """Colours as red, green and blue. Writers err about what theirs are: of the colours as stored and as converted,
    those that come out grey are the film's; where both or neither do, the header counts."""
    if words.ndim != 3 or words.dtype != np.uint8:
        return words
    sample = words.reshape(-1, 3)[:: max(1, words.size // 300_000)][None]
    as_said, stored = photometric.startswith("YBR_FULL"), is_grey(sample)
    turn = as_said if stored == is_grey(_converted(sample)) else not stored
    return _converted(words) if turn else words


def _converted(words: Words) -> Words:
    """YCbCr of the full range to RGB, a few rows at a time: it is worked out in floating point."""
    colours = np.empty_like(words)
    step = max(1, (1 << 20) // words.shape[1])
    for top in range(0, len(words), step):
        rows = slice(top, top + step)
        colours[rows] = convert_color_space(words[rows], "YBR_FULL", "RGB")
    return colours


def _damaged(found: str) -> Refused:
    return Refused(Code.UNREADABLE, f"The DICOM file is damaged: {found}; export it again from the archive.")
