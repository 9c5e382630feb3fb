"""Files that no reading room should choke on."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw

from present.samples import SAMPLES


def bad_files() -> dict[str, bytes]:
    """By name as it is uploaded. The names are part of the trouble."""
    dicom = next(sample for sample in SAMPLES if sample.name.endswith(".dcm")).path.read_bytes()
    return {
        "empty.png": b"",
        "truncated.dcm": dicom[: len(dicom) // 3],
        "letter.dcm": b"Dear colleague, please find the film enclosed.\n" * 40,
        "dot.png": _png(Image.new("L", (1, 1), 128)),
        "holiday.jpg": _photo(),
        "dance.gif": _animation(),
        "bomb.png": bomb(30_000),
        "../../" + "n" * 300 + ".dcm": b"\0" * 200,
    }


def bomb(side: int) -> bytes:
    """A well-formed one-bit PNG, side x side, of a few hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (side + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _photo() -> bytes:
    """Sky and meadow, a red roof, a yellow sun, a brown trunk: hues that no film and no colour map of one holds."""
    picture = Image.new("RGB", (600, 400), (110, 170, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 240, 600, 400), fill=(70, 150, 60))
    draw.ellipse((470, 30, 550, 110), fill=(255, 225, 60))
    draw.rectangle((120, 170, 300, 300), fill=(235, 225, 205))
    draw.polygon([(100, 170), (210, 90), (320, 170)], fill=(190, 50, 40))
    draw.rectangle((420, 190, 445, 320), fill=(110, 75, 45))
    draw.ellipse((370, 90, 495, 220), fill=(30, 110, 50))
    noise = np.random.default_rng(0).normal(0, 9, (400, 600, 3))
    file = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def _animation() -> bytes:
    frames = [Image.new("L", (200, 200), shade) for shade in (40, 120, 200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
