"""Burnt-in text: names, numbers and dates that a console has written into the pixels.

A line of text is three or more glyphs side by side: strokes of one thin width, sharp against what lies around them,
of one height and on one base line. One or two letters alone are a side marker of lead, which the reader needs and
which identifies nobody, so they stay. Beside the anatomy a line is painted over whole; over the anatomy its strokes
alone are, and the reader is warned, for a little of the film goes with them.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from scipy import ndimage

from core.radiograph import Mask, Pixels
from imaging.thumbnail import thumbnail

_SIDE: Final = 1400  # pixels of the longer side at which strokes of small print still show
_STROKE: Final = 9  # pixels that the widest stroke takes at that size
CONTRAST: Final = 0.3  # of the film's range, between stroke and ground
FEWEST_GLYPHS: Final = 3
MANY_GLYPHS: Final = 5  # from which on chance makes no line, and blurred ones may differ more
_HEIGHTS: Final = (6, 60)
ALIKE: Final = 0.06  # of the film's range: how far the glyphs of one line differ in brightness; ribs by 0.08 and more
PEN: Final = 0.9  # of the film's range: consoles write in white or black
FADED_PEN: Final = 0.75  # of many glyphs, whose thin strokes a lossy file has blurred
LEVEL: Final = 0.7  # share of the glyphs that stand on the base line; g, j, p, q, y reach below it
QUIET: Final = 0.04  # of the film's range: how far the grey of air or of a label strays from one value
MOST_QUIET: Final = 0.85  # share of the ground around a line that must keep to two such values


Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class TextLine:
    """Half-open box on the film, left, top, right, bottom, and whether it lies beside the anatomy."""

    box_xyxy: tuple[int, int, int, int]
    beside: bool


def text_lines(pixels: Pixels) -> tuple[TextLine, ...]:
    """The lines of text on a film, top to bottom."""
    grey, step = thumbnail(pixels, _SIDE)
    if min(grey.shape) < 32:
        return ()
    found: list[TextLine] = []
    for strokes, pen in zip(_strokes(grey), (grey, 1 - grey), strict=True):
        for box in _lines(_glyphs(strokes), pen):
            beside = _beside(grey, strokes, box)
            if beside or pen is grey:  # black letters stand on white labels; over anatomy they are gaps between bones
                left, top, right, bottom = (edge * step for edge in box)
                right, bottom = min(right + step, pixels.shape[1]), min(bottom + step, pixels.shape[0])
                found.append(TextLine((left, top, right, bottom), beside))
    return tuple(sorted(set(found), key=lambda line: (line.box_xyxy[1], line.box_xyxy[0])))


def painted_over(pixels: Pixels, lines: tuple[TextLine, ...]) -> Mask | None:
    """Paint the lines with the grey around them, in place; False where that was done, None if nowhere.

    A line beside the anatomy goes with its box, one over it by its strokes.
    """
    film: Mask | None = None
    for line in lines:
        film = np.ones(pixels.shape, bool) if film is None else film
        left, top, right, bottom = line.box_xyxy
        margin = max(2, (bottom - top) // 4)
        place = slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)
        patch = pixels[place]
        if line.beside:
            rim = np.ones(patch.shape, bool)
            rim[2:-2, 2:-2] = False
            patch[:] = np.median(patch[rim])
            film[place] = False
            continue
        width = max(5, 2 * (bottom - top) // 3) | 1
        ground = ndimage.median_filter(patch, width, mode="nearest")
        strokes = ndimage.binary_dilation(abs(patch - ground) > CONTRAST / 3, iterations=2)
        ground = ndimage.median_filter(np.where(strokes, ground, patch), width, mode="nearest")
        patch[strokes] = ground[strokes]
        film[place] &= ~strokes
    return film


def _strokes(grey: Pixels) -> tuple[Mask, ...]:
    """What is thin and much brighter, or darker, than what lies around it: both top-hats over the contrast."""
    levels, contrast, square = (grey * 255).astype(np.uint8), int(CONTRAST * 255), np.ones((_STROKE, _STROKE), np.uint8)
    return tuple(cv2.morphologyEx(levels, hat, square) > contrast for hat in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))


def _glyphs(strokes: Mask) -> list[Box]:
    """Boxes of the connected strokes that have a letter's or digit's proportions."""
    if not strokes.any():
        return []
    _, _, parts, _ = cv2.connectedComponentsWithStats(strokes.view(np.uint8), connectivity=8)
    left, top, width, height, area = parts[1:].T  # the first part is the ground
    filled = area / (width * height)
    letter = (height >= _HEIGHTS[0]) & (height <= _HEIGHTS[1]) & (width >= 0.1 * height) & (width <= 1.6 * height)
    letter &= (filled >= 0.2) & (filled <= np.where(width < 0.4 * height, 1.0, 0.8))
    boxes = np.stack([left, top, left + width, top + height], axis=1)[letter]
    return [(box[0], box[1], box[2], box[3]) for box in boxes.tolist()]


def _lines(glyphs: list[Box], pen: Pixels) -> list[Box]:
    """Boxes of glyphs in a row: alike in height and brightness, level, no further apart than they are tall."""
    rows: list[list[Box]] = []
    for glyph in sorted(glyphs):
        for row in rows:
            last = row[-1]
            tall, short = max(_height(last), _height(glyph)), min(_height(last), _height(glyph))
            level = min(abs(last[3] - glyph[3]), abs(last[1] - glyph[1])) <= 0.15 * tall + 1
            if level and short >= 0.6 * tall and -0.3 * tall <= glyph[0] - last[2] <= tall:
                row.append(glyph)
                break
        else:
            rows.append([glyph])
    return [
        (row[0][0], min(g[1] for g in row), max(g[2] for g in row), max(g[3] for g in row))
        for row in rows
        if len(row) >= FEWEST_GLYPHS and _alike(row, pen)
    ]


def _alike(row: list[Box], pen: Pixels) -> bool:
    """One pen wrote them on one base line: the strongest of each glyph is white, or black, and all but equal."""
    bottoms, heights = np.array([box[3] for box in row]), np.array([_height(box) for box in row])
    level = abs(bottoms - np.median(bottoms)) <= 0.08 * heights.max() + 1
    tones = np.array([np.percentile(pen[top:bottom, left:right], 95) for left, top, right, bottom in row])
    many = len(row) >= MANY_GLYPHS
    one_pen = np.ptp(tones) <= (2 if many else 1) * ALIKE and tones.min() >= (FADED_PEN if many else PEN)
    return bool(one_pen and level.mean() >= LEVEL and heights.min() >= 0.55 * heights.max())


def _height(box: Box) -> int:
    return box[3] - box[1]


def _beside(grey: Pixels, strokes: Mask, box: Box) -> bool:
    """Whether the ground around a line is quiet, as air, a margin or a label is and anatomy is not."""
    left, top, right, bottom = box
    reach = max(3, _height(box) // 2)
    rows, columns = slice(max(0, top - reach), bottom + reach), slice(max(0, left - reach), right + reach)
    ground = grey[rows, columns][~ndimage.binary_dilation(strokes[rows, columns], iterations=2)]
    if ground.size < 20:
        return True
    first = abs(ground - np.median(ground)) <= QUIET
    rest = ground[~first]
    second = abs(rest - np.median(rest)) <= QUIET if rest.size else rest
    return bool(first.sum() + second.sum() >= MOST_QUIET * ground.size)
