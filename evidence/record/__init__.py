"""Typed evidence: what was measured of a bundle, read from and written to plain values.

A measurement hands its plain dictionaries over at one place a task: `ClassFigures.from_plain` and its like. Whatever
stands on a card, a page or a screen is read from these types.
"""

from evidence.record.base import Counts, Curve, Difference, EvidenceError, Record
from evidence.record.classes import (
    ENSEMBLE,
    ClassFigures,
    ClassSummary,
    OneClass,
    PredictionSets,
    Reliability,
)
from evidence.record.density import Again, Agreement, DensityFigures, Projections, Repeatability, Step
from evidence.record.evidence import SCHEMA, Evidence, FigureSet
from evidence.record.landmarks import JointsFound, LandmarkFigures, VertebraeFound
from evidence.record.masks import MaskFigures, RegionOverlap
from evidence.record.scores import Question, ScoreAnswer, ScoreFigures, UndecidedRange
from evidence.record.views import ViewCounts, ViewFigures

__all__ = [
    "ENSEMBLE",
    "SCHEMA",
    "Again",
    "Agreement",
    "ClassFigures",
    "ClassSummary",
    "Counts",
    "Curve",
    "DensityFigures",
    "Difference",
    "Evidence",
    "EvidenceError",
    "FigureSet",
    "JointsFound",
    "LandmarkFigures",
    "MaskFigures",
    "OneClass",
    "PredictionSets",
    "Projections",
    "Question",
    "Record",
    "RegionOverlap",
    "Reliability",
    "Repeatability",
    "ScoreAnswer",
    "ScoreFigures",
    "Step",
    "UndecidedRange",
    "VertebraeFound",
    "ViewCounts",
    "ViewFigures",
]
