"""Films with answers, read by the same code that reads them for a person."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from anatomy.find import find_limbs
from core.radiograph import Radiograph
from core.refusal import Refused
from evidence.baselines import trivial_features
from evidence.copies import Sketch, sketch
from imaging import read_radiograph
from models import registry
from recipes.recipe import Candidate
from training.data.manifest import Example, Manifest, ManifestError

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Dataset:
    """The films that could be read and carry a label, in the manifest's order.

    grey: by candidate, uint8 [N, H, W], through its preprocessing.
    refused: the sentence for each film that could not be read, by its path in the manifest's folder.
    """

    examples: tuple[Example, ...]
    labels: npt.NDArray[np.int64]
    grey: dict[str, npt.NDArray[np.uint8]]
    trivial: npt.NDArray[np.float64]
    sketches: tuple[Sketch, ...]
    refused: dict[str, str]

    def without(self, rows: Sequence[int]) -> "Dataset":
        """The dataset less some films."""
        kept = np.setdiff1d(np.arange(len(self.examples)), rows)
        return Dataset(
            tuple(self.examples[row] for row in kept),
            self.labels[kept],
            {name: grey[kept] for name, grey in self.grey.items()},
            self.trivial[kept],
            tuple(self.sketches[row] for row in kept),
            self.refused,
        )


def gather(
    manifest: Manifest,
    labels: Sequence[str],
    candidates: Sequence[Candidate],
    tell: Tell | None = None,
    finder: Path | None = None,
) -> Dataset:
    """Read every labelled film of a manifest once. Films that are refused are left out and named in `refused`.

    finder: the folder of the bundle that finds limbs which share their film's label; each is then a row of its own,
    with the sketch of its film, so that the limbs of a film count as copies of one another.
    """
    examples, trivial, sketches = [], [], []
    grey: dict[str, list[npt.NDArray[np.uint8]]] = {one.name: [] for one in candidates}
    refused: dict[str, str] = {}
    labelled = [example for example in manifest.examples if example.label in labels]
    for number, example in enumerate(labelled, start=1):
        try:
            film = read_radiograph(example.path.read_bytes(), example.path.name)
        except Refused as fault:
            refused[example.path.name] = fault.refusal.message
        else:
            shown = [film] if finder is None else _limbs(film, finder)
            if not shown:
                refused[example.path.name] = "No limb was found on the film."
            content = sketch(film.pixels)
            examples += [example] * len(shown)
            trivial += [trivial_features(one) for one in shown]
            sketches += [content] * len(shown)
            for candidate in candidates:
                grey[candidate.name] += [
                    np.round(candidate.preprocess.grey(one) * 255).astype(np.uint8) for one in shown
                ]
        if tell is not None:
            tell(number, len(labelled))
    if not examples:
        raise ManifestError(
            f"none of {len(labelled)} labelled films could be read; first: {next(iter(refused.values()), 'no film')}"
        )
    return Dataset(
        tuple(examples),
        np.array([labels.index(example.label or "") for example in examples]),
        {name: np.stack(films) for name, films in grey.items()},
        np.array(trivial),
        tuple(sketches),
        refused,
    )


def _limbs(film: Radiograph, finder: Path) -> list[Radiograph]:
    found = find_limbs(film, registry.at(finder).outliners[0], torch.device("cpu"))
    return [limb.crop(film) for limb in found]
