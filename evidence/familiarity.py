"""How far a film lies from those a network learned from."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

MARGIN = 0.1  # beyond the farthest held-out film: other hospitals' films lie farther, other views much farther
FENCE = 3.0  # interquartile ranges above the third quartile, from where a distance is an outlier (Tukey 1977)
TOGETHER = 1024  # films whose distances are worked out at once


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Cosine distance of a film's features to the nearest film learned from (Sun et al., ICML 2022, with k = 1).

    On real films, knees held out lay up to 0.23 from the nearest knee, and chests, spines and hips 0.35 to 0.54, where
    a Mahalanobis distance in the same features could not tell them apart (docs/experiments.md).

    films: unit features [N, D] of the films learned from.
    unusual: beyond this lies one in twenty held-out films of the kind. foreign: beyond this a film is not of the kind.
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


def fit_familiarity(films: Array, held: Array, group: Sequence[Hashable] | None = None) -> Familiarity:
    """From features [N, D] of films that the network learned from, and [M, D] of films of the same kind held out of its
    training: a network brings the films it learned from closer together than those it will be shown.

    group: whose the N films are (patient), as `bounded` takes it.
    """
    return bounded(films, distances(held, films), group)


def bounded(films: Array, apart: Array, group: Sequence[Hashable] | None = None) -> Familiarity:
    """From features [N, D] and the distances [M] of films held out. For cross-fitting, where each distance is one in
    the features of the network that had not seen the film, to the films which that network learned from.

    Neither bound hangs on a single film. `foreign` lies beyond the farthest held-out film that is no outlier: one chest
    among the knees would otherwise let every chest in. A film learned from that lies beyond it from all others, of
    other groups where these are known, is not of the kind either and is left out: near it, its own like would pass.
    """
    apart = np.asarray(apart, np.float64)
    if not len(apart):
        raise ValueError("found no film held out, expected some to tell how far films of the kind lie; hold some out")
    low, high = np.quantile(apart, [0.25, 0.75])
    foreign = float(apart[apart <= high + FENCE * (high - low)].max()) + MARGIN
    unit = _unit(films)
    kept = _to_others(unit, group) <= foreign
    return Familiarity(unit[kept] if kept.any() else unit, float(np.quantile(apart, 0.95)), foreign)


def distances(of: Array, to: Array) -> npt.NDArray[np.float64]:
    """Cosine distance [M] of each film's features [M, D] to the nearest of others [N, D]."""
    films, known = _unit(of), _unit(to)
    parts = range(0, len(films), TOGETHER)
    return np.concatenate([1 - (films[at : at + TOGETHER] @ known.T).max(1) for at in parts] or [np.empty(0)])


def _to_others(unit: Array, group: Sequence[Hashable] | None) -> npt.NDArray[np.float64]:
    """Distance [N] of each film to the nearest of another group; 0 where there is no other."""
    own = np.arange(len(unit)) if group is None else np.unique(np.asarray(group), return_inverse=True)[1]
    nearest = []
    for at in range(0, len(unit), TOGETHER):
        alike = unit[at : at + TOGETHER] @ unit.T
        alike[own[at : at + TOGETHER, None] == own[None]] = -np.inf
        nearest.append(alike.max(1))
    found = 1 - np.concatenate(nearest)
    return np.where(np.isfinite(found), found, 0.0)


def _unit(features: Array) -> npt.NDArray[np.float64]:
    wide = np.asarray(features, np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=-1, keepdims=True), 1e-12)
