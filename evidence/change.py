"""What changes from one set of patients to another."""

import math

from scipy.stats import norm

from evidence.figure import Figure

WIDE = 2 * float(norm.ppf(0.975))  # standard errors from one end of a 95 % interval to the other


def change(before: Figure, after: Figure) -> Figure:
    """How much larger the second figure is, with its 95 % interval, where no patient is in both sets.

    Each interval's width over 3.92 is taken for its figure's standard error; the two add up as squares. Rough where an
    interval is lopsided, and too narrow where one has no width because a figure is exactly 0 or 1.
    """
    ends = (before.value, before.low, before.high, after.value, after.low, after.high)
    if any(end is None for end in ends):
        return Figure(None, None, None)
    value, low, high, then, lowest, highest = (float(end) for end in ends if end is not None)
    half = WIDE / 2 * math.hypot((high - low) / WIDE, (highest - lowest) / WIDE)
    return Figure(then - value, then - value - half, then - value + half)
