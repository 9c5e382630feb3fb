"""Pictures without tags: PNG, JPEG, TIFF, WebP, BMP. Pillow reads them; what is not grey is refused."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

# Image.open() with a list of formats knows only those whose plugins are loaded.
from PIL import (  # noqa: F401
    BmpImagePlugin,
    ExifTags,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from core.radiograph import Mask, Pixels
from core.refusal import Code, Notice, Refused
from imaging.files.bare_jpeg import decoded, orientation, rare_kind
from imaging.files.colour import bands, grey_of_colour
from imaging.files.essentials import PNG, essentials
from imaging.files.header import PARSING_FAULTS
from imaging.files.layout import within_limits
from imaging.files.stream import StreamHeader
from imaging.files.tiff import PHOTOMETRIC, SAMPLE_FORMAT, SIGNED, is_tiff, kind_of, page, pages_of, said_of

# At DEBUG Pillow writes every EXIF value it meets, which may be a name: nothing of them may reach a log.
logging.getLogger("PIL").setLevel("WARNING")

FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_MAGIC: Final = (PNG, b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_WHITE_IS_ZERO: Final = 0  # TIFF PhotometricInterpretation, which Pillow leaves undone above 8 bits
_FAULTS: Final = (UnidentifiedImageError, SyntaxError, *PARSING_FAULTS)
Levels = npt.NDArray[Any]
AnyArray = TypeVar("AnyArray", bound=npt.NDArray[Any])


def is_picture(data: bytes) -> bool:
    """Whether the bytes are a picture file's. The first 128 bytes of a DICOM file are anything's, even a TIFF's."""
    if data[128:132] == b"DICM":
        return False
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


@dataclass(frozen=True)
class Picture:
    """Grey 0..1 [H, W] as the picture shows it, and where it is film (None: everywhere)."""

    pixels: Pixels
    film: Mask | None
    kind: str
    bits: int
    notices: tuple[Notice, ...] = ()


def read_picture(data: bytes, frame: int | None) -> Picture:
    """The picture, turned as its EXIF asks.

    The header is judged first, so that a bomb is refused before it is inflated. Raises Refused.
    """
    try:
        return _opened(data, frame)
    except Image.DecompressionBombError:
        raise _too_large() from None
    except _FAULTS as fault:
        found, unidentified = fault, isinstance(fault, (UnidentifiedImageError, LookupError))
    try:
        rare = rare_kind(data)
        if rare is not None:
            return _of_rare_jpeg(data, rare)
        slim = essentials(data)
        if slim != data:
            return _opened(slim, frame)
        kind = unknown_kind(data, unidentified)
    except Image.DecompressionBombError:
        raise _too_large() from None
    except _FAULTS:
        kind = None
    if kind is not None:
        raise Refused(
            Code.UNSUPPORTED_ENCODING, f"The picture is {kind}, which is not known here; export it as PNG or DICOM."
        )
    raise Refused(
        Code.UNREADABLE, "The picture is damaged or cut off and cannot be decoded; export it again."
    ) from found


def _too_large() -> Refused:
    return Refused(Code.TOO_LARGE, "The picture claims more pixels than any film has; send a smaller export.")


def unknown_kind(data: bytes, unidentified: bool) -> str | None:
    """In words what kind of whole picture this is that nothing here decodes; None where it is damaged.

    unidentified: whether it was given up before anything of it was decoded.
    """
    if is_tiff(data):
        kind = kind_of(data)
        return kind if kind and (unidentified or "compressed as" in kind) else None
    if data.startswith(b"BM") and unidentified is False:
        bits, compression = (int.from_bytes(data[at : at + n], "little") for at, n in ((28, 2), (30, 4)))
        if compression > 3 or bits not in (1, 4, 8, 16, 24, 32):
            return f"a BMP of {bits} bits, compression {compression}"
    return None


def _opened(data: bytes, frame: int | None) -> Picture:
    """The picture by Pillow."""
    many = pages_of(data) if is_tiff(data) else []
    if len(many) > 1 and frame is not None and 0 <= frame < len(many):
        data = page(data, many[frame])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # within_limits() is the limit here
        image = Image.open(BytesIO(data), formats=FORMATS)
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    within_limits(image.height, image.width)
    count = len(many) or (1 if image.format == "MPO" else getattr(image, "n_frames", 1))
    if count > 1 and frame is None:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The {kind} holds {said_of(count)} pictures, expected one film; "
            "send them one by one, or name the one to read.",
        )
    if frame is not None and not 0 <= frame < count:
        raise Refused(
            Code.NOT_A_RADIOGRAPH, f"The {kind} holds {said_of(count)} picture(s); there is no number {frame + 1}."
        )
    if frame and not many:
        image.seek(frame)
        within_limits(image.height, image.width)
    picture = _levels(image, kind)
    try:  # only now: Pillow turns a TIFF as it loads it, and then forgets the tag
        turn = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _FAULTS:
        turn = 1
    image.close()
    film = picture.film
    return replace(picture, pixels=_turned(picture.pixels, turn), film=None if film is None else _turned(film, turn))


def _of_rare_jpeg(data: bytes, header: StreamHeader) -> Picture:
    levels, turn = decoded(data, header), orientation(data)
    if levels.ndim == 3 and levels.shape[2] == 3 and levels.dtype == np.uint8:
        grey, notices = grey_of_colour(levels.astype(np.uint8, copy=False))
    elif levels.ndim == 2 and levels.dtype in (np.uint8, np.uint16):
        # The white of a lossy film is known; that of a lossless one may have fewer bits than it was written with.
        top = (1 << header.precision) - 1 if header.lossy or header.precision <= 8 else _top(int(levels.max()))
        grey, notices = levels * np.float32(1 / top), ()
    else:
        raise ValueError(f"levels of {levels.dtype}, {levels.shape}")
    kind = "JPEG-LS" if header.codec == "jpegls" else "JPEG"
    return Picture(_turned(grey, turn), None, kind, header.precision, notices)


class _Rows:
    """A picture that Pillow holds, as an array in one of its modes, a few rows at a time."""

    def __init__(self, image: Image.Image, mode: str | None) -> None:
        self.image, self.mode = image, mode
        self.shape = (image.height, image.width, 3)

    def __getitem__(self, rows: slice, /) -> Any:
        part = self.image.crop((0, rows.start, self.image.width, rows.stop))
        return np.asarray(part if self.mode in (None, part.mode) else part.convert(self.mode))


def _levels(image: Image.Image, kind: str) -> Picture:
    """Grey levels of the picture as Pillow decodes it, and where it is opaque."""
    image.load()
    tags, mode, shape = getattr(image, "tag_v2", {}), image.mode, (image.height, image.width)
    white_is_zero = tags.get(PHOTOMETRIC) == _WHITE_IS_ZERO
    if mode == "1":
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            "The picture has two levels, black and white; a radiograph has at least 256; send the film.",
        )
    film = None
    if mode in ("LA", "La", "RGBA", "RGBa", "PA") or (mode == "P" and "transparency" in image.info):
        film = np.empty(shape, bool)
        for rows in bands(shape):
            film[rows] = _Rows(image, "RGBA")[rows][..., 3] > 127
        if film.all() or not film.any():  # a fourth value that is nought everywhere is no transparency
            film = None
    as_stored = _Rows(image, None)
    if mode == "L":
        turned = np.uint8(128 if tags.get(SAMPLE_FORMAT, (1,))[0] == SIGNED else 0)  # black is -128
        return Picture(_scaled(as_stored, shape, lambda levels: (levels ^ turned) * np.float32(1 / 255)), film, kind, 8)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        top = _top(max(int(as_stored[rows].max()) for rows in bands(shape)))
        grey = _scaled(as_stored, shape, lambda levels: levels.astype(np.uint16, copy=False) * np.float32(1 / top))
        return Picture(1 - grey if white_is_zero else grey, film, kind, 16)
    if mode in ("I", "F"):
        grey, finite = _by_range(as_stored, shape)
        return Picture(1 - grey if white_is_zero else grey, finite if film is None else film, kind, 32)
    grey, notices = grey_of_colour(_Rows(image, "RGB"))
    if film is not None:
        grey[~film] = 0
    return Picture(grey, film, kind, 8, notices)


def _scaled(levels: _Rows, shape: tuple[int, int], scale: Callable[[Levels], Levels]) -> Pixels:
    grey = np.empty(shape, np.float32)
    for rows in bands(shape):
        grey[rows] = scale(levels[rows])
    return grey


def _top(greatest: int) -> int:
    """The white of 16-bit levels: that of the bits that occur, for a 12-bit film saved in 16 bits is not black."""
    return (1 << max(greatest.bit_length(), 8)) - 1


def _by_range(levels: _Rows, shape: tuple[int, int]) -> tuple[Pixels, Mask | None]:
    """32-bit and float levels have no white of their own: smallest to largest; what is not a number is no film."""
    film, low, high = np.empty(shape, bool), np.inf, -np.inf
    for rows in bands(shape):
        values = levels[rows].astype(np.float32)
        film[rows] = np.isfinite(values)
        if film[rows].any():
            numbers = values[film[rows]]
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
    if not film.any():
        raise Refused(Code.EXPOSURE, "The picture holds no number at all, expected grey levels; export it again.")
    kind = np.float32 if high - low < np.finfo(np.float32).max else np.float64
    grey = np.zeros(shape, np.float32)
    for rows in bands(shape):
        if high > low:
            spread = (levels[rows].astype(np.float32).astype(kind, copy=False) - low) / (high - low)
            np.copyto(grey[rows], spread, where=film[rows], casting="same_kind")
    return grey, None if film.all() else film


def _turned(array: AnyArray, turn: object) -> AnyArray:
    """The array as EXIF orientation 1 to 8 asks for it to be shown."""
    match turn:
        case 2:
            turned = array[:, ::-1]
        case 3:
            turned = array[::-1, ::-1]
        case 4:
            turned = array[::-1]
        case 5:
            turned = array.T
        case 6:
            turned = np.rot90(array, -1)
        case 7:
            turned = array[::-1, ::-1].T
        case 8:
            turned = np.rot90(array)
        case _:
            return array
    return np.ascontiguousarray(turned)  # type: ignore[return-value]
