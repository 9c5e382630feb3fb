"""Vertebral bodies on a lateral film: found by six points each, measured, and graded after Genant et al. 1993."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from anatomy.vertebral_body import is_whole, look_closer
from anatomy.vertebral_row import row_of
from anatomy.vertebral_walk import walk
from core.radiograph import Radiograph
from core.regions import Region
from core.vertebra import POINTS, Vertebra
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10")  # from the sacrum up
FRACTURE = "vertebral_fracture"  # the score on which measured heights weigh
OUTPUTS = tuple(f"{level}_{point}" for level in LEVELS for point in POINTS)
SURE = 0.4  # share of a point's heat that must lie around one place
GRADES = (0.20, 0.25, 0.40)  # from which share of height lost on a grade begins
INTACT_BACK = 0.15  # less of the back's height lost than this: a body is judged against its own back
FEWEST = 3  # bodies from which the spine's own measure can be taken
ORDER = (0, 1, 2, 5, 4, 3)  # the six points around the body

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Norm:
    """Heights of intact bodies, front, middle and back by level, as shares of the mean back height of one spine."""

    heights: dict[str, tuple[float, float, float]]

    @classmethod
    def learn(cls, spines: Sequence[Mapping[str, Array]]) -> "Norm":
        """From spines without a fracture, whole: heights [3] by level. Raises ValueError where there is none."""
        whole = [spine for spine in spines if set(LEVELS) <= set(spine)]
        if not whole:
            raise ValueError(
                "found no unbroken spine with all its points, expected some to learn the heights of intact bodies from"
            )
        shares = [
            np.array([spine[level] for level in LEVELS]) / np.mean([spine[level][2] for level in LEVELS])
            for spine in whole
        ]
        mean = np.mean(shares, 0).round(4)
        return cls({level: (float(f), float(m), float(b)) for level, (f, m, b) in zip(LEVELS, mean, strict=True)})


def heights_of(points: npt.NDArray[np.floating]) -> Array:
    """Front, middle and back height [3] of six points [6, 2] in the order of `POINTS`."""
    upper, lower = np.asarray(points, float).reshape(2, 3, 2)
    return np.asarray(np.linalg.norm(upper - lower, axis=1))


def losses(heights: Mapping[str, Array], norm: Norm) -> dict[str, Array]:
    """Share of height lost in front, in the middle and behind [3], by level.

    The spine's own size is the median over its bodies of height against the norm: a few broken bodies do not move it.
    A body whose back stands is judged against its own back, for which neighbours and the beam's slant matter less.
    """
    against = {level: own / np.array(norm.heights[level]) for level, own in heights.items()}
    size = float(np.median([ratio for ratios in against.values() for ratio in ratios]))
    lost = {}
    for level, ratios in against.items():
        to_spine = 1 - ratios / size
        own_back = 1 - ratios / ratios[2]
        lost[level] = np.array([own_back[0], own_back[1], 0.0]) if to_spine[2] < INTACT_BACK else to_spine
    return lost


def graded(lost: Array) -> tuple[int, str, float]:
    """Genant's grade, its kind and the share lost that it stands for, from losses in front, middle and behind [3]."""
    front, middle, back = lost
    most = float(max(lost))
    grade = sum(most >= bound for bound in GRADES)
    if not grade:
        return 0, "none", max(most, 0.0)
    kind = "crush" if back >= GRADES[0] else "wedge" if front >= middle else "biconcave"
    return grade, kind, most


def judged(
    found: Mapping[str, tuple[Array, float]], norm: Norm, spacing_mm: tuple[float, float] | None
) -> list[Vertebra]:
    """Vertebrae from points [6, 2] on the film and how sure they are, by level; too few bodies are not graded."""
    scale = np.array([spacing_mm[1], spacing_mm[0]]) if spacing_mm else np.ones(2)
    heights = {level: heights_of(points * scale) for level, (points, _) in found.items()}
    lost = losses(heights, norm) if len(heights) >= FEWEST else {}
    vertebrae = []
    for level, (points, sure) in found.items():
        grade, kind, most = graded(lost[level]) if level in lost else (None, None, None)
        front, middle, back = (float(one) for one in heights[level])
        vertebrae.append(
            Vertebra(
                level,
                tuple((float(x), float(y)) for x, y in points),
                (front, middle, back),
                "mm" if spacing_mm else "px",
                grade,
                kind,
                most,
                sure,
            )
        )
    return vertebrae


def greatest_loss(bodies: Sequence[Vertebra]) -> float | None:
    """Share of its height that the most broken body lost; None where none is graded."""
    return max((body.loss for body in bodies if body.loss is not None), default=None)


def mirrored(film: Radiograph) -> Radiograph:
    """The film seen from the other side."""
    valid = None if film.valid is None else np.ascontiguousarray(film.valid[:, ::-1])
    return replace(film, pixels=np.ascontiguousarray(film.pixels[:, ::-1]), valid=valid)


@dataclass(frozen=True, eq=False)
class Row:
    """Vertebral bodies as seen on a film: points [6, 2] in pixels and confidence, by level from the sacrum up.

    turned: whether the belly is on the film's right; the points then lie on the film as seen from the other side.
    """

    bodies: dict[str, tuple[Array, float]]
    turned: bool


def find_row(film: Radiograph, finder: Node, on: torch.device) -> Row:
    """The row as a first look at the whole film finds it. The network learned from films with the belly on the left, so
    it looks both ways, and the surer look counts."""
    inputs = Preprocess.from_dict(finder.preprocessing)
    best, surest = Row({}, False), -1.0
    for turn in (False, True):
        seen = mirrored(film) if turn else film
        points, sure = engine.find(finder, inputs.grey(seen), on)
        found = row_of(sure_bodies(inputs.points_back(points, seen), sure), LEVELS)
        total = sum(one for _, one in found.values())
        if total > surest:
            best, surest = Row(found, turn), total
    return best


def look_closer_at(film: Radiograph, row: Row, closer: Node, on: torch.device) -> Row:
    """The row after a closer look at each body, and at the places beside them where another must stand."""
    seen = mirrored(film) if row.turned else film
    looked = row_of(look_closer(seen, row.bodies, closer, on), LEVELS)
    more = walk(seen, looked, LEVELS, closer, on) if len(row.bodies) > 1 else looked  # a single body may be none
    return replace(row, bodies=more)


def measured(film: Radiograph, row: Row, norm: Norm) -> list[Vertebra]:
    """The bodies of a row that lie wholly on the film, measured and graded, in pixels of the film."""
    whole = {level: body for level, body in row.bodies.items() if is_whole(body[0], film)}
    if row.turned:
        whole = {level: (np.abs(points - (film.width, 0)), sure) for level, (points, sure) in whole.items()}
    return judged(whole, norm, film.spacing_mm)


def find_vertebrae(film: Radiograph, finders: Sequence[Node], on: torch.device) -> tuple[list[Vertebra], bool]:
    """The bodies on a film from the sacrum up, and whether the belly is on its right.

    finders: the network that finds the row, and, if there is one, the network that looks closer at each body.
    """
    finder, *closer = finders
    row = find_row(film, finder, on)
    for network in closer:
        row = look_closer_at(film, row, network, on)
    return measured(film, row, norm_of(finder)), row.turned


def sure_bodies(places: Array, sure: npt.NDArray[np.floating]) -> dict[str, tuple[Array, float]]:
    """Levels whose six points are all sure and lie as those of a body do, each above the one before."""
    found: dict[str, tuple[Array, float]] = {}
    for number, level in enumerate(LEVELS):
        rows = slice(6 * number, 6 * number + 6)
        points, least = places[rows], float(np.min(sure[rows]))
        upright = (points[:3, 1] < points[3:, 1]).all()
        above = all(points[:, 1].mean() < other[:, 1].mean() for other, _ in found.values())
        if least >= SURE and upright and above:
            found[level] = (points, least)
    return found


def norm_of(finder: Node) -> Norm:
    """The heights of intact bodies that came with the finder."""
    return Norm({level: (one[0], one[1], one[2]) for level, one in finder.facts["norm"].items()})


def facts_of(norm: Norm) -> dict[str, Any]:
    """As a bundle keeps it."""
    return {"norm": {level: list(one) for level, one in norm.heights.items()}}


def as_region(body: Vertebra, film: Radiograph) -> Region:
    """A body's outline as a region of the film; its mask may be empty where it lies beyond the edge."""
    around = [body.points[number] for number in ORDER]
    picture = Image.new("1", (film.width, film.height))
    ImageDraw.Draw(picture).polygon([(x - 0.5, y - 0.5) for x, y in around], fill=1)
    outline = tuple((round(x - 0.5, 2), round(y - 0.5, 2)) for x, y in around)
    return Region(body.level, np.asarray(picture), outline, round(body.sure, 4))
