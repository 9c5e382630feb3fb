"""Figures of the task `landmarks`: joints and vertebrae found by points."""

from evidence.figure import Figure
from evidence.record.base import Counts, Record
from evidence.record.scores import ScoreAnswer


class JointsFound(Record):
    """Joints on validation films. Errors are shares of the joint's unit length. joints: what they are, as a plural."""

    joints: str = "femora"
    shape_checked: bool = False
    limbs: int
    missed: int
    invented: int
    median_error: dict[str, float | None] = {}
    largest_error_in_95_of_100: dict[str, float | None] = {}


class Typical(Record):
    """The median, and below what 95 of 100 lie."""

    median: float
    of_95: float


class Grade(Record):
    bodies: int
    sensitivity: Figure
    specificity: Figure


class VertebraeFound(Record):
    """Vertebral bodies found, and graded by their heights (Genant). grades[truth][answer]: bodies."""

    bodies: int
    found: int
    invented: int
    point_mm: Typical | None = None
    height_share: Typical | None = None
    grades: list[list[int]] = []
    grade_kappa: float | None = None
    by_grade: dict[str, Grade] = {}
    fracture_by_heights: ScoreAnswer | None = None


class LandmarkFigures(Counts):
    """One set of films."""

    landmarks: JointsFound | None = None
    vertebrae: VertebraeFound | None = None
