"""A film with an expert's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from core.mask import BitMask

Point = tuple[float, float]
Polygon = tuple[Point, ...]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class LabeledCase:
    """What came back from an expert: who (pseudonym), when, and what.

    label: None where the film cannot be judged; `reasons` then say why. certainty: in the expert's own words, as
    offered. findings: a grade or a yes/no a structure, by its name, where the question asks for more than a class.
    masks: drawn regions of the film as uploaded, pixel for pixel. outlines: polygons by region in percent of the film,
    one a piece. points: landmarks by name, (x, y) in percent of the film. A region, point or finding that is not named
    is unknown, never absent.
    """

    case_id: str
    label: str | None
    annotator: str
    answered_at: datetime
    recipe: str
    side: str | None = None
    certainty: str | None = None
    reasons: tuple[str, ...] = ()
    findings: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    masks: Mapping[str, BitMask] = field(default_factory=lambda: _NOTHING)
    outlines: Mapping[str, tuple[Polygon, ...]] = field(default_factory=lambda: _NOTHING)
    points: Mapping[str, Point] = field(default_factory=lambda: _NOTHING)
    remark: str | None = None
