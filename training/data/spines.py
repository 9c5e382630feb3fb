"""Lateral spines with their answers and the points of their vertebrae, read as a reading reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from anatomy.vertebrae import LEVELS, OUTPUTS, Norm, heights_of
from core.labels import OSTEOPOROSIS
from core.radiograph import Radiograph
from core.refusal import Refused
from evidence.copies import Sketch, sketch
from imaging import read_radiograph
from imaging.preprocess import Preprocess
from recipes.recipe import Candidate
from training.data.limbs import landmarks_of
from training.data.manifest import Example, Manifest, ManifestError
from training.data.workers import each

Tell = Callable[[int, int], None]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Spines:
    """Films in the manifest's order, less those refused.

    grey: by the key of a preprocessing (`key_of`), uint8 [N, H, W]. answers: [N, S] 1, 0 or NaN, in the recipe's order
    of scores. points: [N, K, 2] (x, y) on the film in the order of `anatomy.vertebrae.OUTPUTS`, NaN where not known;
    and as shares of each preprocessing's input, by its key. refused: the sentence by the film's name.
    """

    examples: tuple[Example, ...]
    grey: dict[str, Bytes]
    answers: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    shares: dict[str, npt.NDArray[np.float32]]
    sketches: tuple[Sketch, ...]
    refused: dict[str, str]

    def rows(self, rows: Sequence[int]) -> "Spines":
        """Some of them."""
        picked = np.asarray(rows, int)
        return replace(
            self,
            examples=tuple(self.examples[row] for row in picked),
            grey={key: films[picked] for key, films in self.grey.items()},
            answers=self.answers[picked],
            points=self.points[picked],
            shares={key: points[picked] for key, points in self.shares.items()},
            sketches=tuple(self.sketches[row] for row in picked),
        )

    def joined(self, other: "Spines") -> "Spines":
        """These and others."""
        return Spines(
            self.examples + other.examples,
            {key: np.concatenate([films, other.grey[key]]) for key, films in self.grey.items()},
            np.concatenate([self.answers, other.answers]),
            np.concatenate([self.points, other.points]),
            {key: np.concatenate([points, other.shares[key]]) for key, points in self.shares.items()},
            self.sketches + other.sketches,
            self.refused | other.refused,
        )

    @property
    def patients(self) -> list[str]:
        return [example.patient or example.path.name for example in self.examples]

    def measures(self, columns: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """Values of some columns of the manifest [N, M], NaN where there is none; None without any."""
        table = [[example.others.get(column) for column in columns] for example in self.examples]
        found = np.array([[np.nan if one is None else float(one) for one in row] for row in table], np.float32)
        found = found[:, ~np.isnan(found).all(0)]
        return found if found.shape[1] else None

    def norm(self) -> Norm:
        """Heights of intact bodies, from the spines without a fracture whose points are known."""
        spines = []
        for example, points in zip(self.examples, self.points, strict=True):
            if example.others.get("fracture") == 0 and not np.isnan(points).any():
                bodies = points.reshape(len(LEVELS), 6, 2)
                spines.append({level: heights_of(body) for level, body in zip(LEVELS, bodies, strict=True)})
        return Norm.learn(spines)


def key_of(preprocess: Preprocess) -> str:
    """What tells one preprocessing from another: candidates that share one share its films."""
    return repr(preprocess)


def answers_of(example: Example, scores: Sequence[str]) -> list[float]:
    """A row's answers: `vertebral_fracture` from the column `fracture`, `osteoporosis` from the label; NaN if empty."""
    broken = example.others.get("fracture")
    known = {
        "vertebral_fracture": np.nan if broken is None else float(bool(int(broken))),
        "osteoporosis": np.nan if example.label is None else float(example.label == OSTEOPOROSIS),
    }
    return [known[score] for score in scores]


def gather(
    manifest: Manifest,
    scores: Sequence[str],
    candidates: Sequence[Candidate],
    workers: int = 1,
    tell: Tell | None = None,
) -> Spines:
    """Read every film of a manifest once. Raises ManifestError where none can be read, or none carries an answer."""
    answers = np.array([answers_of(example, scores) for example in manifest.examples], np.float32)
    if np.isnan(answers).all():
        raise ManifestError(
            f"no row of {manifest.name} says whether a vertebra is broken or the bone osteoporotic, expected a column "
            "fracture (0 or 1), a column label, or both"
        )
    inputs = {key_of(one.preprocess): one.preprocess for one in candidates}
    job = partial(_one_film, inputs=inputs)
    kept, refused = [], {}
    for row, found in enumerate(each(job, manifest.examples, workers)):
        if isinstance(found, str):
            refused[manifest.examples[row].path.name] = found
        else:
            kept.append((row, *found))
        if tell is not None:
            tell(row + 1, len(manifest.examples))
    if not kept:
        raise ManifestError(
            f"none of {len(manifest.examples)} films could be read; first: {next(iter(refused.values()), 'no film')}"
        )
    return Spines(
        tuple(manifest.examples[row] for row, *_ in kept),
        {key: np.stack([grey[key] for _, grey, *_ in kept]) for key in inputs},
        answers[[row for row, *_ in kept]],
        np.stack([points for _, _, points, *_ in kept]),
        {key: np.stack([shares[key] for *_, shares, _ in kept]) for key in inputs},
        tuple(sketched for *_, sketched in kept),
        refused,
    )


def _one_film(
    example: Example, inputs: Mapping[str, Preprocess]
) -> str | tuple[dict[str, Bytes], npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]], Sketch]:
    try:
        film = read_radiograph(Path(example.path).read_bytes(), example.path.name)
    except Refused as fault:
        return fault.refusal.message
    marks = landmarks_of(example)
    points = np.array([marks.get(name, (np.nan, np.nan)) for name in OUTPUTS], np.float32)
    return (
        {key: as_bytes(preprocess, film) for key, preprocess in inputs.items()},
        points,
        {
            key: (preprocess.points_in(points, film) / (preprocess.size[1], preprocess.size[0])).astype(np.float32)
            for key, preprocess in inputs.items()
        },
        sketch(film.pixels),
    )


def as_bytes(preprocess: Preprocess, film: Radiograph) -> Bytes:
    """A film through a preprocessing, at 8 bits."""
    return np.round(preprocess.grey(film) * 255).astype(np.uint8)
