"""How far a film lies from those that a bundle learned from: its out-of-distribution score."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.refusal import Code, Refused
from evidence.out_of_distribution import OutOfDistribution, bounded, distances
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


def bounds_anew(
    ood: Mapping[str, npt.NDArray[np.floating]], features: npt.NDArray[np.floating]
) -> dict[str, npt.NDArray[np.floating]]:
    """A network's out-of-distribution bounds by other films of the kind, features [N, D]; the films that distances are
    measured to stay those it learned from."""
    before = OutOfDistribution.from_arrays(dict(ood))
    anew = bounded(before.films, distances(features, before.films))
    return OutOfDistribution(before.films, anew.unusual_beyond, anew.rejected_beyond).arrays()


def embedding_of(
    ensemble: Ensemble, features: Mapping[str, npt.NDArray[np.floating]]
) -> npt.NDArray[np.float32] | None:
    """What the network that counts most made of the film [D]; None where no network says."""
    known = [node for node in ensemble.nodes if node.name in features]
    if not known:
        return None
    leading = max(known, key=lambda node: node.facts.get("weight") or 0.0)
    return np.asarray(features[leading.name], np.float32)
