"""Landmarks of a manifest's row."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.example import Example


def landmarks_of(example: Example) -> dict[str, tuple[float, float]]:
    """Landmarks of a row on its film, the middle of the first pixel at 0.5; none where there are none."""
    return {name: (place[0] + 0.5, place[1] + 0.5) for name, place in _said(example).items() if place is not None}


def laid(example: Example, on: Callable[[npt.ArrayLike], npt.NDArray[np.float64]]) -> Example:
    """The row with its landmarks on another film. on: takes places [N, 2] of the one to the other; on both, the middle
    of the first pixel is 0.5."""
    said = _said(example)
    there = landmarks_of(example)
    if not there:
        return example
    moved = dict(zip(there, on(list(there.values())) - 0.5, strict=True))
    told = {name: list(map(float, moved[name])) if name in moved else None for name in said}
    return replace(example, others={**example.others, "landmarks": json.dumps(told)})


def known_of(example: Example, names: Sequence[str], complete: bool) -> npt.NDArray[np.bool_]:
    """Which of these landmarks a row knows [K]: those that it names, be it as `null`, which says that one is not on the
    film; all of them where its landmarks are complete, as in a simulated cohort, so that one it does not name is not on
    the film either. The others are unknown, which is not absent."""
    if complete:
        return np.full(len(names), True)
    said = _said(example)
    return np.array([name in said for name in names])


def _said(example: Example) -> dict[str, Sequence[float] | None]:
    """The row's column as it came."""
    known = example.others.get("landmarks")
    return json.loads(known) if known else {}
