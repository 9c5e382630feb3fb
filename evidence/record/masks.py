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
    """One set of films, by network and region."""

    outlines: dict[str, dict[str, RegionOverlap]] = {}
