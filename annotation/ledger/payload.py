"""An expert's answer as plain JSON values, and back: what the ledger keeps of a `LabeledCase`."""

from collections.abc import Mapping
from typing import Any, Final

from core.case import LabeledCase, Polygon
from core.mask import BitMask

CLASS: Final = "class"  # the part of an answer that is its label, with certainty, reasons and remark


def columns(answer: LabeledCase) -> dict[str, Any]:
    """The answer's own columns; what it does not name is None, so that unknown is never kept as absent."""
    return {
        "label": answer.label,
        "annotator": answer.annotator,
        "answered_at": answer.answered_at,
        "certainty": answer.certainty,
        "reasons": list(answer.reasons) or None,
        "findings": dict(answer.findings) or None,
        "masks": {region: mask_to_json(mask) for region, mask in answer.masks.items()} or None,
        "outlines": {region: [list(map(list, piece)) for piece in drawn] for region, drawn in answer.outlines.items()}
        or None,
        "points": {name: list(point) for name, point in answer.points.items()} or None,
        "remark": answer.remark,
    }


def labeled_case(case_id: str, recipe: str, kept: Mapping[str, Any]) -> LabeledCase:
    """The answer that these columns hold. side: "" in a column is None in an answer."""
    return LabeledCase(
        case_id=case_id,
        label=kept["label"],
        annotator=kept["annotator"],
        answered_at=kept["answered_at"],
        recipe=recipe,
        side=kept["side"] or None,
        certainty=kept["certainty"],
        reasons=tuple(kept["reasons"] or ()),
        findings=dict(kept["findings"] or {}),
        masks={region: mask_from_json(mask) for region, mask in (kept["masks"] or {}).items()},
        outlines={region: _pieces(drawn) for region, drawn in (kept["outlines"] or {}).items()},
        points={name: (x, y) for name, (x, y) in (kept["points"] or {}).items()},
        remark=kept["remark"],
    )


def parts(answer: LabeledCase) -> dict[str, dict[str, Any]]:
    """What an answer decides, each part for itself: its class, and each region, point and finding that it names.

    An answer without label, reasons and certainty that names regions, points or findings decides those alone; without
    them, it says that the film cannot be judged.
    """
    kept = columns(answer)
    named: dict[str, dict[str, Any]] = {}
    for field in ("masks", "outlines", "points", "findings"):
        for name, value in (kept[field] or {}).items():
            named.setdefault(name, {}).setdefault(field, {})[name] = value
    judged = answer.label is not None or answer.reasons or answer.certainty or not named
    of_class = {name: kept[name] for name in ("label", "certainty", "reasons", "remark")}
    return ({CLASS: of_class} if judged else {}) | named


def joined(parts_now: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of an answer from its parts; of two that name the same, the later in the list stands."""
    whole: dict[str, Any] = dict.fromkeys(
        ("label", "certainty", "reasons", "remark", "findings", "masks", "outlines", "points")
    )
    for part in parts_now:
        for field, value in part.items():
            whole[field] = {**(whole[field] or {}), **value} if isinstance(value, dict) else value
    return whole


def mask_to_json(mask: BitMask) -> dict[str, Any]:
    return {"width": mask.width, "height": mask.height, "runs": list(mask.runs)}


def mask_from_json(kept: Mapping[str, Any]) -> BitMask:
    return BitMask(kept["width"], kept["height"], tuple(kept["runs"]))


def _pieces(drawn: list[Any]) -> tuple[Polygon, ...]:
    """The polygons of one region; a ledger written before regions came in pieces holds the points of one."""
    pieces = drawn if drawn and isinstance(drawn[0][0], list) else [drawn]
    return tuple(tuple((x, y) for x, y in piece) for piece in pieces)
