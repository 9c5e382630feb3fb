"""Films as a whole, through the preprocessing of the networks that learn from them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from core.example import Example, ManifestError
from core.radiograph import Radiograph
from core.refusal import Refused
from core.vertebra import OUTPUTS
from evidence.copies import Sketch, sketch
from imaging.preprocess import Preprocess
from tasks.landmarks.marks import known_of, landmarks_of
from tasks.samples import Samples, grey_of, points_of
from training.data.laid import read_laid
from training.data.manifest import Manifest
from training.data.workers import each

Tell = Callable[[int, int], None]
Bytes = npt.NDArray[np.uint8]


def gather(
    manifest: Manifest,
    usable: Callable[[Example], bool],
    inputs: Sequence[Preprocess],
    sketched: bool,
    workers: int = 1,
    tell: Tell | None = None,
) -> Samples:
    """Read every usable film of a manifest once, as a whole.

    Arrays: `points`, [N, K, 2] (x, y) on the film in the order of `anatomy.vertebrae.OUTPUTS`, NaN where not there;
    `known` [N, K], which of them the row knows (tasks.landmarks.marks.known_of); and for each preprocessing, by
    `grey_of` and `points_of`, the film through it, uint8 [N, H, W], and the points as shares of that.

    sketched: whether films are sketched, to look for copies among them. Raises ManifestError where no
    film can be read.
    """
    rows = [row for row, example in enumerate(manifest.examples) if usable(example)]
    job = partial(_one_film, inputs=tuple(dict.fromkeys(inputs)), sketched=sketched, simulated=manifest.simulated)
    kept, refused = [], {}
    for done, found in enumerate(each(job, [manifest.examples[row] for row in rows], workers)):
        if isinstance(found, str):
            refused[manifest.examples[rows[done]].path.name] = found
        else:
            kept.append((rows[done], *found))
        if tell is not None:
            tell(done + 1, len(rows))
    if not kept:
        raise ManifestError(
            f"none of {len(rows)} films of {manifest.name} could be read, expected films of a known format; the first "
            f"said: {next(iter(refused.values()), 'no film')}"
        )
    names = kept[0][1].keys()
    return Samples(
        tuple(manifest.examples[row] for row, *_ in kept),
        {name: np.stack([arrays[name] for _, arrays, _ in kept]) for name in names},
        tuple(content for *_, content in kept if content is not None),
        refused,
    )


def _one_film(
    example: Example, inputs: Sequence[Preprocess], sketched: bool, simulated: bool
) -> str | tuple[dict[str, npt.NDArray[np.generic]], Sketch | None]:
    try:
        seen = read_laid(example.path, look_for_text=not simulated)
    except Refused as fault:
        return fault.refusal.message
    film = seen.film
    marks = landmarks_of(seen.example(example))
    points = np.array([marks.get(name, (np.nan, np.nan)) for name in OUTPUTS], np.float32)
    known = known_of(example, OUTPUTS, simulated and bool(marks))
    arrays: dict[str, npt.NDArray[np.generic]] = {"points": points, "known": known}
    for one in inputs:
        arrays[grey_of(one)] = as_bytes(one, film)
        shares = one.points_in(points, film) / (one.size[1], one.size[0])
        arrays[points_of(one)] = shares.astype(np.float32)
    return arrays, sketch(film.pixels) if sketched else None


def as_bytes(preprocess: Preprocess, film: Radiograph) -> Bytes:
    """A film through a preprocessing, at 8 bits."""
    return np.round(preprocess.grey(film) * 255).astype(np.uint8)
