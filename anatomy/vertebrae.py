"""Vertebral bodies on a lateral film: found by six points each, measured, and graded."""

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
from core.vertebra import LEVELS, Vertebra
from evidence.genant import Norm, graded, heights_of, losses
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

SURE = 0.4  # share of a point's heat that must lie around one place
FEWEST = 3  # bodies from which the spine's own measure can be taken
ORDER = (0, 1, 2, 5, 4, 3)  # the six points around the body

Array = npt.NDArray[np.float64]


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
