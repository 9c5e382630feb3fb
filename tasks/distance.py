"""How far a film lies from those that a bundle learned from: its out-of-distribution score."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.refusal import Code, Refused
from evidence.familiarity import Familiarity
from models.bundle import Ensemble
from tasks.case import Case


def distance_of(
    case: Case, ensemble: Ensemble, features: Mapping[str, npt.NDArray[np.floating]]
) -> tuple[float, float]:
    """The score, and its 95 % threshold, by the ensemble's first network. Raises Refused for a film farther away than
    any of its kind should be."""
    first = ensemble.nodes[0]
    familiarity = Familiarity.from_arrays(first.familiarity)
    distance = float(familiarity.distance(features[first.name]))
    if distance > familiarity.foreign:
        raise Refused(
            Code.WRONG_SITE,
            f"This film is unlike those that {case.recipe} was trained on (distance {distance:.2f}, limit "
            f"{familiarity.foreign:.2f}); upload {case.shows}.",
        )
    return distance, familiarity.unusual


def embedding_of(
    ensemble: Ensemble, features: Mapping[str, npt.NDArray[np.floating]]
) -> npt.NDArray[np.float32] | None:
    """What the network that counts most made of the film [D]; None where no network says."""
    known = [node for node in ensemble.nodes if node.name in features]
    if not known:
        return None
    leading = max(known, key=lambda node: node.facts.get("weight") or 0.0)
    return np.asarray(features[leading.name], np.float32)
