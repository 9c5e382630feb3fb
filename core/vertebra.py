"""One vertebral body on a lateral film: where it is, how high, and how it is graded."""

from dataclasses import dataclass
from typing import Any

LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10")  # from the sacrum up
# The six points, in order: front, middle and back of the upper endplate, then of the lower one.
POINTS = ("front_upper", "middle_upper", "back_upper", "front_lower", "middle_lower", "back_lower")
OUTPUTS = tuple(f"{level}_{point}" for level in LEVELS for point in POINTS)  # what marks a whole row
HEIGHTS = ("front", "middle", "back")


@dataclass(frozen=True)
class Vertebra:
    """points: (x, y) on the film as uploaded, in the order of `POINTS`. heights: front, middle and back in `unit`: mm
    in the plane of the film's pixel spacing (larger than life where that is the detector's), or px where that is not
    known. grade: 0 to 3 and kind after Genant et al. 1993; loss: the share of height lost that the grade stands for;
    None where too little of the spine is seen to tell. sure: the least sure of the six points, 0..1.
    """

    level: str
    points: tuple[tuple[float, float], ...]
    heights: tuple[float, float, float]
    unit: str
    grade: int | None
    kind: str | None
    loss: float | None
    sure: float

    def row(self) -> dict[str, Any]:
        """As a line of readings.jsonl names it."""
        return {
            "points_xy": {name: [round(v, 2) for v in at] for name, at in zip(POINTS, self.points, strict=True)},
            "heights": {name: round(height, 2) for name, height in zip(HEIGHTS, self.heights, strict=True)},
            "unit": self.unit,
            "genant": self.grade,
            "kind": self.kind,
            "height_lost": None if self.loss is None else round(self.loss, 3),
            "score": round(self.sure, 4),
        }
