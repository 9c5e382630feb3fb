"""The stored words of a DICOM film without burnt-in text, and without anything in their unused bits."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final, Literal

import numpy as np
from PIL import Image

from core.radiograph import Box, Pixels
from core.refusal import Code, Notice, NoticeCode
from imaging.files.decode import Words
from imaging.files.header import Header
from imaging.files.layout import Layout
from imaging.grey import tone_of
from imaging.person.text import (
    LOOKS,
    Corners,
    TextLine,
    corners_of,
    distinct,
    look_alike,
    painted_over,
    suspicion,
    text_lines,
)

Verdict = Literal["clear", "paint"]
_PAINTED: Final = "Burnt-in text was painted over ({count} line(s)); look whether all of it went."


@dataclass(frozen=True, eq=False)
class CleanPixels:
    """Right-aligned frames and their layout; painted: how many lines were painted over.

    suspected: boxes of what may be text on the first frame that has any; picture: that frame as a grey PNG.
    """

    frames: list[Words]
    layout: Layout
    painted: int
    suspected: tuple[Box, ...]
    picture: bytes
    notices: tuple[Notice, ...]


def clean_pixels(
    frames: list[tuple[Words, int]], header: Header, layout: Layout, verdict: Verdict | None
) -> CleanPixels:
    """The frames with certain text painted over. verdict: what a person said of the rest; None where nobody looked."""
    mask = (1 << layout.stored) - 1
    cleaned: list[Words] = []
    suspected: tuple[Box, ...] = ()
    painted, picture = 0, b""
    for number, (frame, precision) in enumerate(frames):
        shift = layout.high_bit - layout.stored + 1 if precision > layout.high_bit else 0
        kept = frame.dtype.type(mask & np.iinfo(frame.dtype).max)
        words: Words = ((frame >> shift) & kept).astype(frame.dtype, copy=False)
        of_frame, aligned = header.of_frame(number), replace(layout, high_bit=layout.stored - 1)
        boxes: tuple[Box, ...] = ()
        for _ in range(LOOKS):
            lines = _text_in(words, precision, of_frame, aligned)
            boxes = tuple(line.box for line in lines if not line.certain)
            if not any(line.certain for line in lines):
                break
            _paint(words, [line.corners for line in lines if line.certain], mask, layout)
            painted += distinct(lines)
        if not boxes and not painted and (header.text("BurnedInAnnotation") or "").upper() == "YES":
            boxes = ((0, 0, layout.columns, layout.rows),)
        if boxes and verdict == "paint":
            _paint(words, [corners_of(box) for box in boxes], mask, layout)
            painted += len(boxes)
        if boxes and verdict is None and not suspected:
            suspected, picture = boxes, _png(_seen(words, precision, of_frame, aligned)[-1])
        cleaned.append(words)
    notices: tuple[Notice, ...] = ()
    if painted:
        notices += (Notice(Code.BURNED_IN_TEXT, _PAINTED.format(count=painted)),)
    if suspected:
        notices += (Notice(NoticeCode.TEXT_SUSPECTED, suspicion(suspected)),)
    return CleanPixels(cleaned, replace(layout, high_bit=layout.stored - 1), painted, suspected, picture, notices)


def _text_in(words: Words, precision: int, header: Header, layout: Layout) -> tuple[TextLine, ...]:
    """Text as the stored values show it and as the film's own window does."""
    return tuple(line for grey in _seen(words, precision, header, layout) for line in text_lines(grey))


def _seen(words: Words, precision: int, header: Header, layout: Layout) -> list[Pixels]:
    raw = words.max(2) if words.ndim == 3 else words
    stored = (raw / np.float32(max(int(raw.max()), 1))).astype(np.float32)
    if words.ndim == 3:
        return [stored]
    shown = tone_of(header, layout, words, min(precision, layout.stored), 0).pixels(words)
    return [shown] if look_alike(stored, shown) else [stored, shown]


def _paint(words: Words, quadrangles: list[Corners], mask: int, layout: Layout) -> None:
    for channel in np.moveaxis(words, -1, 0) if words.ndim == 3 else [words]:
        # Two's complement is not in the order of the values; with its sign bit turned it is.
        turn = channel.dtype.type(1 << (layout.stored - 1) if layout.signed else 0)
        levels = ((channel ^ turn) / np.float32(mask)).astype(np.float32)
        kept = painted_over(levels, quadrangles)
        channel[~kept] = np.rint(levels[~kept] * mask).astype(words.dtype) ^ turn


def _png(grey: Pixels) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()
