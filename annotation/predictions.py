"""What the model answered, in Label Studio's own form: filled in for an expert to correct.

Nothing of it is made for a blind question, and a case of the control arm is always asked blind: it stands for the true
error rate, which an answer that was seen would lower.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from annotation.answers import to_percent
from annotation.films import film_path, outlines
from annotation.ledger import WorklistEntry
from annotation.policy import CONTROL
from annotation.question import Question
from annotation.question.names import FILM, GRADES, NO, POINTS, YES
from annotation.rle import packed
from core.mask import BitMask

_DOT = 0.5  # width of a key point, in percent of the film's


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
    said = [text for row in _answers(question, entry) for text in _said(row)]
    return f"{question.about}. {entry.model or 'The model'}: {'; '.join(said)}" if said else question.about


def _said(row: Mapping[str, Any]) -> Iterator[str]:
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
    with Image.open(BytesIO(film_path(home, entry.case_id).read_bytes())) as picture:
        size = picture.size
    results: list[dict[str, Any]] = []
    scores: list[float] = []
    for row in _answers(question, entry):
        side = row.get("side") if question.sides else None
        for control, choice, score in _choices(question, side, row):
            results.append(_result(entry, size, control, "choices", {"choices": [choice]}, score))
            scores += [score] if score is not None and not control.startswith("genant") else []
        drawn = outlines(home, entry.case_id, entry.recipe, side, _model(row))
        results += _masks(question, entry, side, row, drawn, size)
        results += _points(question, entry, row, size)
    if not results:
        return []
    filled_in = {"model_version": entry.model or question.recipe, "result": results}
    return [filled_in | {"score": min(scores)} if scores else filled_in]


def _answers(question: Question, entry: WorklistEntry) -> Iterator[Mapping[str, Any]]:
    """The readings that answer the question: one a side, or, where limbs share one answer, the film's."""
    if question.sides:
        yield from entry.readings
        return
    for row in entry.readings[:1]:
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


def _masks(
    question: Question,
    entry: WorklistEntry,
    side: str | None,
    row: Mapping[str, Any],
    drawn: Mapping[str, BitMask],
    size: tuple[int, int],
) -> Iterator[dict[str, Any]]:
    control = question.brush_controls.get(side)
    for region in question.regions:
        mask = drawn.get(region)
        if control is None or mask is None or (mask.width, mask.height) != size:
            continue
        value = {"format": "rle", "rle": packed(mask), "brushlabels": [question.region_label(region, side)]}
        score = (row.get("regions") or {}).get(region, {}).get("score")
        yield _result(entry, size, control, "brushlabels", value, score)


def _points(
    question: Question, entry: WorklistEntry, row: Mapping[str, Any], size: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """The points of each body; their (x, y) count the first pixel's middle as 0.5, as Label Studio's percent do."""
    for level, body in (row.get("vertebrae") or {}).items():
        for name, place in body["points_xy"].items():
            if f"{level}_{name}" in question.points:
                ((x, y),) = to_percent((tuple(place),), *size)
                value = {"x": x, "y": y, "width": _DOT, "keypointlabels": [question.point_label(f"{level}_{name}")]}
                yield _result(entry, size, POINTS, "keypointlabels", value, body.get("score"))


def _result(
    entry: WorklistEntry,
    size: tuple[int, int],
    control: str,
    kind: str,
    value: dict[str, Any],
    score: float | None,
) -> dict[str, Any]:
    what = next((value[name][0] for name in ("brushlabels", "keypointlabels") if name in value), "")
    name = f"{entry.case_id}:{entry.recipe}:{control}:{what}"
    result = {
        "id": hashlib.blake2b(name.encode(), digest_size=5).hexdigest(),  # the same whenever it is made
        "from_name": control,
        "to_name": FILM,
        "type": kind,
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": value,
    }
    return result if score is None else {**result, "score": score}
