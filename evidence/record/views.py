"""Figures of the network of views, whose real films are few and come from many places: counts a source."""

from evidence.figure import Figure
from evidence.record.base import Record


class ViewCounts(Record):
    """One source of films. share_right: over distinct films, copies once. surely_wrong: another view predicted with at
    least 80 % confidence, or rejected as out of distribution. taken_for: films by true and by predicted view."""

    films: int
    distinct: int
    right: int
    share_right: Figure
    by_view: dict[str, Figure]
    surely_right: int
    surely_wrong: int
    by_distance_alone: int
    taken_for: dict[str, dict[str, int]]
    learned_from: bool | None = None
    refused_before: int | None = None


class ViewFigures(Record):
    """virtual: by scanner. left_out: real films by source, each by a network trained without that source. real: the
    same by the network that ships. pictures: generated non-radiographs, by kind."""

    virtual: dict[str, ViewCounts] = {}
    left_out: dict[str, ViewCounts] = {}
    real: dict[str, ViewCounts] = {}
    pictures: dict[str, ViewCounts] = {}
