"""What an expert answered: from Label Studio's annotation to `LabeledCase`, one for each side that was judged."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from annotation.question import CANNOT_BE_JUDGED, REMARK, SURE, Question
from annotation.question.names import CLASS, NO, POINTS, YES
from annotation.rle import NotPacked, unpacked
from core.case import LabeledCase, Point, Polygon
from core.mask import BitMask

NEITHER, BOTH = "neither", "both"  # the label of a film that is asked two questions of yes or no
_SPECK = 1e-3  # of a region's largest piece: less than that is a slip of the hand


class NotAnAnswer(ValueError):
    """An annotation that cannot be taken for an answer to the question; the message is one sentence for a person."""


def labelled_cases(
    question: Question, case_id: str, annotation: Mapping[str, Any], annotator: str
) -> list[LabeledCase]:
    """The answers in one annotation. A film that cannot be judged is an answer too, with label None.

    annotation: as Label Studio lists it. annotator: the expert's pseudonym. Polygons and points are in percent of the
    film, as Label Studio keeps them, so they hold at whatever size the film is looked at; masks are in its pixels, the
    pieces of a region in one. Where findings are asked for, `findings` holds each that was judged, with the grades as
    `genant_<level>`, and the label joins them where all were. Raises NotAnAnswer for an annotation that is empty or
    odd, or that answers what the question does not offer.
    """
    try:
        return list(_cases(question, case_id, annotation, annotator))
    except (AttributeError, KeyError, TypeError) as error:  # of another form than Label Studio's own page sends
        raise NotAnAnswer(f"The annotation is not of the form that Label Studio sends ({error!r})") from error


def _cases(question: Question, case_id: str, annotation: Mapping[str, Any], annotator: str) -> Iterator[LabeledCase]:
    if annotation.get("was_cancelled"):
        return  # skipped: no answer was given
    given = list(annotation["result"] or ())
    chosen = _chosen(given)
    judged = _findings(question, chosen) if question.findings else _classes(question, chosen)
    if not judged:
        held = ", ".join(sorted({str(one.get("from_name")) for one in given})) or "nothing"
        expected = " or ".join(sorted(question.findings or question.class_controls.values()))
        raise NotAnAnswer(f"The annotation holds {held}, expected a choice in {expected}")
    outlines, masks, points = _polygons(given), _masks(given), _points(question, given)
    for side, (label, findings) in judged.items():
        doubted = label is None
        drawn = {region: question.region_label(region, side) for region in question.regions}
        polygons, brush = question.region_controls[side], question.brush_controls[side]
        yield LabeledCase(
            case_id=case_id,
            label=label,
            annotator=annotator,
            answered_at=_moment(annotation.get("updated_at") or annotation["created_at"]),
            recipe=question.recipe,
            side=side,
            certainty=chosen.get(SURE, (None,))[0],
            reasons=chosen.get(question.reason_controls[side], ()) if doubted else (),
            findings=findings,
            masks={region: masks[brush, name] for region, name in drawn.items() if (brush, name) in masks},
            outlines={
                region: outlines[polygons, name] for region, name in drawn.items() if (polygons, name) in outlines
            },
            points=points,
            remark=_remark(given),
        )


_Judged = dict[str | None, tuple[str | None, dict[str, str]]]  # by side: the label, and the findings


def _classes(question: Question, chosen: Mapping[str, tuple[str, ...]]) -> _Judged:
    judged: _Judged = {}
    for side, control in question.class_controls.items():
        if control in chosen:
            answer = _offered(question, control, chosen)
            judged[side] = (None if answer == CANNOT_BE_JUDGED else answer, {})
    return judged


def _findings(question: Question, chosen: Mapping[str, tuple[str, ...]]) -> _Judged:
    """The film's findings, and the one label that joins them; None unless each was judged."""
    if CLASS in chosen and not chosen.keys() & set(question.findings):
        return _joined_before(question, chosen[CLASS][0])
    said = {name: _offered(question, name, chosen) for name in question.findings if name in chosen}
    if not said:
        return {}
    judged = {name: answer for name, answer in said.items() if answer != CANNOT_BE_JUDGED}
    grades = {name: _offered(question, name, chosen) for name in question.grade_controls.values() if name in chosen}
    label = joined(judged) if judged.keys() == set(question.findings) else None
    return {None: (label, {**judged, **grades})}


def joined(findings: Mapping[str, str]) -> str:
    """One word for answers of yes or no: the finding that is there, `both`, or `neither`."""
    there = [name for name, answer in findings.items() if answer == YES]
    return NEITHER if not there else there[0] if len(there) == 1 else BOTH


def _joined_before(question: Question, label: str) -> _Judged:
    """An answer to the question as it was put before each finding had one of its own."""
    if label == CANNOT_BE_JUDGED:
        return {None: (None, {})}
    known = {NEITHER: (), BOTH: question.findings, **{name: (name,) for name in question.findings}}
    if label not in known:
        raise NotAnAnswer(f"The annotation says {label!r} in {CLASS}, expected {', '.join(known)}")
    return {None: (label, {name: YES if name in known[label] else NO for name in question.findings})}


def _offered(question: Question, control: str, chosen: Mapping[str, tuple[str, ...]]) -> str:
    answer = chosen[control][0]
    if answer not in question.offered[control]:
        *others, last = question.offered[control]
        raise NotAnAnswer(f"The annotation says {answer!r} in {control}, expected {', '.join(others)} or {last}")
    return answer


def to_pixels(outline: Polygon, width: int, height: int) -> Polygon:
    """From percent of the film to its pixels (x, y), the left upper corner at 0, 0."""
    return tuple((x * width / 100, y * height / 100) for x, y in outline)


def to_percent(outline: Polygon, width: int, height: int) -> Polygon:
    """From pixels (x, y) to percent of the film."""
    return tuple((x * 100 / width, y * 100 / height) for x, y in outline)


# -- what the results hold ------------------------------------------------------------------------------------------


def _chosen(given: list[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {
        one["from_name"]: tuple(one["value"]["choices"]) for one in given if (one.get("value") or {}).get("choices")
    }


def _remark(given: list[Mapping[str, Any]]) -> str | None:
    said: str | None = None
    for one in given:
        text = (one.get("value") or {}).get("text")
        if one.get("from_name") == REMARK and text:
            said = " ".join(text) if isinstance(text, list) else str(text)
    return said


def _polygons(given: list[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[Polygon, ...]]:
    """Every polygon by control and label, in the order drawn. Beside a region, a stray click's speck is none of it."""
    found: dict[tuple[str, str], tuple[Polygon, ...]] = {}
    for one in given:
        value = one.get("value") or {}
        if value.get("polygonlabels") and value.get("points"):
            key = (one["from_name"], value["polygonlabels"][0])
            points = _outline(value["points"], key[1])
            if len(points) >= 3:
                found[key] = (*found.get(key, ()), points)
    return {key: tuple(_without_specks(pieces)) for key, pieces in found.items()}


def _without_specks(pieces: tuple[Polygon, ...]) -> Iterator[Polygon]:
    areas = [_area(piece) for piece in pieces]
    return (piece for piece, area in zip(pieces, areas, strict=True) if area >= _SPECK * max(areas))


def _area(points: Polygon) -> float:
    """Of a polygon, by the shoelace formula, in squared units of its points."""
    following = (*points[1:], points[0])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, following, strict=True))) / 2


def _masks(given: list[Mapping[str, Any]]) -> dict[tuple[str, str], BitMask]:
    """What was painted, by control and label, all pieces together; one that was erased whole is not there."""
    found: dict[tuple[str, str], BitMask] = {}
    for one in given:
        value = one.get("value") or {}
        if not value.get("brushlabels") or "rle" not in value:
            continue
        key = (one["from_name"], value["brushlabels"][0])
        try:
            mask = unpacked(value["rle"], int(one["original_width"]), int(one["original_height"]))
        except NotPacked as fault:
            raise NotAnAnswer(f"The outline of {key[1]} cannot be read: {fault}") from fault
        if len(mask.runs) == 1:
            continue
        before = found.get(key)
        found[key] = mask if before is None else BitMask.of(before.pixels() | mask.pixels())
    return found


def _points(question: Question, given: list[Mapping[str, Any]]) -> dict[str, Point]:
    names = {question.point_label(point): point for point in question.points}
    found: dict[str, Point] = {}
    for one in given:
        value = one.get("value") or {}
        label = (value.get("keypointlabels") or (None,))[0]
        if one.get("from_name") != POINTS or label not in names:
            continue
        if names[label] in found:
            raise NotAnAnswer(f"The point {label} lies in two places, expected one; delete the one that is wrong")
        (found[names[label]],) = _outline([(value["x"], value["y"])], label)
    return found


def _outline(points: Any, region: str) -> Polygon:
    try:
        outline = tuple((float(x), float(y)) for x, y in points)
    except (TypeError, ValueError) as error:
        raise NotAnAnswer(f"The outline of {region} has a point that is no pair of numbers ({error})") from error
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in outline):
        raise NotAnAnswer(f"The outline of {region} has a point that is not finite, expected percent of the film")
    return outline


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
