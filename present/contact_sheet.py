"""Films side by side with their outlines, such as the best, the middle and the worst of a measurement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation, binary_erosion

from core.radiograph import Mask, Pixels
from present.colours import BACKGROUND, TEXT, region_colour, rgb
from present.overlay import overlay

TRUE = (255, 255, 255)  # true outlines; those found have their region's colour
LINE_BELOW = 22  # pixels for a film's caption


@dataclass(frozen=True, eq=False)
class Tile:
    """A film [H, W] in 0..1, the masks found on it by region, the true ones where known, and a line of text."""

    film: Pixels
    found: Mapping[str, Mask]
    caption: str = ""
    true: Mapping[str, Mask] = field(default_factory=dict)


def contact_sheet(tiles: Sequence[Tile], columns: int = 3, side: int = 420) -> Image.Image:
    """The tiles in rows, each fitted into a square of `side` pixels. Raises ValueError for none."""
    if not tiles:
        raise ValueError("found no films, expected at least one to show")
    rows = -(-len(tiles) // columns)
    across = min(columns, len(tiles))
    sheet = Image.new("RGB", (across * side, rows * (side + LINE_BELOW)), BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, tile in enumerate(tiles):
        left, top = number % columns * side, number // columns * (side + LINE_BELOW)
        drawn = _drawn(tile, side)
        sheet.paste(drawn, (left + (side - drawn.width) // 2, top + (side - drawn.height) // 2))
        pen.text((left + side // 2, top + side + LINE_BELOW // 2), tile.caption, fill=TEXT, font=font, anchor="mm")
    return sheet


def _drawn(tile: Tile, side: int) -> Image.Image:
    film = overlay(tile.film, longest=side)
    grow = side / max(film.size)
    picture = film.resize((round(film.width * grow), round(film.height * grow)), Image.Resampling.BILINEAR)
    pixels = np.array(picture)
    for masks, colour in ((tile.true, TRUE), (tile.found, None)):
        for place, (name, mask) in enumerate(masks.items()):
            pixels[_edge(mask, picture.size)] = colour or rgb(region_colour(name, place))
    return Image.fromarray(pixels)


def _edge(mask: Mask, size: tuple[int, int]) -> Mask:
    """The boundary of a mask on the tile [h, w], two pixels wide."""
    small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
    edge: Mask = binary_dilation(small) & ~binary_erosion(small)
    return edge
