"""Films, limbs or bodies with what is known of them: what a task learns from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.example import Example
from evidence.copies import Sketch
from imaging.preprocess import Preprocess

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Samples:
    """One row a film, limb or body, in the manifest's order, less those that were refused.

    arrays: by name, each with one entry a row along its first axis: images as uint8 [N, h, w], masks, points [N, K, 2],
    whatever the unit's loader in training.data fills in. sketches: to look for copies by; empty where they were not
    taken. refused: the sentence by the film's name. fresh: makes other samples of the same kind for an epoch, where
    films are made as training goes.
    """

    examples: tuple[Example, ...]
    arrays: Mapping[str, Array]
    sketches: tuple[Sketch, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    fresh: "Callable[[int], Samples] | None" = None

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, name: str) -> Array:
        """One of the arrays. Raises KeyError that lists those there are."""
        if name not in self.arrays:
            raise KeyError(f"samples have no {name!r}, only {', '.join(self.arrays)}")
        return self.arrays[name]

    @property
    def patients(self) -> list[str]:
        """Whose each row is; a film without a patient is somebody's own."""
        return [example.person for example in self.examples]

    def rows(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> "Samples":
        """Some of them, in that order; one may come several times."""
        picked = np.asarray(rows, int)
        return replace(
            self,
            examples=tuple(self.examples[row] for row in picked),
            arrays={name: values[picked] for name, values in self.arrays.items()},
            sketches=tuple(self.sketches[row] for row in picked) if self.sketches else (),
        )

    def joined(self, other: "Samples") -> "Samples":
        """These, and others with the same arrays."""
        return replace(
            self,
            examples=self.examples + other.examples,
            arrays={name: np.concatenate([values, other[name]]) for name, values in self.arrays.items()},
            sketches=self.sketches + other.sketches,
            refused={**self.refused, **other.refused},
        )

    def with_array(self, name: str, values: Array) -> "Samples":
        """The same rows with one more array, or with one in another's place."""
        return replace(self, arrays={**self.arrays, name: values})

    def columns(self, names: Sequence[str]) -> npt.NDArray[np.float32]:
        """Values of some columns of the manifest [N, M]; NaN where a row has none."""
        table = [[example.others.get(name) for name in names] for example in self.examples]
        values = [[np.nan if value is None else float(value) for value in row] for row in table]
        return np.array(values, np.float32).reshape(len(self), len(names))


def grey_of(preprocess: Preprocess) -> str:
    """The array of films through a preprocessing: candidates that share one share its films."""
    return f"grey {preprocess!r}"


def points_of(preprocess: Preprocess) -> str:
    """The array of points as shares of that preprocessing's input."""
    return f"points {preprocess!r}"
