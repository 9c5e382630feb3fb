"""A picture with frames on it, for a person who must look there."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from core.radiograph import Box

_AMBER: Final = (255, 176, 32)


def marked(png: bytes, boxes: tuple[Box, ...]) -> bytes:
    """The picture as a PNG in colour, a frame around each box."""
    with Image.open(BytesIO(png)) as picture:
        colour = picture.convert("RGB")
    width, draw = max(2, max(colour.size) // 500), ImageDraw.Draw(colour)
    for left, top, right, bottom in boxes:
        frame = left - 2 * width, top - 2 * width, right + 2 * width, bottom + 2 * width
        draw.rectangle(frame, outline=_AMBER, width=width)
    stream = BytesIO()
    colour.save(stream, "PNG")
    return stream.getvalue()
