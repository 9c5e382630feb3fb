"""Pictures without tags: PNG, JPEG, TIFF, WebP, BMP. Pillow reads them; what is not grey is refused."""

import logging
import warnings
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
from imaging.colour import grey_of_colour
from imaging.header import PARSING_FAULTS
from imaging.layout import within_limits

# At DEBUG Pillow writes every EXIF value it meets, which may be a name: nothing of them may reach a log.
logging.getLogger("PIL").setLevel("WARNING")

FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_WHITE_IS_ZERO: Final = 262, 0  # TIFF PhotometricInterpretation, which Pillow leaves undone above 8 bits
Levels = npt.NDArray[np.generic]
AnyArray = TypeVar("AnyArray", bound=npt.NDArray[Any])


def is_picture(data: bytes) -> bool:
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # within_limits() is the limit here
            image = Image.open(BytesIO(data), formats=FORMATS)
        kind = "JPEG" if image.format == "MPO" else str(image.format)
        within_limits(image.height, image.width)
        count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if count > 1 and frame is None:
            raise Refused(
                Code.NOT_A_RADIOGRAPH,
                f"The {kind} holds {count} pictures, expected one film; send them one by one, or name the one to read.",
            )
        if frame is not None and not 0 <= frame < count:
            raise Refused(
                Code.NOT_A_RADIOGRAPH, f"The {kind} holds {count} picture(s); there is no number {frame + 1}."
            )
        if frame:
            image.seek(frame)
            within_limits(image.height, image.width)
        picture = _levels(image, kind)
        # Only now: Pillow turns a TIFF as it loads it, and then forgets the tag.
        turn = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Image.DecompressionBombError:
        raise Refused(
            Code.TOO_LARGE, "The picture claims more pixels than any film has; send a smaller export."
        ) from None
    except (UnidentifiedImageError, SyntaxError, *PARSING_FAULTS) as fault:
        raise Refused(
            Code.UNREADABLE, "The picture is damaged or cut off and cannot be decoded; export it again."
        ) from fault
    film = picture.film
    return replace(picture, pixels=_turned(picture.pixels, turn), film=None if film is None else _turned(film, turn))


def _levels(image: Image.Image, kind: str) -> Picture:
    """Grey levels of the picture as Pillow decodes it, and where it is opaque."""
    white_is_zero = getattr(image, "tag_v2", {}).get(_WHITE_IS_ZERO[0]) == _WHITE_IS_ZERO[1]
    mode = image.mode
    if mode == "1":
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            "The picture has two levels, black and white; a radiograph has at least 256; send the film.",
        )
    film = None
    if mode in ("LA", "La", "RGBA", "RGBa", "PA") or (mode == "P" and "transparency" in image.info):
        image = image.convert("RGBA")
        opaque = np.asarray(image)[..., 3] > 127
        film = None if opaque.all() else opaque
    if mode == "L":
        return Picture(np.asarray(image) * np.float32(1 / 255), film, kind, 8)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        grey = _by_bits_in_use(np.asarray(image).astype(np.uint16, copy=False))
        return Picture(1 - grey if white_is_zero else grey, film, kind, 16)
    if mode in ("I", "F"):
        grey, finite = _by_range(np.asarray(image))
        return Picture(1 - grey if white_is_zero else grey, finite if film is None else film, kind, 32)
    grey, notices = grey_of_colour(np.asarray(image.convert("RGB")))
    if film is not None:
        grey = np.where(film, grey, np.float32(0))
    return Picture(grey, film, kind, 8, notices)


def _by_bits_in_use(levels: npt.NDArray[np.uint16]) -> Pixels:
    """16-bit levels over the bits that occur: a 12-bit film saved in 16 bits is not a black one."""
    top = (1 << max(int(levels.max()).bit_length(), 8)) - 1
    return levels * np.float32(1 / top)


def _by_range(levels: Levels) -> tuple[Pixels, Mask | None]:
    """32-bit and float levels have no white of their own: smallest to largest; what is not a number is no film."""
    values = levels.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise Refused(Code.EXPOSURE, "The picture holds no number at all, expected grey levels; export it again.")
    low, high = float(values[finite].min()), float(values[finite].max())
    spread = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return np.where(finite, spread, np.float32(0)).astype(np.float32), None if finite.all() else finite


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
