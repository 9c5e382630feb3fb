"""How far a film lies from those a network learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Mahalanobis distance among the principal components of a network's features (Lee et al., NeurIPS 2018).

    unusual: beyond this lie `1 - usual_share` of films like those learned from.
    foreign: beyond this lay no film of the kind, and by a margin; such a film is refused.
    """

    mean: Array  # [D]
    components: Array  # [P, D]
    precision: Array  # [P, P]
    unusual: float
    foreign: float

    def distance(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Features [..., D] to distances [...]; about 1 for a usual film (scaled by the root of the dimension)."""
        flat = (np.asarray(features, np.float64) - self.mean) @ self.components.T
        return np.asarray(np.sqrt(np.einsum("...i,ij,...j->...", flat, self.precision, flat) / len(self.precision)))

    def arrays(self) -> dict[str, Array]:
        """As a bundle stores it."""
        return {
            "mean": self.mean,
            "components": self.components,
            "precision": self.precision,
            "bounds": np.array([self.unusual, self.foreign], np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "Familiarity":
        unusual, foreign = arrays["bounds"]
        return cls(arrays["mean"], arrays["components"], arrays["precision"], float(unusual), float(foreign))


def fit_familiarity(
    features: Array, fold: Sequence[str], dimensions: int = 24, usual_share: float = 0.95, margin: float = 1.5
) -> Familiarity:
    """From features [N, D] of the films learned from. The bounds come from each fold's distance to the other folds."""
    of = np.asarray(fold)
    distances = np.concatenate(
        [_gauss(features[of != held], dimensions).distance(features[of == held]) for held in np.unique(of)]
    )
    whole = _gauss(features, dimensions)
    return replace(whole, unusual=float(np.quantile(distances, usual_share)), foreign=float(distances.max() * margin))


def _gauss(features: Array, dimensions: int) -> Familiarity:
    pca = PCA(min(dimensions, len(features) - 1), random_state=0).fit(features)
    precision = LedoitWolf().fit(pca.transform(features)).precision_
    return Familiarity(
        pca.mean_.astype(np.float32), pca.components_.astype(np.float32), precision.astype(np.float32), np.nan, np.nan
    )
