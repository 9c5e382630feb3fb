"""A case that could be put to an expert."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Offer:
    """One film as one recipe reads it, as far as the choice must know it.

    priority: 0 (plain) to 1 (likeliest to be wrong), that of its hardest limb (evidence.difficulty.priority).
    reasons: why the reading calls it hard; empty for a plain case. embedding: float [L, D], what the network makes of
    each limb; None where it says nothing of the kind. name: what whoever offers it calls it, for that person's eyes
    alone.
    """

    case_id: str
    recipe: str
    priority: float = 0.0
    reasons: tuple[str, ...] = ()
    embedding: npt.NDArray[np.floating] | None = None
    name: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it is one of: a film, as one recipe asks about it."""
        return self.case_id, self.recipe
