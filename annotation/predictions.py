"""What the model answered, in Label Studio's own form: filled in for an expert to correct.

Nothing of it is made for a blind question, and a case of the control arm is always asked blind: it stands for the true
error rate, which an answer that was seen would lower. `said` words an answer, `filled_in` puts the words into a form:
our own, or (annotation.live) whatever a project asks.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from annotation.answers import to_percent
from annotation.films import film_path, outlines
from annotation.ledger import WorklistEntry
from annotation.policy import CONTROL
from annotation.question import Question
from annotation.question.names import FILM, GRADES, NO, POINTS, YES
from annotation.rle import packed
from core.case import Point
from core.mask import BitMask

_DOT = 0.5  # width of a key point, in percent of the film's

Kind = Literal["choices", "brushlabels", "keypointlabels"]


@dataclass(frozen=True)
class Said:
    """One thing that a model says of a film. control, label: where our own form asks for it, and what it chooses there.

    side: which limb it is about; None for the film. sure: whether `score` counts for the score of the whole. mask: of
    a region, in the film's pixels. at: of a point, in percent of the film.
    """

    kind: Kind
    control: str
    label: str
    side: str | None = None
    score: float | None = None
    sure: bool = False
    mask: BitMask | None = None
    at: Point | None = None


def is_blind(entry: WorklistEntry, preannotate: bool) -> bool:
    """Whether the expert sees nothing of the model's answer to this case."""
    return not preannotate or CONTROL in entry.reasons


def asked(question: Question, entry: WorklistEntry, preannotate: bool) -> Question:
    """The question as it is put about this case: blind, unless answers are to be shown and the case is no control."""
    if is_blind(entry, preannotate):
        return replace(question, blind=True, model="")
    return replace(question, blind=False, model=entry.model or "")


def about(question: Question, entry: WorklistEntry) -> str:
    """Which film it is, and, unless the question is blind, what the model said of it, with its scores."""
    if question.blind:
        return question.about
    texts = [text for row in _answers(question, entry.readings) for text in _in_short(row)]
    return f"{question.about}. {entry.model or 'The model'}: {'; '.join(texts)}" if texts else question.about


def _in_short(row: Mapping[str, Any]) -> Iterator[str]:
    side = f"{row['side']} " if row.get("side") else ""
    if row.get("label"):
        yield f"{side}{row['label']} {_percent((row.get('probabilities') or {}).get(row['label']))}".rstrip()
    for name, score in (row.get("scores") or {}).items():
        yield f"{side}{name.replace('_', ' ')} {YES if score['positive'] else NO} {_percent(score['probability'])}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def predictions(question: Question, entry: WorklistEntry, home: Path) -> list[dict[str, Any]]:
    """The `predictions` of a task of Label Studio: one, or none where the question is blind or nothing was answered.

    Classes and findings are choices, outlines brush masks in the very pixels that the model drew, landmarks key points,
    each result with its own score; the score of the whole is the least sure answer's. Raises FileNotFoundError where
    the film of the case is not kept.
    """
    if question.blind:
        return []
    told, size = said_of(question, entry, home)
    results = [result(one, one.control, one.kind, _value(one), size, f"{entry.case_id}:{entry.recipe}") for one in told]
    return [filled_in(results, told, entry.model or question.recipe)] if results else []


def said_of(question: Question, entry: WorklistEntry, home: Path) -> tuple[list[Said], tuple[int, int]]:
    """What the model said of a case, and its film's width and height in pixels. Raises FileNotFoundError where the film
    is not kept."""
    with Image.open(BytesIO(film_path(home, entry.case_id).read_bytes())) as picture:
        size = picture.size
    drawn = {
        row.get("side"): outlines(home, entry.case_id, entry.recipe, row.get("side"), _model(row))
        for row in _answers(question, entry.readings)
    }
    return list(said(question, entry.readings, drawn, size)), size


def filled_in(results: list[dict[str, Any]], told: Iterable[Said], model: str) -> dict[str, Any]:
    """One prediction of Label Studio; its score is the least sure of the answers told."""
    scores = [one.score for one in told if one.sure and one.score is not None]
    prediction = {"model_version": model, "result": results}
    return prediction | {"score": min(scores)} if scores else prediction


def said(
    question: Question,
    readings: Iterable[Mapping[str, Any]],
    drawn: Mapping[str | None, Mapping[str, BitMask]],
    size: tuple[int, int],
) -> Iterator[Said]:
    """What the readings of one film (lines of readings.jsonl) answer to a question.

    drawn: the regions outlined on each side, those of the film under None. size: width and height of the film in
    pixels; a mask of another size is of another film.
    """
    for row in _answers(question, readings):
        side = row.get("side") if question.sides else None
        for control, choice, score in _choices(question, side, row):
            graded = control in question.grade_controls.values()
            yield Said("choices", control, choice, side, score, sure=not graded)
        yield from _regions(question, side, row, drawn.get(side, {}), size)
        yield from _points(question, row, size)


def _answers(question: Question, readings: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The readings that answer the question: one a side, or, where limbs share one answer, the film's."""
    if question.sides:
        yield from readings
        return
    for row in list(readings)[:1]:
        film = row.get("film") or {}
        yield {**row, "side": None, **{name: film[name] for name in ("label", "probabilities") if name in film}}


def _model(row: Mapping[str, Any]) -> str | None:
    model = row.get("model")
    return f"{model['name']}@{model['version']}" if model else None


def _choices(question: Question, side: str | None, row: Mapping[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    """Control, choice and score of each answer that the question asks for."""
    control, label = question.class_controls.get(side), row.get("label")
    if control is not None and label in question.labels:
        yield control, label, (row.get("probabilities") or {}).get(label)
    for name, score in (row.get("scores") or {}).items():
        if name in question.findings:
            yes = score["probability"]
            yield name, YES if score["positive"] else NO, yes if score["positive"] else 1 - yes
    for level, body in (row.get("vertebrae") or {}).items():
        grade = str(body.get("genant"))
        if level in question.grades and grade in GRADES:
            yield question.grade_controls[level], grade, body.get("score")


def _regions(
    question: Question,
    side: str | None,
    row: Mapping[str, Any],
    drawn: Mapping[str, BitMask],
    size: tuple[int, int],
) -> Iterator[Said]:
    control = question.brush_controls.get(side)
    for region in question.regions:
        mask = drawn.get(region)
        if control is not None and mask is not None and (mask.width, mask.height) == size:
            score = (row.get("regions") or {}).get(region, {}).get("score")
            yield Said("brushlabels", control, question.region_label(region, side), side, score, mask=mask)


def _points(question: Question, row: Mapping[str, Any], size: tuple[int, int]) -> Iterator[Said]:
    """The points of each body; their (x, y) count the first pixel's middle as 0.5, as Label Studio's percent do."""
    for level, body in (row.get("vertebrae") or {}).items():
        for name, place in body["points_xy"].items():
            if f"{level}_{name}" in question.points:
                (at,) = to_percent((tuple(place),), *size)
                label = question.point_label(f"{level}_{name}")
                yield Said("keypointlabels", POINTS, label, score=body.get("score"), at=at)


def _value(one: Said) -> dict[str, Any]:
    """As our own form asks for it."""
    if one.mask is not None:
        return {"format": "rle", "rle": packed(one.mask), "brushlabels": [one.label]}
    return point_value(one.label, one.at) if one.at is not None else {"choices": [one.label]}


def point_value(label: str, at: Point) -> dict[str, Any]:
    return {"x": at[0], "y": at[1], "width": _DOT, "keypointlabels": [label]}


def result(
    one: Said, control: str, kind: str, value: dict[str, Any], size: tuple[int, int], film: str
) -> dict[str, Any]:
    """One result of a prediction. film: tells it from the results on other films, in its number."""
    what = "" if kind == "choices" else next((name[0] for key, name in value.items() if key == kind), "")
    found = {
        "id": hashlib.blake2b(f"{film}:{control}:{what}".encode(), digest_size=5).hexdigest(),  # always the same
        "from_name": control,
        "to_name": FILM,
        "type": kind,
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": value,
    }
    return found if one.score is None else {**found, "score": one.score}
