"""How often a model is wrong, from the cases that were drawn at random and answered by experts."""

import math
from collections.abc import Sequence

from evidence.figure import UNDEFINED, Figure

Z = 1.959964  # of a two-sided 95 % interval


def share_wrong(films: Sequence[tuple[int, int]]) -> Figure:
    """The share of limbs on which the model was wrong, with its 95 % interval, from (wrong, judged) of each film.

    Wilson's interval (J. Am. Stat. Assoc. 1927), with the number of limbs divided by the design effect: the two hips of
    one film are often wrong together, and count for less than two films (Rao and Scott, J. R. Stat. Soc. B 1992). Where
    the design effect cannot be told, with fewer than ten films or nothing wrong, a film counts once. Not defined where
    nothing was judged. Raises ValueError for counts that cannot be.
    """
    if any(not 0 <= wrong <= judged for wrong, judged in films):
        raise ValueError("found a film with more limbs wrong than judged, expected at most as many")
    judged = [(wrong, of) for wrong, of in films if of]
    wrong, limbs = sum(one for one, _ in judged), sum(of for _, of in judged)
    if not limbs:
        return UNDEFINED
    share = wrong / limbs
    low, high = wilson(share, limbs / design_effect(judged))
    return Figure(share, low, high)


def design_effect(films: Sequence[tuple[int, int]]) -> float:
    """By how much the share's variance exceeds that of as many limbs of different persons; at least 1."""
    limbs = sum(of for _, of in films)
    share = sum(wrong for wrong, _ in films) / limbs
    most = limbs / len(films)
    if len(films) < 10 or not 0 < share < 1:
        return most
    count = len(films)
    variance = count / (count - 1) * sum((wrong - share * of) ** 2 for wrong, of in films) / limbs**2
    return max(1.0, variance / (share * (1 - share) / limbs))


def wilson(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share of `count` cases, which need not be whole."""
    middle = share + Z**2 / (2 * count)
    reach = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    low, high = ((middle + sign * reach) / (1 + Z**2 / count) for sign in (-1, 1))
    return (0.0 if share == 0 else low), (1.0 if share == 1 else high)
