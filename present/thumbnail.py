"""A film in small, for lists."""

import base64
import io

from PIL import Image


def thumbnail_url(picture: bytes, longest: int = 144) -> str:
    """A picture file's small grey copy as a data address. Raises OSError for bytes that are no picture."""
    with Image.open(io.BytesIO(picture)) as opened:
        small = opened.convert("L")
    small.thumbnail((longest, longest), Image.Resampling.BOX)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
