"""The film viewer of the browser faces: its script and style, and what it is given to show."""

import base64
import hashlib
import zlib
from importlib.resources import files
from typing import Any

import numpy as np

from core.radiograph import Pixels
from core.reading import Reading
from present.colours import REGIONS
from present.overlay import colour_table, shows, shrunk
from present.wording import film_title, headline

SCRIPT = files(__package__).joinpath("viewer.js").read_text(encoding="utf-8")
STYLE = files(__package__).joinpath("viewer.css").read_text(encoding="utf-8")

GREYS = 4096
LONGEST_SIDE = 4096  # a film larger than this is halved for the screen, and the viewer says so
PLANES = {"detector": "at the detector", "calibrated": "in the body", "marker": "at the marker"}  # where a mm is one
LONGEST_HEAT = 512  # explanation maps are smooth: more would only travel


def viewer_data(reading: Reading) -> dict[str, Any] | None:
    """What the viewer needs of a reading, as JSON values; None where there is no film to show.

    The film goes at 12 bits, so that a narrow window shows no steps, packed as the differences between neighbours:
    quickly rather than tightly, as it mostly travels within one machine.
    """
    if reading.radiograph is None:
        return None
    film = shrunk(reading.radiograph.pixels, LONGEST_SIDE)
    height, width = film.shape
    ratio = width / reading.radiograph.width
    packed = pack_film(film)
    weights = reading.explanation
    heat = _heat(shrunk(weights, LONGEST_HEAT)) if weights is not None and shows(weights) else None
    outlines = [
        {
            "title": region.name.replace("_", " "),
            "colour": REGIONS[index % len(REGIONS)],
            "points": [[round(x * ratio, 1), round(y * ratio, 1)] for x, y in region.outline_xy],
        }
        for index, region in enumerate(reading.regions)
        if len(region.outline_xy) > 2
    ]
    title = film_title(reading)
    spacing = reading.radiograph.spacing_mm
    plane = PLANES.get(reading.radiograph.spacing_origin)
    scale = {"pixel_mm": spacing[1] / ratio, "plane": plane} if spacing and plane else None
    content = [packed, heat["data"] if heat else "", repr((outlines, scale)), title]
    return {
        "key": hashlib.blake2b("".join(content).encode(), digest_size=12).hexdigest(),
        "width": width,
        "height": height,
        "film": packed,
        "heat": heat,
        "colours": colour_table().ravel().tolist(),
        "opacity": 45,
        "outlines": outlines,
        "shrunk": round(ratio, 4),
        "scale": scale,
        "title": title,
        "label": f"{title}. {headline(reading)}.",
    }


def pack_film(film: Pixels) -> str:
    """A film float32 [H, W] in 0..1 as base64 of zlib of two byte planes: see `undo` in viewer.js for the way back."""
    grey = np.rint(np.clip(film, 0, 1) * (GREYS - 1)).astype(np.uint16).ravel()
    steps = np.diff(grey, prepend=np.uint16(0)) % GREYS
    planes = np.concatenate([(steps >> 8).astype(np.uint8), (steps & 255).astype(np.uint8)])
    return base64.b64encode(zlib.compress(planes.tobytes(), 1)).decode("ascii")


def _heat(heat: Pixels) -> dict[str, Any]:
    levels = np.rint(np.clip(heat, 0, 1) * 255).astype(np.uint8)
    data = base64.b64encode(zlib.compress(levels.tobytes(), 1)).decode("ascii")
    return {"width": levels.shape[1], "height": levels.shape[0], "data": data}
