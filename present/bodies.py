"""Vertebral bodies as they are written on their film: level, Genant grade and three heights, in front of the bone."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.reading import Reading
from core.vertebra import Vertebra
from present.colours import GRADES, NOT_GRADED, region_colour

ROUND = (0, 1, 2, 5, 4, 3)  # the six points around the body
Point = tuple[float, float]


@dataclass(frozen=True)
class BodyLabel:
    """What stands beside a body. at: (x, y) on the film, just off its front edge; toward: -1 where the belly is on the
    picture's left, 1 where it is on the right, which is where the words run; tall: the body's height in film pixels.
    title: level and grade; heights: in front, in the middle, behind. outline: (x, y) of the six points, in a round.
    """

    level: str
    title: str
    heights: str
    at: Point
    toward: int
    tall: float
    colour: str
    outline: tuple[Point, ...]


def body_labels(reading: Reading) -> list[BodyLabel]:
    """One a body, from the sacrum up. Words run away from the spine, over soft tissue, so that no bone is covered."""
    return [_label(body) for body in reading.vertebrae]


def grade_title(body: Vertebra) -> str:
    """A body's grade and kind in words."""
    if body.grade is None:
        return "not graded"
    return f"grade {body.grade} {body.kind if body.grade else ''}".strip()


def grade_colour(grade: int | None) -> str:
    return NOT_GRADED if grade is None else GRADES[grade]


def colours_of(readings: Sequence[Reading]) -> dict[str, str]:
    """The colour of every region of a film's limbs: a body's by its grade, any other's its own."""
    graded = {body.level: grade_colour(body.grade) for reading in readings for body in reading.vertebrae}
    colours: dict[str, str] = {}
    for reading in readings:
        for region in reading.regions:
            colours.setdefault(region.name, graded.get(region.name) or region_colour(region.name, len(colours)))
    return colours


def grade_key(readings: Sequence[Reading]) -> dict[str, str]:
    """Which colour is which grade, of those on the film; empty without bodies."""
    grades = {body.grade for reading in readings for body in reading.vertebrae}
    key = {f"Genant grade {grade}": GRADES[grade] for grade in sorted(one for one in grades if one is not None)}
    return key | ({"Not graded": NOT_GRADED} if None in grades else {})


def _label(body: Vertebra) -> BodyLabel:
    front_upper, _, back_upper, front_lower, _, back_lower = body.points
    toward = 1 if front_upper[0] + front_lower[0] > back_upper[0] + back_lower[0] else -1
    foremost = max(front_upper[0] * toward, front_lower[0] * toward) * toward
    down = [y for _, y in body.points]
    return BodyLabel(
        body.level,
        f"{body.level} {grade_title(body)}",
        " / ".join(f"{height:.1f}" for height in body.heights) + f" {body.unit}",
        (foremost, (front_upper[1] + front_lower[1]) / 2),
        toward,
        max(down) - min(down),
        grade_colour(body.grade),
        tuple(body.points[number] for number in ROUND),
    )
