"""From a network's logit to a probability with its decision threshold, by what a bundle keeps of the network."""

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.scores import Line, scaled


def decode(logit: float, facts: Mapping[str, Any], score: str, loss: float | None) -> tuple[float, Line]:
    """A question's probability from its logit, and its decision threshold, by what a bundle keeps of the network.

    loss: of height by the most broken body, None where it was not measured; with it and without, a question has scales
    and thresholds of its own.
    """
    heights = facts.get("heights", {})
    if loss is None or score not in heights.get("weight", {}):
        slope, shift = facts["scale"][score]
        return float(scaled(logit, (slope, shift))), Line.of(facts, score)
    slope, shift = heights["scale"][score]
    return float(scaled(logit, (slope, shift), heights["weight"][score] * loss)), Line.of(heights, score)


def lines_of(facts: Mapping[str, Any], scores: Sequence[str], measured: bool = True) -> list[Line]:
    """A network's thresholds [S]: those with measured heights where it has them, or those without."""
    return [decode(0.0, facts, score, 0.0 if measured else None)[1] for score in scores]
