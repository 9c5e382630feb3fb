"""Whole films padded to squares, with the landmarks of joints on them: what a finder learns from."""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from anatomy.femur import FEMUR
from anatomy.joint import Joint, Points
from core.example import ManifestError
from core.radiograph import Radiograph
from core.refusal import Refused
from imaging.preprocess import Preprocess
from tasks.landmarks.marks import known_of, landmarks_of
from tasks.samples import Samples
from training.data.laid import read_laid
from training.data.limbs import FilmRows, films_of
from training.data.manifest import Manifest
from training.data.workers import each

Tell = Callable[[int, int], None]
FILM_PX = 384  # films are kept at this size, so that a close-up of one still has detail


def gather(manifest: Manifest, joint: Joint, workers: int = 1, tell: Tell | None = None) -> Samples:
    """Read every film of a manifest once. A film of a simulated cohort whose rows name none of the joint's landmarks
    shows none: it teaches what is no such joint. Elsewhere landmarks that no row names are unknown, and films that name
    none are left out.

    Arrays: `squares`, uint8 [N, FILM_PX, FILM_PX], films padded to a square; `points`, [N, K, 2] (x, y) as shares of
    the square in the order of the joint's `outputs`, NaN where not on the film; `known` [N, K], which are known.
    """
    by_film = films_of(manifest, lambda example: manifest.simulated or bool(example.others.get("landmarks")))
    kept, refused = [], {}
    for done, found in enumerate(
        each(partial(_one_film, joint=joint, simulated=manifest.simulated), by_film, workers), start=1
    ):
        path, rows = by_film[done - 1]
        if isinstance(found, str):
            refused[path.name] = found
        else:
            kept.append((rows[0][1], *found))
        if tell is not None:
            tell(done, len(by_film))
    if not kept:
        raise ManifestError(
            f"none of {len(by_film)} films of {manifest.name} could be read, expected films of a known format; the "
            f"first said: {next(iter(refused.values()), 'no film')}"
        )
    examples, squares, points, known = zip(*kept, strict=True)
    arrays = {"squares": np.stack(squares), "points": np.stack(points), "known": np.stack(known)}
    return Samples(tuple(examples), arrays, (), refused)


def _one_film(
    film_rows: FilmRows, joint: Joint, simulated: bool
) -> str | tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    path, rows = film_rows
    try:
        seen = read_laid(path, look_for_text=not simulated)
    except Refused as fault:
        return fault.refusal.message
    marks = {
        f"{example.others.get('side')}_{name}": place
        for _, example in rows
        for name, place in landmarks_of(seen.example(example)).items()
    }
    names = [tuple(output.split("_", 1)) for output in joint.outputs]
    known = np.full(len(names), simulated)
    for _, example in rows:
        told = known_of(example, [name for _, name in names], simulated)
        known |= told & np.array([side == example.others.get("side") for side, _ in names])
    return *squared(seen.film, marks, joint), known


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
