"""Vertebral bodies cut out of lateral films, each with its six points: what a closer look learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from anatomy.vertebrae import LEVELS
from anatomy.vertebral_body import box_around
from core.refusal import Refused
from core.vertebra import POINTS
from imaging import read_radiograph
from imaging.crop import cut
from imaging.preprocess import Preprocess
from training.data.limbs import landmarks_of
from training.data.manifest import Example, Manifest
from training.data.spines import as_bytes
from training.data.workers import each

ROOM = 1.3  # squares are cut that much wider than they are shown, so that they can be shifted and turned
BROKEN_TIMES = 3  # that each broken body is shown an epoch
INTACT_SHARE = 1.5  # intact bodies for each broken one shown, at most

Tell = Callable[[int, int], None]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Bodies:
    """crops: uint8 [N, h, w] with `ROOM`. points: [N, 6, 2] (x, y) as shares of the crop. broken: whether the manifest
    grades them above 0. patients: whose they are."""

    crops: Bytes
    points: npt.NDArray[np.float32]
    broken: npt.NDArray[np.bool_]
    patients: tuple[str, ...]

    def rows(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> "Bodies":
        """Some of them, in that order; one may come several times."""
        picked = np.asarray(rows, int)
        return replace(
            self,
            crops=self.crops[picked],
            points=self.points[picked],
            broken=self.broken[picked],
            patients=tuple(self.patients[row] for row in picked),
        )

    def joined(self, other: "Bodies") -> "Bodies":
        """These and others."""
        return Bodies(
            np.concatenate([self.crops, other.crops]),
            np.concatenate([self.points, other.points]),
            np.concatenate([self.broken, other.broken]),
            self.patients + other.patients,
        )

    def evened(self, seed: int) -> "Bodies":
        """Each broken one several times, and not many more intact ones than that; all where none is broken."""
        broken, intact = np.flatnonzero(self.broken), np.flatnonzero(~self.broken)
        if not len(broken):
            return self
        shown = np.repeat(broken, BROKEN_TIMES)
        most = min(len(intact), round(INTACT_SHARE * len(shown)))
        kept = np.random.default_rng(seed).choice(intact, most, replace=False)
        return self.rows(np.sort(np.concatenate([shown, kept])))


def gather_bodies(manifest: Manifest, preprocess: Preprocess, workers: int = 1, tell: Tell | None = None) -> Bodies:
    """Every body of a manifest that lies wholly on its film and whose points are known; films refused have none.

    Raises ValueError where there is no body at all.
    """
    room = round(preprocess.size[0] * ROOM)
    job = partial(_of_film, inputs=replace(preprocess, size=(room, room)))
    found = []
    for row, bodies in enumerate(each(job, manifest.examples, workers)):
        example = manifest.examples[row]
        found += [(*body, example.patient or example.path.name) for body in bodies]
        if tell is not None:
            tell(row + 1, len(manifest.examples))
    if not found:
        raise ValueError(f"found no vertebral body with its points in {manifest.name}, expected landmarks of some")
    crops, points, broken, patients = zip(*found, strict=True)
    return Bodies(np.stack(crops), np.stack(points), np.array(broken), tuple(patients))


def _of_film(example: Example, inputs: Preprocess) -> list[tuple[Bytes, npt.NDArray[np.float32], bool]]:
    marks = landmarks_of(example)
    try:
        film = read_radiograph(example.path.read_bytes(), example.path.name)
    except Refused:
        return []
    bodies = []
    for level in LEVELS:
        points = np.array([marks.get(f"{level}_{point}", (np.nan, np.nan)) for point in POINTS])
        if not ((points > 0) & (points < (film.width, film.height))).all():  # NaN is not, either
            continue
        box = box_around(points).wider(ROOM)
        crop = as_bytes(inputs, cut(film, box, inputs.size[0]))
        grade = example.others.get(f"genant_{level}")
        bodies.append((crop, box.to_box(points).astype(np.float32), bool(grade and int(grade) > 0)))
    return bodies
