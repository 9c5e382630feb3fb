"""How far cases lie apart in what a network makes of them, and an order that spreads out over all of them.

Core-set selection by k-center greedy (Sener and Savarese, ICLR 2018): the next case is always the one that lies
farthest from those chosen so far, so that no kind of film stays without an example. Distances are cosine distances.
"""

from collections.abc import Generator, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


class Spread:
    """Distances from some cases to those chosen so far. limbs: an embedding [L, D] a case, all of one D.

    A case is as far away as its farthest limb from the nearest limb of any chosen case: a pelvis is covered once both
    its hips are.
    """

    def __init__(self, limbs: Sequence[Array]) -> None:
        self._of = np.repeat(np.arange(len(limbs)), [len(one) for one in limbs])
        self._unit = unit(np.concatenate(limbs)) if limbs else np.empty((0, 0))
        self._apart = np.full(len(self._unit), np.inf)
        self._cases = len(limbs)

    def take(self, limbs: Array) -> None:
        """Count a case [L, D] among those chosen."""
        self._apart = np.minimum(self._apart, (1 - self._unit @ unit(limbs).T).min(1))

    @property
    def apart(self) -> npt.NDArray[np.float64]:
        """[N]; infinite while nothing is chosen."""
        farthest = np.full(self._cases, -np.inf)
        np.maximum.at(farthest, self._of, self._apart)
        return farthest


def farthest_first(limbs: Sequence[Array], begun: Sequence[Array], first: int = 0) -> Generator[int, bool | None, None]:
    """Every case once, the farthest from all before it first; `send(False)` after a case leaves it uncounted.

    begun: embeddings of cases that were chosen before. first: where to begin when there are none. Of cases equally far
    away the one that stands first comes first.
    """
    spread = Spread(limbs)
    for one in begun:
        spread.take(one)
    left = np.ones(len(limbs), bool)
    while left.any():
        apart = np.where(left, spread.apart, -np.inf)
        pick = first if np.isinf(apart[left]).all() and left[first] else int(apart.argmax())
        left[pick] = False
        counted = yield pick
        if counted is not False:
            spread.take(limbs[pick])


def nearest(one: Array, others: Sequence[Array], count: int, within: float = np.inf) -> list[int]:
    """The `count` cases among others whose limbs lie nearest to any of this one's, nearest first, none farther than
    `within`."""
    here = unit(one)
    apart = np.array([float((1 - here @ unit(other).T).min()) for other in others])
    return [int(place) for place in np.argsort(apart, kind="stable")[:count] if apart[place] <= within]


def unit(values: Array) -> npt.NDArray[np.float64]:
    """Rows [..., D] of length one."""
    wide = np.asarray(values, np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=-1, keepdims=True), 1e-12)
