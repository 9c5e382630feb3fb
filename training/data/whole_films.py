"""Whole films with the landmarks on them: what the finder learns from."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from anatomy.femur import FEMUR
from anatomy.joint import SIDES, Joint, Points
from core.radiograph import Radiograph, Side
from core.refusal import Refused
from imaging import read_radiograph
from imaging.preprocess import Preprocess
from training.data.limbs import landmarks_of
from training.data.manifest import Example, Manifest

Tell = Callable[[int, int], None]
FILM_PX = 384  # films are kept at this size, so that a close-up of one still has detail


@dataclass(frozen=True, eq=False)
class WholeFilms:
    """films: uint8 [N, FILM_PX, FILM_PX], padded to a square. points: [N, K, 2] (x, y) as shares of the square in the
    order of the joint's `outputs`, NaN where not on the film. patients: one a film."""

    films: npt.NDArray[np.uint8]
    points: npt.NDArray[np.float32]
    patients: tuple[str, ...]

    def rows(self, rows: Sequence[int]) -> "WholeFilms":
        """Some of them."""
        return WholeFilms(self.films[rows], self.points[rows], tuple(self.patients[row] for row in rows))

    def joined(self, other: "WholeFilms") -> "WholeFilms":
        """These and others."""
        return WholeFilms(
            np.concatenate([self.films, other.films]),
            np.concatenate([self.points, other.points]),
            (*self.patients, *other.patients),
        )


def gather(manifest: Manifest, joint: Joint, workers: int = 1, tell: Tell | None = None) -> WholeFilms:
    """Read every film of a manifest once. A film whose rows name none of the joint's landmarks shows none: it teaches
    what is no such joint."""
    by_film: dict[Path, list[Example]] = {}
    for example in manifest.examples:
        by_film.setdefault(example.path, []).append(example)
    kept = []
    with ProcessPoolExecutor(workers, get_context("spawn"), partial(torch.set_num_threads, 1)) as pool:
        for number, found in enumerate(
            pool.map(partial(_one_film, joint=joint), by_film.items(), chunksize=8), start=1
        ):
            if found is not None:
                kept.append(found)
            if tell is not None:
                tell(number, len(by_film))
    films, points, patients = zip(*kept, strict=True)
    return WholeFilms(np.stack(films), np.stack(points), tuple(patients))


def limbs(manifest: Manifest, joint: Joint) -> list[tuple[Points, Side]]:
    """Landmarks and side of every limb of a manifest that has all that are needed."""
    known = [(landmarks_of(example), example.others.get("side")) for example in manifest.examples]
    return [(points, side) for points, side in known if side in SIDES and all(name in points for name in joint.needed)]


def _one_film(film_rows: tuple[Path, list[Example]], joint: Joint) -> tuple[npt.NDArray, npt.NDArray, str] | None:
    path, rows = film_rows
    try:
        film = read_radiograph(path.read_bytes(), path.name)
    except Refused:
        return None
    marks = {
        f"{example.others.get('side')}_{name}": place
        for example in rows
        for name, place in landmarks_of(example).items()
    }
    return *squared(film, marks, joint), rows[0].patient or path.name


def squared(
    film: Radiograph, marks: Points, joint: Joint = FEMUR
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """A film padded to a square, and the places of the joint's `outputs` on it, from landmarks by side and name."""
    inputs = Preprocess((FILM_PX, FILM_PX))
    points = np.full((len(joint.outputs), 2), np.nan, np.float32)
    for number, name in enumerate(joint.outputs):
        x, y = marks.get(name, (-1.0, -1.0))
        if 0 <= x <= film.width and 0 <= y <= film.height:
            points[number] = inputs.points_in(np.array([x, y]), film) / FILM_PX
    return np.round(inputs.grey(film) * 255).astype(np.uint8), points
