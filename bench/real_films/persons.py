"""Figures over persons: the whole person is drawn, with both hips."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from evidence.figure import Figure

Array = npt.NDArray[np.float64]
DRAWS = 1000


def over_persons(person: Sequence[str], of: Callable[[npt.NDArray[np.int64]], float], seed: int = 0) -> Figure:
    """A statistic of rows with its 95 % percentile interval by bootstrap over persons.

    person [N]: whose each row is. of: the statistic of rows given by number; NaN where they do not define it.
    """
    known, at = np.unique(np.asarray(person), return_inverse=True)
    if not len(known):
        return Figure(None, None, None)
    rows = [np.flatnonzero(at == one) for one in range(len(known))]
    random = np.random.default_rng(seed)
    drawn = [
        of(np.concatenate([rows[one] for one in random.integers(len(known), size=len(known))])) for _ in range(DRAWS)
    ]
    value, values = of(np.arange(len(at))), np.asarray(drawn, float)
    values = values[np.isfinite(values)]
    if not np.isfinite(value) or not len(values):
        return Figure(None, None, None)
    low, high = np.quantile(values, (0.025, 0.975))
    return Figure(float(value), float(low), float(high))


def share(person: Sequence[str], is_so: Sequence[bool]) -> Figure:
    """Of all rows, those that are so."""
    so = np.asarray(is_so, float)
    return over_persons(person, lambda rows: float(so[rows].mean()))


def quantile(person: Sequence[str], values: Sequence[float], at: float = 0.5) -> Figure:
    """A quantile of values [N]; those that are not known (NaN) do not count."""
    known = np.asarray(values, float)

    def of(rows: npt.NDArray[np.int64]) -> float:
        here = known[rows][np.isfinite(known[rows])]
        return float(np.quantile(here, at)) if len(here) else float("nan")

    return over_persons(person, of)


def percent(figure: Figure) -> str:
    """A share as it is printed: `97.1 % (93.8 to 99.0)`."""
    if figure.value is None:
        return "not defined"
    if figure.low is None or figure.high is None:
        return f"{100 * figure.value:.1f} %"
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.1f} to {100 * figure.high:.1f})"
