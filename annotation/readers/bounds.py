"""How far two readers' drawings may lie apart and still count as one."""

from dataclasses import dataclass

from annotation.films import Facts

UNSCALED = 0.01  # of a film's longer side, in place of millimetres where it has no spacing


@dataclass(frozen=True)
class Bounds:
    """dice: the least overlap of two masks of one region. mm: the largest mean distance of their outlines, and the
    largest distance of two marks of one point; on a film without spacing, `UNSCALED` of its longer side instead."""

    dice: float = 0.8
    mm: float = 3.0

    def distance(self, film: Facts) -> float:
        """The largest distance in the film's unit: mm, or px where it has no spacing."""
        return self.mm if film.spacing_mm is not None else UNSCALED * max(film.width, film.height)


def unit_of(film: Facts) -> str:
    """What lengths on a film are told in."""
    return "px" if film.spacing_mm is None else "mm"
