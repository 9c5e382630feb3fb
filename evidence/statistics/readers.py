"""How well readers of the same films agree, with 95 % intervals by patient."""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from evidence.figure import UNDEFINED, Figure
from evidence.statistics.metrics import Bootstrap, figure, kappa

Labels = npt.NDArray[np.integer]


def cohen_kappa(
    one: Labels, other: Labels, count: int, group: Sequence[Hashable], quadratic: bool = False, draws: int = 1000
) -> Figure:
    """Cohen's kappa (Educ. Psychol. Meas. 1960) of two readers' classes [N], numbers below `count`.

    quadratic: with weights by the squared distance of the classes (Cohen, Psychol. Bull. 1968), for classes that have
    an order. group: whose each film is. Not defined where both said the same one class throughout.
    """
    if not len(one):
        return UNDEFINED
    each = np.eye(count)
    bootstrap = Bootstrap(group, draws)
    tables = bootstrap.sums(each[one][:, :, None] * each[other][:, None, :])
    return _told(kappa(tables, quadratic), bootstrap)


def fleiss_kappa(counts: npt.NDArray[np.integer], group: Sequence[Hashable], draws: int = 1000) -> Figure:
    """Fleiss' kappa (Psychol. Bull. 1971) from counts [N, K]: how many readers put a film in each class.

    Films may have different numbers of readers; one with fewer than two says nothing and is left out. Any reader may
    have read any film: none is told from another.
    """
    counts = np.asarray(counts, np.float64)
    readers = counts.sum(1)
    several = readers >= 2
    if not several.any():
        return UNDEFINED
    counts, readers = counts[several], readers[several]
    pairs = (counts * (counts - 1)).sum(1) / (readers * (readers - 1))
    bootstrap = Bootstrap([one for one, kept in zip(group, several, strict=True) if kept], draws)
    sums = bootstrap.sums(np.column_stack([np.ones_like(pairs), pairs, readers, counts]))
    with np.errstate(all="ignore"):
        agreed = sums[:, 1] / sums[:, 0]
        chance = ((sums[:, 3:] / sums[:, 2:3]) ** 2).sum(1)
        drawn = np.where(chance < 1 - 1e-12, (agreed - chance) / (1 - chance), np.nan)
    return _told(drawn, bootstrap)


def mean(values: Sequence[float], group: Sequence[Hashable], draws: int = 1000) -> Figure:
    """The mean of a value a film [N]; films whose value is NaN do not count."""
    table = np.asarray(values, np.float64)
    if not np.isfinite(table).any():
        return UNDEFINED
    kept = np.isfinite(table)
    bootstrap = Bootstrap([one for one, there in zip(group, kept, strict=True) if there], draws)
    sums = bootstrap.sums(np.column_stack([table[kept], np.ones(kept.sum())]))
    return _told(sums[:, 0] / sums[:, 1], bootstrap)


def _told(drawn: npt.NDArray[np.floating], bootstrap: Bootstrap) -> Figure:
    """Without an interval where one patient alone was read: drawing that one again and again tells nothing."""
    found = figure(drawn)
    return found if bootstrap.groups > 1 else Figure(found.value, None, None)
