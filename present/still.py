"""One film as a still picture: outlines and answers of all its limbs, and the map of where they came from."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont as Font

from core.radiograph import Pixels
from core.reading import Reading
from present.bodies import BodyLabel, body_labels, colours_of, grade_key
from present.colours import BACKGROUND, MUTED, TEXT, rgb
from present.overlay import colour_table, overlay, shows
from present.wording import (
    COUNT_AGAIN,
    DISCLAIMER,
    class_title,
    joined_sentence,
    limb_title,
    lower_first,
    region_title,
    score_title,
    verdict,
)

FILL = 0.14  # of a region's colour within its outline: bone must be seen through it
FULL_DENSITY = 3.0  # g/cm2 at the end of the colour bar: the densest ray through most proximal femora
PLANES = {"detector": "at the detector", "calibrated": "in the body", "marker": "at the marker"}  # where a mm is one
ABOVE = ("femur", "total_hip")  # drawn first, so that the smaller regions lie on them


def still(readings: Sequence[Reading], longest: int = 1600) -> Image.Image:
    """The film of these readings as an RGB picture, at most `longest` pixels a side but for the lines below it.

    readings: of one film, a limb each. Raises ValueError where they bring no film.
    """
    film = next((one.radiograph for one in readings if one.radiograph is not None), None)
    if film is None:
        raise ValueError("found readings without a film, expected those of a film that was read")
    picture = overlay(film.pixels, joint_map(readings), longest=longest)
    ratio = picture.width / film.width
    drawn = [region for reading in readings for region in reading.regions if len(region.outline_xy) > 2]
    unit = max(picture.size) / 800
    font = ImageFont.load_default(max(11, round(15 * unit)))
    assert isinstance(font, Font)
    measured = any(one.density is not None for one in readings)
    if measured:
        _colour_bar(picture, legend_of(readings), font)
    colours, bodies = colours_of(readings), [label for reading in readings for label in body_labels(reading)]
    for region in sorted(drawn, key=lambda one: _rank(one.name)):
        colour = colours[region.name]
        line = [((x + 0.5) * ratio, (y + 0.5) * ratio) for x, y in region.outline_xy]
        if not measured and not bodies:  # a tint would pass for density, or hide a body's trabeculae
            filled = picture.copy()
            ImageDraw.Draw(filled).polygon(line, fill=colour)
            picture = Image.blend(picture, filled, FILL)
        ImageDraw.Draw(picture).line([*line, line[0]], fill=colour, width=max(1, round(1.6 * unit)), joint="curve")
    pen = ImageDraw.Draw(picture)
    for reading in readings:
        place = limb_place(reading)
        if place is not None and not reading.vertebrae:  # bodies have their own names
            x, y = (value * ratio for value in place)
            pen.text(
                (x, max(font.size * 1.4, y - 6 * unit)), limb_title(reading), fill=TEXT, font=font, anchor="mb",
                stroke_width=max(2, round(2 * unit)), stroke_fill="black",
            )  # fmt: skip
    picture = _labelled(picture, bodies, ratio, unit)
    names = sorted({region.name for region in drawn}, key=_rank, reverse=True)
    key = grade_key(readings) or {region_title(name): colours[name] for name in names}
    return _captioned(picture, readings, key, font)


def legend_of(readings: Sequence[Reading]) -> tuple[str, str, str]:
    """What the map's colours mean: the title, the word at the low end and the one at the high end."""
    if any(one.density is not None for one in readings):
        return "Bone mineral on each ray", "0", f"{FULL_DENSITY:g} g/cm²"
    explained = {one.explains for one in readings if one.explanation is not None}
    named = explained.pop() if len(explained) == 1 else None  # the two limbs of a film may be of two classes
    if named is None:
        return "Where the answer came from", "Little", "much weight"
    scored = any(one.estimate is not None and named in one.estimate.scores for one in readings)
    title = score_title(named) if scored else class_title(named)
    return f"Evidence for {lower_first(title)}", "Little", "much weight"


def joint_map(readings: Sequence[Reading]) -> Pixels | None:
    """The maps of a film's limbs as one in 0..1, the stronger where they meet: bone density where it was measured, else
    what the answer came from; None where none shows anything."""
    densities = [one.density for one in readings if one.density is not None]
    if densities:
        return np.clip(np.maximum.reduce(densities) / FULL_DENSITY, 0, 1)
    maps = [one.explanation for one in readings if one.explanation is not None and shows(one.explanation)]
    return np.maximum.reduce(maps) if maps else None


def mm_of(readings: Sequence[Reading]) -> str:
    """What lengths on a film are told in: mm and the plane where they are ones, or px."""
    film = next((one.radiograph for one in readings if one.radiograph is not None), None)
    if film is None or film.spacing_mm is None:
        return "px"
    return f"mm {PLANES.get(film.spacing_origin, '')}".strip()


def limb_place(reading: Reading) -> tuple[float, float] | None:
    """Where a limb's name stands on its film (x, y): above the middle of its outlines; None where it has none."""
    points = [point for region in reading.regions for point in region.outline_xy]
    if not points:
        return None
    across, down = [x for x, _ in points], [y for _, y in points]
    return (min(across) + max(across)) / 2, min(down)


def _labelled(picture: Image.Image, bodies: Sequence[BodyLabel], ratio: float, unit: float) -> Image.Image:
    """Each body's words in front of it; where they would leave the film, it gets a black margin on that side."""
    if not bodies:
        return picture
    font = ImageFont.load_default(max(10, round(min(12 * unit, min(one.tall for one in bodies) * ratio * 0.42))))
    assert isinstance(font, Font)
    gap, halo = font.size * 0.8, max(2, round(1.5 * unit))
    ends = []
    for one in bodies:
        long = max(font.getlength(one.title), font.getlength(one.heights)) + gap + 2 * halo
        ends.append(one.at[0] * ratio + one.toward * long)
    left, right = max(0, -min(ends)), max(0, max(ends) - picture.width)
    wide = Image.new("RGB", (round(picture.width + left + right), picture.height), "black")
    wide.paste(picture, (round(left), 0))
    pen = ImageDraw.Draw(wide)
    for one in bodies:
        x, y = one.at[0] * ratio + one.toward * gap + round(left), one.at[1] * ratio
        side = "l" if one.toward > 0 else "r"
        write = partial(pen.text, font=font, stroke_width=halo, stroke_fill="black")
        write((x, y - halo), one.title, fill=one.colour, anchor=f"{side}s")
        write((x, y + halo), one.heights, fill=TEXT, anchor=f"{side}t")
    return wide


def _colour_bar(picture: Image.Image, legend: tuple[str, str, str], font: Font) -> None:
    """In the upper right corner: which colour is which density."""
    title, low, high = legend
    step, width = round(font.size * 1.5), round(font.size * 9)
    right, top = picture.width - step, step
    table = colour_table()[:, :3]
    bar = Image.fromarray(np.repeat(table[None], max(4, step // 2), axis=0)).resize((width, max(4, step // 2)))
    pen = ImageDraw.Draw(picture)
    write = partial(pen.text, fill=TEXT, font=font, stroke_width=2, stroke_fill="black")
    write((right, top), title, anchor="rm")
    picture.paste(bar, (right - width, top + step * 2 // 3))
    write((right - width, top + step * 7 // 4), low, anchor="lm")
    write((right, top + step * 7 // 4), high.replace("²", "2"), anchor="rm")  # which the font lacks


def _rank(name: str) -> int:
    return ABOVE.index(name) if name in ABOVE else len(ABOVE)


def _captioned(
    picture: Image.Image, readings: Sequence[Reading], colours: Mapping[str, str], font: Font
) -> Image.Image:
    """Below the film: which colour is which region, what was answered of each limb, and what this is not."""
    step = round(font.size * 1.6)
    edge = step // 2
    learned = next((one.model.learned_from for one in readings if one.model and one.model.learned_from), "")
    small_print = f"{DISCLAIMER} {f'Learned from {lower_first(learned)}.' if learned else ''}"
    answers = [f"{limb_title(reading)}: {verdict(reading)}" for reading in readings]
    places, x, y = [], edge, edge
    for title, colour in colours.items():
        width = round(font.getlength(title)) + 2 * step
        if x > edge and x + width - step > picture.width:
            x, y = edge, y + step
        places.append((x, y, title, colour))
        x += width
    y += step if places else 0
    together = joined_sentence(readings)
    lines = [(line, TEXT) for line in (*answers, *([together] if together else ()))]
    if any(reading.vertebrae for reading in readings):
        heights = (
            f"Beside each body: its heights in front, in the middle and behind, in {mm_of(readings)}. {COUNT_AGAIN}"
        )
        lines += [(line, MUTED) for line in _lines(heights, picture.width - 2 * edge, font)]
    lines += [(line, MUTED) for line in _lines(small_print, picture.width - 2 * edge, font)]
    page = Image.new("RGB", (picture.width, picture.height + y + step * len(lines) + edge), BACKGROUND)
    page.paste(picture)
    pen = ImageDraw.Draw(page)
    for x, down, title, colour in places:
        top = picture.height + down
        pen.rectangle((x, top + step // 5, x + step * 3 // 5, top + step * 4 // 5), fill=rgb(colour))
        pen.text((x + step * 4 // 5, top + step // 2), title, fill=TEXT, font=font, anchor="lm")
    for number, (line, ink) in enumerate(lines):
        pen.text((edge, picture.height + y + step * number + step // 2), line, fill=ink, font=font, anchor="lm")
    return page


def _lines(text: str, width: int, font: Font) -> list[str]:
    """The text broken at spaces into lines no wider than the picture."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
