"""How far a film lies from those that a bundle learned from: its out-of-distribution score."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.refusal import Code, Refused
from evidence.out_of_distribution import OutOfDistribution
from models.bundle import Ensemble
from tasks.case import Case


def distance_of(
    case: Case, ensemble: Ensemble, features: Mapping[str, npt.NDArray[np.floating]]
) -> tuple[float, float]:
    """The score, and its 95 % threshold, by the ensemble's first network. Raises Refused for a film farther away than
    any of its kind should be."""
    first = ensemble.nodes[0]
    ood = OutOfDistribution.from_arrays(first.ood)
    distance = float(ood.distance(features[first.name]))
    if distance > ood.rejected_beyond:
        raise Refused(
            Code.WRONG_SITE,
            f"This film is unlike those that {case.recipe} was trained on (distance {distance:.2f}, limit "
            f"{ood.rejected_beyond:.2f}); upload {case.shows}.",
        )
    return distance, ood.unusual_beyond
