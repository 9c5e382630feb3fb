"""Figures of the task `masks`: regions outlined on the film."""

from evidence.figure import Figure
from evidence.record.base import Counts, Record


class RegionOverlap(Record):
    """One region's outlines against the true ones. found: the share with an IoU of 0.5 or more."""

    films: int
    iou: Figure
    dice: Figure
    boundary_mm: Figure
    boundary_95_mm: Figure | None = None
    found: Figure


class MaskFigures(Counts):
    """One set of films, by network and region. outlines_by_body: the same by the kind of bones that simulated
    patients have, where there are several."""

    outlines: dict[str, dict[str, RegionOverlap]] = {}
    outlines_by_body: dict[str, dict[str, dict[str, RegionOverlap]]] = {}
