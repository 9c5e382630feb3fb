"""The only form in which a film is stored or pushed."""

from io import BytesIO

import numpy as np
from PIL import Image

from core.radiograph import Radiograph


def to_png(film: Radiograph) -> bytes:
    """8-bit grey PNG of the film's pixels, [H, W], with no metadata at all."""
    grey = np.rint(film.pixels * 255).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(grey).save(stream, "PNG", compress_level=6)
    return stream.getvalue()
