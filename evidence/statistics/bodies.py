"""Which rows were made on which kind of body: simulated patients may have the built-in bones or those of a mesh."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def by_body(bodies: Sequence[str | None]) -> dict[str, npt.NDArray[np.bool_]]:
    """For each kind of body, which of the rows have it [N]; nothing unless there are two kinds or more. None, or an
    empty name, for a row whose body is not named, as of a real patient."""
    named = np.array([body or "" for body in bodies])
    kinds = sorted(set(named.tolist()) - {""})
    return {kind: named == kind for kind in kinds} if len(kinds) > 1 else {}
