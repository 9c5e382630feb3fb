"""Burnt-in text: names, numbers and dates that a console has written into the pixels.

A text network says where a film seems to show text and what it reads there. What reads as a word, a number or a date
is certain, and is painted over, wherever it stands. A letter or two are a side marker of lead, which the reader needs
and which names nobody: they stay. What looks like text and cannot be read is suspected: it is left for a person to look
at, and until then the film goes nowhere (`Radiograph.suspected`).
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from core.radiograph import Box, Mask, Pixels
from imaging.person.looked import looked_at
from imaging.person.ocr import Corners, Grey, Seen, places

SIDE: Final = 960  # pixels of the longer side at which the network sees both small print and large
LETTERS: Final = 3  # from which on it is no side marker
SURE: Final = 0.85  # of the words, from which on a place is certain to be text
# What cannot be read is suspect by how much it looks like text and how long it is for its height. One letter alone, or
# a marker that the film's edge cuts, is up to two and a half times as long as high.
HALF_SURE, HALF_LIKE = 0.6, 0.4  # of words that can be made out, and of the detector's score
LINE, LIKE_TEXT = 2.5, 0.45
LONG_LINE, HARDLY_LIKE = 3.5, 0.3
LOWEST: Final = 12.5  # pixels of the network's picture; the smallest print that was planted is 14 high
HIGHEST: Final = 115.0  # so high no console prints; a row of vertebrae looks like such a line
_IDEOGRAPHS: Final = "\u2e7f"  # letters from here on are such, kana or hangul
LOOKS: Final = 3  # a line is sometimes seen in part: once that is painted over, the rest is
LARGEST: Final = 4.0  # times that a small film is enlarged for the network
_LEAST_SIDE: Final = 32
_ALIKE: Final = 12  # levels of 255
_RIM: Final = 8  # pixels around a line from which it is filled


@dataclass(frozen=True, eq=False)
class TextLine:
    """corners: [4, 2], x and y on the film. certain: it is text; otherwise it may be."""

    corners: Corners
    certain: bool

    @property
    def box(self) -> Box:
        """Left, top, right, bottom on the film, half open."""
        (left, top), (right, bottom) = np.floor(self.corners.min(0)), np.ceil(self.corners.max(0))
        return max(0, int(left)), max(0, int(top)), int(right), int(bottom)


def text_lines(pixels: Pixels) -> tuple[TextLine, ...]:
    """What is, or may be, text on a film, top to bottom. Of films looked at before it is remembered."""
    if min(pixels.shape) < _LEAST_SIDE:
        return ()
    told = looked_at(pixels, lambda film: [[line.corners.tolist(), line.certain] for line in _looked_for(film)])
    return tuple(TextLine(np.array(corners, np.float32), certain) for corners, certain in told)


def _looked_for(pixels: Pixels) -> tuple[TextLine, ...]:
    grey, scale = _seen_by_network(pixels)
    judged = [(seen, verdict) for seen in places(grey) if (verdict := _judged(seen)) is not None]
    lines = [TextLine(seen.corners / scale, certain) for seen, certain in judged]
    known = [line.box for line in lines if line.certain]
    lines = [line for line in lines if line.certain or not any(_mostly_in(line.box, box) for box in known)]
    return tuple(sorted(lines, key=lambda line: (line.box[1], line.box[0])))


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A film without its certain text. film: bool [H, W], False where that was painted over; None for nowhere.

    lines: how many were painted over. suspected: what may be text and was left.
    """

    pixels: Pixels
    film: Mask | None = None
    lines: int = 0
    suspected: tuple[Box, ...] = ()


def cleaned(pixels: Pixels) -> Cleaned:
    """The film with every certain line painted over; without any, the very same pixels."""
    now = Cleaned(pixels)
    for _ in range(LOOKS):
        lines = text_lines(now.pixels)
        now = replace(now, suspected=tuple(line.box for line in lines if not line.certain))
        certain = [line.corners for line in lines if line.certain]
        if not certain:
            break
        painted = now.pixels.copy() if now.film is None else now.pixels
        film = painted_over(painted, certain)
        film = film if now.film is None else now.film & film
        now = Cleaned(painted, film, now.lines + distinct(lines), now.suspected)
    return now


def look_alike(one: Pixels, other: Pixels) -> bool:
    """Whether the network would be shown all but the same picture of both, or its negative."""
    first, second = (_seen_by_network(pixels)[0].astype(np.int16) for pixels in (one, other))
    return bool(min(abs(first - second).max(), abs(first + second - 255).max()) <= _ALIKE)


def corners_of(box: Box) -> Corners:
    """The corners [4, 2] of a box."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def without(pixels: Pixels, boxes: tuple[Box, ...]) -> Pixels:
    """A copy with these boxes painted over, because a person says that text stands in them."""
    painted = pixels.copy()
    painted_over(painted, [corners_of(box) for box in boxes])
    return painted


def distinct(lines: tuple[TextLine, ...]) -> int:
    """How many certain lines there are, one seen both ways counted once."""
    boxes = [line.box for line in lines if line.certain]
    return sum(not any(_mostly_in(box, other) for other in boxes[:place]) for place, box in enumerate(boxes))


def _mostly_in(box: Box, other: Box) -> bool:
    """Whether half of a box lies in another: the same line, seen twice."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    return 2 * max(wide, 0) * max(tall, 0) >= (box[2] - box[0]) * (box[3] - box[1])


def suspicion(suspected: tuple[Box, ...]) -> str:
    """In a sentence for whoever reads the film."""
    return (
        f"At {len(suspected)} place(s) the film may show text that cannot be told for certain; it leaves this machine "
        "only after a person has looked at it."
    )


def painted_over(pixels: Pixels, quadrangles: list[Corners]) -> Mask:
    """Paint each quadrangle [4, 2] with what stands around it, in place; False where that was done."""
    film = np.ones(pixels.shape, bool)
    for corners in quadrangles:
        wide = np.rint(_widened(corners)).astype(np.int32)
        left, top = np.maximum(wide.min(0) - _RIM, 0)
        right, bottom = np.minimum(wide.max(0) + 1 + _RIM, pixels.shape[::-1])
        place = slice(top, max(top, bottom)), slice(left, max(left, right))
        patch = np.ascontiguousarray(pixels[place], np.float32)
        if not patch.size:
            continue
        hole = np.zeros(patch.shape, np.uint8)
        cv2.fillConvexPoly(hole, wide - (left, top), 1)
        filled = cv2.inpaint(patch, hole, 3, cv2.INPAINT_NS)
        pixels[place] = np.where(hole > 0, np.clip(filled, patch.min(), patch.max()), patch)
        film[place] &= hole == 0
    return film


def _widened(corners: Corners) -> Corners:
    """The quadrangle with a margin for what compression spread around the strokes."""
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    margin = max(2.0, 0.15 * float(min(np.linalg.norm(along), np.linalg.norm(down))))
    along = along / max(float(np.linalg.norm(along)), 1e-6) * margin
    down = down / max(float(np.linalg.norm(down)), 1e-6) * margin
    out = np.stack([-along - down, along - down, along + down, down - along])
    return (corners + out).astype(np.float32)


def _judged(seen: Seen) -> bool | None:
    """True for text, False for what may be, None for what is none: bone, or a side marker."""
    letters = [letter for letter in seen.words if letter.isalnum()]
    weight = sum(2 if letter > _IDEOGRAPHS else 1 for letter in letters)  # a name of two ideographs is a whole one
    word = weight >= LETTERS and len(set(letters)) > 1
    if word and seen.sure >= SURE:
        return True
    if not LOWEST <= seen.height <= HIGHEST:  # nothing so low can be read
        return None
    if word and seen.sure >= HALF_SURE and seen.score >= HALF_LIKE:
        return False
    long = seen.oblong >= LINE and seen.score >= LIKE_TEXT
    return False if long or (seen.oblong >= LONG_LINE and seen.score >= HARDLY_LIKE) else None


def _seen_by_network(pixels: Pixels) -> tuple[Grey, float]:
    """The film at the network's size, its tones spread, and by how much it was scaled."""
    few = pixels[:: max(1, pixels.shape[0] // 300), :: max(1, pixels.shape[1] // 300)]
    low, high = (float(value) for value in np.percentile(few, (1, 99)))
    if high - low < 1e-6:
        low, high = float(pixels.min()), float(pixels.max())
    spread = 255 / max(high - low, 1e-6)
    scale = min(SIDE / max(pixels.shape), LARGEST)
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.clip((small - low) * spread, 0, 255).astype(np.uint8), scale
