"""A film with what several readers drew on it, for the film viewer: a switch for each of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.radiograph import Pixels
from present.overlay import colour_table, shrunk
from present.still import PLANES
from present.viewer import LONGEST_SIDE, pack_film

Piece = Sequence[tuple[float, float]]  # a closed line of points (x, y) in pixels of the film
_MARK = 0.004  # half the width of a point's mark, of the film's longer side


@dataclass(frozen=True)
class Drawing:
    """What one of them drew. name: without spaces; pieces: closed lines by limb; marks: points by limb; told: what it
    is in words, by limb. colour and dash tell it from the others."""

    name: str
    title: str
    colour: str
    dash: tuple[float, ...]
    pieces: Mapping[str, Sequence[Piece]]
    marks: Mapping[str, Piece]
    told: Mapping[str, str]


def packed(film: Pixels) -> tuple[str, str, int, int]:
    """The film's pixels for the viewer, and a name for them: packed once, however often its outlines change."""
    small = shrunk(film, LONGEST_SIDE)
    text = pack_film(small)
    return text, hashlib.blake2b(text.encode(), digest_size=12).hexdigest(), small.shape[1], small.shape[0]


def compared_data(
    film: tuple[str, str, int, int],
    width: int,
    spacing: tuple[float | None, str],
    limbs: Mapping[str, str],
    drawings: Sequence[Drawing],
    title: str,
) -> dict[str, Any]:
    """What the viewer needs, as JSON values.

    film: as `packed` gives it. width: the film's own, in pixels. spacing: across, mm a pixel or None, and where it
    comes from. limbs: titles by key.
    """
    text, key, shown_width, height = film
    ratio = shown_width / width
    across, origin = spacing
    plane = PLANES.get(origin)
    mark = _MARK * max(shown_width, height)
    sides: list[dict[str, Any]] = [
        {
            "title": name,
            "at": None,
            "outlines": {
                one.name: [
                    *([[(x * ratio), (y * ratio)] for x, y in piece] for piece in one.pieces.get(limb, ())),
                    *(_diamond(x * ratio, y * ratio, mark) for x, y in one.marks.get(limb, ())),
                ]
                for one in drawings
            },
            "areas": {one.name: one.told[limb] for one in drawings if one.told.get(limb)},
            "steady": {},
            "bodies": [],
        }
        for limb, name in limbs.items()
    ]
    sources = [{"name": one.name, "title": one.title, "colour": one.colour, "dash": list(one.dash)} for one in drawings]
    return {
        "key": hashlib.blake2b(repr((key, sides, sources, title)).encode(), digest_size=12).hexdigest(),
        "film_key": key,
        "width": shown_width,
        "height": height,
        "film": text,
        "heat": None,
        "colours": colour_table().ravel().tolist(),
        "legend": ("", "", ""),
        "opacity": 0,
        "fill": 0,  # what lies within an outline must be seen
        "limbs": sides,
        "regions": sources,
        "readers": True,
        "unit": "",
        "heights": None,
        "shrunk": round(ratio, 4),
        "scale": {"pixel_mm": across / ratio, "plane": plane} if across and plane else None,
        "title": title,
        "label": f"{title}. Outlines by {', '.join(one.title for one in drawings) or 'nobody'}.",
    }


def _diamond(x: float, y: float, half: float) -> list[list[float]]:
    return [[x - half, y], [x, y - half], [x + half, y], [x, y + half]]
