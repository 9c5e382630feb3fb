"""A trained network as a bundle keeps it."""

from collections.abc import Mapping
from typing import Any

from evidence.familiarity import Familiarity
from models.bundle import Node
from models.networks import Network
from tasks.part import Candidate, Part
from tasks.samples import Samples

NEAR_FILMS = 600  # kept in a bundle to measure distances to: enough to know a film by, and the bundle stays small


def node_of(
    part: Part,
    candidate: Candidate,
    network: Network,
    facts: Mapping[str, Any] | None = None,
    familiarity: Familiarity | None = None,
) -> Node:
    """A trained candidate of a part. facts: what was fitted to its answers. familiarity: what its films look like."""
    return Node(
        name=candidate.name,
        task=part.task.name,
        network=candidate.network,
        options=candidate.options,
        preprocessing=candidate.preprocess.to_dict(),
        outputs=part.outputs,
        weights=network,
        facts={**(facts or {}), **({"region": candidate.region} if candidate.region else {})},
        familiarity=familiarity.arrays() if familiarity else {},
    )


def near(train: Samples) -> Samples:
    """The films learned from that distances are measured to: all of them, or every n-th."""
    return train.rows(range(0, len(train), max(1, len(train) // NEAR_FILMS)))
