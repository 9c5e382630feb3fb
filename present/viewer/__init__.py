"""The film viewer of the browser faces: its script and style, and what it is given to show."""

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np

from core.radiograph import Pixels, Radiograph
from core.reading import Reading
from present.bodies import body_labels, colours_of
from present.overlay import colour_table, shrunk
from present.still import PLANES, joint_map, legend_of, limb_place, mm_of
from present.wording import film_title, headline, limb_title, region_title

SCRIPT = files(__package__).joinpath("viewer.js").read_text(encoding="utf-8")
STYLE = files(__package__).joinpath("viewer.css").read_text(encoding="utf-8")

GREYS = 4096
LONGEST_SIDE = 4096  # a film larger than this is halved for the screen, and the viewer says so
LONGEST_HEAT = 512  # explanation maps are smooth: more would only travel


def viewer_data(readings: Sequence[Reading]) -> dict[str, Any] | None:
    """What the viewer needs of a film, from the readings of its limbs, as JSON values; None where there is no film.

    The film goes at 12 bits, so that a narrow window shows no steps, packed as the differences between neighbours:
    quickly rather than tightly, as it mostly travels within one machine.
    """
    radiograph = next((one.radiograph for one in readings if one.radiograph is not None), None)
    if radiograph is None:
        return None
    film = shrunk(radiograph.pixels, LONGEST_SIDE)
    height, width = film.shape
    ratio = width / radiograph.width
    packed = pack_film(film)
    weights = joint_map(readings)
    heat = _heat(shrunk(weights, LONGEST_HEAT)) if weights is not None else None
    title = film_title(readings[0]) if len(readings) == 1 else film_title(replace(readings[0], side=None))
    spacing, bodies = radiograph.spacing_mm, any(one.vertebrae for one in readings)
    plane = PLANES.get(radiograph.spacing_origin)
    scale = {"pixel_mm": spacing[1] / ratio, "plane": plane} if spacing and plane else None
    limbs = [_limb(reading, radiograph, ratio) for reading in readings]
    unit = f"mm² {plane or ''}".strip() if spacing else "px"
    content = [packed, heat["data"] if heat else "", repr((limbs, scale)), title]
    return {
        "key": hashlib.blake2b("".join(content).encode(), digest_size=12).hexdigest(),
        "width": width,
        "height": height,
        "film": packed,
        "heat": heat,
        "colours": colour_table().ravel().tolist(),
        "legend": legend_of(readings),
        "opacity": 45,
        "fill": 0 if bodies else 14,  # endplates and trabeculae must be seen
        "limbs": limbs,
        "regions": _key(readings),
        "unit": unit,
        "heights": mm_of(readings) if bodies else None,
        "shrunk": round(ratio, 4),
        "scale": scale,
        "title": title,
        "label": f"{title}. " + " ".join(f"{_named(one, len(readings))}{headline(one)}." for one in readings),
    }


def _key(readings: Sequence[Reading]) -> list[dict[str, str]]:
    """The regions that any limb of the film has, in their order, with name and colour."""
    return [
        {"name": name, "title": region_title(name), "colour": colour} for name, colour in colours_of(readings).items()
    ]


def _limb(reading: Reading, film: Radiograph, ratio: float) -> dict[str, Any]:
    """One limb's outlines in pixels of the film as it is shown; a point is the middle of its pixel."""
    pixel = film.spacing_mm[0] * film.spacing_mm[1] if film.spacing_mm else 1
    place = None if reading.vertebrae else limb_place(reading)  # bodies have their own names
    return {
        "title": limb_title(reading),
        "at": [round((value + 0.5) * ratio, 1) for value in place] if place else None,
        "outlines": {
            region.name: [[round((x + 0.5) * ratio, 1), round((y + 0.5) * ratio, 1)] for x, y in region.outline_xy]
            for region in reading.regions
            if len(region.outline_xy) > 2
        },
        "areas": {region.name: round(region.area_px * pixel) for region in reading.regions},
        "steady": {
            region.name: region.score
            for region in reading.regions
            if region.score is not None and not reading.vertebrae
        },
        "bodies": [
            {
                "name": one.level,
                "title": one.title,
                "heights": one.heights,
                "at": [round(value * ratio, 1) for value in one.at],
                "toward": one.toward,
                "tall": round(one.tall * ratio, 1),
                "colour": one.colour,
            }
            for one in body_labels(reading)
        ],
    }


def _named(reading: Reading, limbs: int) -> str:
    return f"{limb_title(reading)}: " if limbs > 1 else ""


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
