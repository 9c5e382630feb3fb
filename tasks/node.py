"""A trained network as a bundle keeps it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.out_of_distribution import OutOfDistribution, fit_out_of_distribution
from models.bundle import Bundle, Node
from models.networks import Network
from tasks.part import Candidate, Part
from tasks.samples import Samples

NEAR_FILMS = 600  # kept in a bundle to measure distances to: enough to know a film by, and the bundle stays small


def node_of(
    part: Part,
    candidate: Candidate,
    network: Network,
    facts: Mapping[str, Any] | None = None,
    ood: OutOfDistribution | None = None,
) -> Node:
    """A trained candidate of a part. facts: what was fitted to its answers. ood: what its films look like."""
    return Node(
        name=candidate.name,
        task=part.task.name,
        network=candidate.network,
        options=candidate.options,
        preprocessing=candidate.preprocess.to_dict(),
        outputs=part.outputs,
        weights=network,
        facts={**(facts or {}), **({"region": candidate.region} if candidate.region else {})},
        ood=ood.arrays() if ood else {},
        unit=part.unit,
    )


ENOUGH = 20  # films held out from which it is told anew how far films of the kind lie


def known_by(
    candidate: Candidate,
    parent: Bundle | None,
    films: npt.NDArray[np.floating],
    held: npt.NDArray[np.floating],
    group: Sequence[Hashable],
) -> OutOfDistribution:
    """What a network's films look like (see `fit_out_of_distribution`). Of a bundle that is fine-tuned on too few films
    to hold `ENOUGH` out, the bounds are the parent's, and only the films are new."""
    own = fit_out_of_distribution(films, held, group)
    old = parent.networks[candidate.name].ood if parent is not None else None
    if not old or len(held) >= ENOUGH:
        return own
    before = OutOfDistribution.from_arrays(dict(old))
    return replace(own, unusual_beyond=before.unusual_beyond, rejected_beyond=before.rejected_beyond)


def near(train: Samples) -> Samples:
    """The films learned from that distances are measured to: all of them, or every n-th."""
    return train.rows(range(0, len(train), max(1, len(train) // NEAR_FILMS)))
