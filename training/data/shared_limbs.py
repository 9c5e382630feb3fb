"""Films, or limbs that share their film's label, read as a reading reads them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.example import Example, ManifestError
from core.refusal import Refused
from evidence.copies import sketch
from evidence.statistics.baselines import trivial_features
from imaging.preprocess import Preprocess
from tasks.samples import Samples, grey_of
from training.data.films import as_bytes
from training.data.laid import read_laid
from training.data.limbs import limbs_on
from training.data.manifest import Manifest

Tell = Callable[[int, int], None]


def gather(
    manifest: Manifest,
    usable: Callable[[Example], bool],
    inputs: Sequence[Preprocess],
    tell: Tell | None = None,
    finder: Path | None = None,
) -> Samples:
    """Read every usable film of a manifest once. Films that are refused are left out and named in `refused`.

    Arrays: by `grey_of` each preprocessing, uint8 [N, H, W]; `trivial`, what size, brightness and contrast say.
    finder: the folder of the bundle that finds limbs which share their film's label; each is then a row of its own,
    with the sketch of its film, so that the limbs of a film count as copies of one another.
    """
    examples, trivial, sketches = [], [], []
    grey: dict[str, list[npt.NDArray[np.uint8]]] = {grey_of(one): [] for one in inputs}
    refused: dict[str, str] = {}
    labelled = [example for example in manifest.examples if usable(example)]
    for number, example in enumerate(labelled, start=1):
        try:
            film = read_laid(example.path, look_for_text=not manifest.simulated).film
        except Refused as fault:
            refused[example.path.name] = fault.refusal.message
        else:
            shown = [film] if finder is None else [limb.crop(film) for limb in limbs_on(film, finder)]
            if not shown:
                refused[example.path.name] = "No limb was found on the film."
            content = sketch(film.pixels)
            examples += [example] * len(shown)
            trivial += [trivial_features(one) for one in shown]
            sketches += [content] * len(shown)
            for one in dict.fromkeys(inputs):
                grey[grey_of(one)] += [as_bytes(one, limb) for limb in shown]
        if tell is not None:
            tell(number, len(labelled))
    if not examples:
        raise ManifestError(
            f"none of {len(labelled)} labelled films of {manifest.name} could be read, expected films of a known "
            f"format; the first said: {next(iter(refused.values()), 'no film')}"
        )
    arrays = {name: np.stack(films) for name, films in grey.items()}
    return Samples(tuple(examples), {**arrays, "trivial": np.array(trivial)}, tuple(sketches), refused)
