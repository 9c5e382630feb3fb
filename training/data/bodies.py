"""Vertebral bodies cut out of lateral films, each with its six points: what a closer look learns from."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from anatomy.vertebral_body import ROOM, box_around
from core.example import Example, ManifestError
from core.refusal import Refused
from core.vertebra import LEVELS, POINTS
from imaging.crop import cut
from imaging.preprocess import Preprocess
from tasks.landmarks.marks import landmarks_of
from tasks.samples import Samples
from training.data.films import as_bytes
from training.data.laid import read_laid
from training.data.manifest import Manifest
from training.data.workers import each

Tell = Callable[[int, int], None]
Bytes = npt.NDArray[np.uint8]


def gather(manifest: Manifest, preprocess: Preprocess, workers: int = 1, tell: Tell | None = None) -> Samples:
    """Every body of a manifest that lies wholly on its film and whose points are known; films refused have none.

    Arrays: `crops`, uint8 [N, h, w] with `ROOM` around; `points`, [N, 6, 2] (x, y) as shares of the crop; `broken`,
    whether the manifest grades them above 0. Raises ManifestError where there is no body at all.
    """
    room = round(preprocess.size[0] * ROOM)
    job = partial(_of_film, inputs=replace(preprocess, size=(room, room)), simulated=manifest.simulated)
    found = []
    for row, bodies in enumerate(each(job, manifest.examples, workers)):
        found += [(manifest.examples[row], *body) for body in bodies]
        if tell is not None:
            tell(row + 1, len(manifest.examples))
    if not found:
        raise ManifestError(f"found no vertebral body with its points in {manifest.name}, expected landmarks of some")
    examples, crops, points, broken = zip(*found, strict=True)
    return Samples(tuple(examples), {"crops": np.stack(crops), "points": np.stack(points), "broken": np.array(broken)})


def _of_film(
    example: Example, inputs: Preprocess, simulated: bool
) -> list[tuple[Bytes, npt.NDArray[np.float32], bool]]:
    try:
        seen = read_laid(example.path, look_for_text=not simulated)
    except Refused:
        return []
    film, marks = seen.film, landmarks_of(seen.example(example))
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
