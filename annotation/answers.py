"""What an expert answered: from Label Studio's annotation to `LabeledCase`, one for each side that was judged."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from annotation.labelling import CANNOT_BE_JUDGED, REMARK, Question
from core.case import LabeledCase, Polygon


class NotAnAnswer(ValueError):
    """An annotation that cannot be taken for an answer to the question; the message is one sentence for a person."""


def labelled_cases(
    question: Question, case_id: str, annotation: Mapping[str, Any], annotator: str
) -> list[LabeledCase]:
    """The answers in one annotation. A film that cannot be judged is an answer too, with label None.

    annotation: as Label Studio lists it. annotator: the expert's pseudonym. Outlines are in percent of the film, as
    Label Studio keeps them, so they hold at whatever size the film is looked at. Raises NotAnAnswer for one that is
    empty or odd, or that answers what the question does not offer.
    """
    try:
        return _cases(question, case_id, annotation, annotator)
    except (AttributeError, KeyError, TypeError) as error:  # of another form than Label Studio's own page sends
        raise NotAnAnswer(f"The annotation is not of the form that Label Studio sends ({error!r})") from error


def _cases(question: Question, case_id: str, annotation: Mapping[str, Any], annotator: str) -> list[LabeledCase]:
    if annotation.get("was_cancelled"):
        return []  # skipped: no answer was given
    chosen: dict[str, str] = {}
    outlines: dict[tuple[str, str], Polygon] = {}
    remark: str | None = None
    for region in annotation["result"] or ():
        name, value = region.get("from_name"), region.get("value") or {}
        if value.get("choices"):
            chosen[name] = value["choices"][0]
        elif name == REMARK and value.get("text"):
            text = value["text"]
            remark = " ".join(text) if isinstance(text, list) else str(text)
        elif value.get("polygonlabels") and value.get("points"):
            key = (name, value["polygonlabels"][0])
            points = _points(value["points"], key[1])
            if key not in outlines or _area(points) > _area(outlines[key]):  # a stray click makes a speck of its own
                outlines[key] = points
    controls = set(question.class_controls.values())
    if not controls & chosen.keys():
        held = ", ".join(sorted({str(region.get("from_name")) for region in annotation["result"] or ()})) or "nothing"
        raise NotAnAnswer(f"The annotation holds {held}, expected a choice in {' or '.join(sorted(controls))}")
    for control in sorted(controls & chosen.keys()):
        if chosen[control] not in (*question.labels, CANNOT_BE_JUDGED):
            raise NotAnAnswer(
                f"The annotation says {chosen[control]!r} in {control}, expected {', '.join(question.labels)} "
                f"or {CANNOT_BE_JUDGED}"
            )
    return [
        LabeledCase(
            case_id=case_id,
            label=None if chosen[control] == CANNOT_BE_JUDGED else chosen[control],
            annotator=annotator,
            answered_at=_moment(annotation.get("updated_at") or annotation["created_at"]),
            recipe=question.recipe,
            side=side,
            outlines={region: (piece,) for region, piece in _of_side(question, side, outlines)},
            remark=remark,
        )
        for side, control in question.class_controls.items()
        if control in chosen
    ]


def to_pixels(outline: Polygon, width: int, height: int) -> Polygon:
    """From percent of the film to its pixels (x, y), the left upper corner at 0, 0."""
    return tuple((x * width / 100, y * height / 100) for x, y in outline)


def to_percent(outline: Polygon, width: int, height: int) -> Polygon:
    """From pixels (x, y) to percent of the film."""
    return tuple((x * 100 / width, y * 100 / height) for x, y in outline)


def _of_side(
    question: Question, side: str | None, outlines: dict[tuple[str, str], Polygon]
) -> Iterator[tuple[str, Polygon]]:
    for region in question.regions:
        key = (question.region_controls[side], question.region_label(region, side))
        if key in outlines:
            yield region, outlines[key]


def _points(points: Any, region: str) -> Polygon:
    try:
        outline = tuple((float(x), float(y)) for x, y in points)
    except (TypeError, ValueError) as error:
        raise NotAnAnswer(f"The outline of {region} has a point that is no pair of numbers ({error})") from error
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in outline):
        raise NotAnAnswer(f"The outline of {region} has a point that is not finite, expected percent of the film")
    return outline


def _area(points: Polygon) -> float:
    """Of a polygon, by the shoelace formula, in squared units of its points."""
    following = (*points[1:], points[0])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, following, strict=True))) / 2


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
