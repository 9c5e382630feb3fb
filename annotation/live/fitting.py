"""A model's answer in the words of whatever a project asks.

Where a project has our own form, the answer is what a push fills in. Elsewhere a choice or label is found by its words
(`Femoral neck (R)` says what `femoral_neck_R` says), an outline goes in as a brush mask, polygons or a box, and what
nothing in the interface can say is left out with a sentence.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.live.interface import Control, Interface, Words, words_of
from annotation.predictions import Said, point_value, result
from annotation.question.names import CLASS, YES
from annotation.rle import packed
from core.mask import BitMask

_OUTLINES = ("brushlabels", "polygonlabels", "rectanglelabels")
_COARSE = 0.5  # pixels by which a polygon's edge may leave the mask's

Size = tuple[int, int]  # width and height of the film in pixels


@dataclass(frozen=True)
class Fitted:
    """The results that an interface takes, what of the answer they say, and sentences on what is left out."""

    results: list[dict[str, Any]]
    told: list[Said]
    notes: list[str]


def fitted(told: Sequence[Said], interface: Interface, size: Size, film: str, why: Iterable[str] = ()) -> Fitted:
    """An answer as this interface takes it.

    film: tells its results from those on other films. why: sentences that go with the answer, whatever fits.
    """
    results: list[dict[str, Any]] = []
    sent: list[Said] = []
    chosen: dict[str, list[tuple[Said, str]]] = {}
    left_out: dict[str, None] = {}
    for one in told:
        place = _place(one, interface, told)
        if isinstance(place, str):
            left_out[place] = None
        elif place is not None and one.kind == "choices":
            chosen.setdefault(place[0].name, []).append((one, place[1]))
        elif place is not None:
            results += _drawn(one, *place, size, film)
            sent.append(one)
    controls = {control.name: control for control in interface.of_kind("choices")}
    for name, choices in chosen.items():
        labels = list(dict.fromkeys(label for _, label in choices))
        if len(labels) > 1 and not controls[name].several:
            left_out[f"{' and '.join(labels)} ({name} takes one choice)"] = None
            continue
        least = min((one for one, _ in choices), key=lambda one: 1.0 if one.score is None else one.score)
        results.append(_result(least, controls[name], "choices", {"choices": labels}, size, film))
        sent += [one for one, _ in choices]
    notes = list(why)
    if left_out:
        notes.append(f"Left out, since this project's interface has no place for it: {', '.join(left_out)}")
    if interface.note is not None and notes:
        text = {"text": [" ".join(f"{note.rstrip('.')}." for note in notes)]}
        results.append(_result(Said("choices", "", ""), interface.note, "textarea", text, size, film))
    return Fitted(results, sent, notes)


def _place(one: Said, interface: Interface, told: Sequence[Said]) -> tuple[Control, str] | str | None:
    """The control and label that say this; what is left out, in words; or None where silence says it."""
    own = next((c for c in interface.controls if (c.name, c.kind) == (one.control, one.kind)), None)
    if own is not None and one.label in own.labels:
        return own, one.label
    if one.kind == "choices":
        return _choice(one, interface, told)
    kinds = _OUTLINES if one.kind == "brushlabels" else (one.kind,)
    found = _best(one.side, words_of(one.label), interface.of_kind(*kinds))
    return found[:2] if found else one.label


def _choice(one: Said, interface: Interface, told: Sequence[Said]) -> tuple[Control, str] | str | None:
    choices = list(interface.of_kind("choices"))
    if words_of(one.control) == {CLASS}:
        found = _best(one.side, words_of(one.label), choices)
        others = {other.label for other in told if words_of(other.control) == {CLASS}}
        if found and one.side and not found[2] and len(others) > 1:
            return f"{' or '.join(sorted(others))} (the sides differ, and {found[0].name} asks once)"
        return found[:2] if found else f"{one.label} {one.side or ''}".strip()
    asked = [control for control in choices if control.named(words_of(one.control))]
    found = _best(one.side, words_of(one.label), asked)
    if found is None:  # a list of findings, to tick those that are there
        ticked = _best(one.side, words_of(one.control), [control for control in choices if control.several])
        if ticked:
            return ticked[:2] if one.label == YES else None
    return found[:2] if found else f"{one.control.replace('_', ' ')} {one.label}"


def _best(side: str | None, words: Words, controls: Iterable[Control]) -> tuple[Control, str, str | None] | None:
    """The first control and label that say this of this side, or, failing that, of no side in particular; with whose
    side it is."""
    found = [(control, label, its) for control in controls for label, its in control.labels_saying(words)]
    return next(iter([one for wanted in (side, None) for one in found if one[2] == wanted]), None)


def _drawn(one: Said, control: Control, label: str, size: Size, film: str) -> Iterator[dict[str, Any]]:
    value: dict[str, Any]
    if one.at is not None:
        yield _result(one, control, "keypointlabels", point_value(label, one.at), size, film)
    elif one.mask is not None and control.kind == "brushlabels":
        value = {"format": "rle", "rle": packed(one.mask), "brushlabels": [label]}
        yield _result(one, control, "brushlabels", value, size, film)
    elif one.mask is not None and control.kind == "rectanglelabels":
        yield _result(one, control, "rectanglelabels", {**_box(one.mask), "rectanglelabels": [label]}, size, film)
    elif one.mask is not None:
        for number, points in enumerate(_polygons(one.mask)):
            value = {"points": points, "closed": True, "polygonlabels": [label]}
            yield _result(one, control, "polygonlabels", value, size, f"{film}:{number}")


def _result(one: Said, control: Control, kind: str, value: dict[str, Any], size: Size, film: str) -> dict[str, Any]:
    return result(one, control.name, kind, value, size, f"{film}:{one.side}") | {"to_name": control.film}


def _box(mask: BitMask) -> dict[str, Any]:
    """In percent of the film."""
    pixels = mask.pixels()
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return {
        "x": float(100 * left / mask.width),
        "y": float(100 * top / mask.height),
        "width": float(100 * (right - left) / mask.width),
        "height": float(100 * (bottom - top) / mask.height),
        "rotation": 0,
    }


def _polygons(mask: BitMask) -> Iterator[list[list[float]]]:
    """Around each piece of a mask, in percent of the film; holes are filled."""
    import cv2  # takes a while to load, and most projects take masks

    found, _ = cv2.findContours(mask.pixels().astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for piece in found:
        edge = cv2.approxPolyDP(piece, _COARSE, closed=True)[:, 0].astype(float) + 0.5  # the middle of each pixel
        if len(edge) >= 3:
            yield [[float(100 * x / mask.width), float(100 * y / mask.height)] for x, y in edge]
