"""How far a film lies from those a network learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

MARGIN = (
    0.1  # beyond the farthest held-out film of the kind: other hospitals' films lie farther, other views much farther
)


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Cosine distance of a film's features to the nearest film learned from (Sun et al., ICML 2022, with k = 1).

    On real films, knees held out lay up to 0.23 from the nearest knee, and chests, spines and hips 0.35 to 0.54, where
    a Mahalanobis distance in the same features could not tell them apart (docs/experiments.md).

    films: unit features [N, D] of the films learned from.
    unusual: beyond this lies one in twenty films of the kind. foreign: beyond this a film is not of the kind.
    """

    films: Array
    unusual: float
    foreign: float

    def distance(self, features: Array) -> npt.NDArray[np.float64]:
        """Features [..., D] to distances [...] between 0 (a film learned from) and 2."""
        return 1 - (_unit(features) @ self.films.T).max(-1)

    def arrays(self) -> dict[str, Array]:
        """As a bundle stores it, in half precision."""
        return {
            "films": self.films.astype(np.float16),
            "bounds": np.array([self.unusual, self.foreign], np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "Familiarity":
        unusual, foreign = arrays["bounds"]
        return cls(arrays["films"].astype(np.float64), float(unusual), float(foreign))


def fit_familiarity(features: Array, fold: Sequence[str]) -> Familiarity:
    """From features [N, D] of the films learned from. The bounds come from each fold's distance to the other folds."""
    films, of = _unit(features), np.asarray(fold)
    apart = np.concatenate([Familiarity(films[of != held], 2, 2).distance(films[of == held]) for held in np.unique(of)])
    return Familiarity(films, float(np.quantile(apart, 0.95)), float(apart.max() + MARGIN))


def _unit(features: Array) -> npt.NDArray[np.float64]:
    wide = np.asarray(features, np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=-1, keepdims=True), 1e-12)
