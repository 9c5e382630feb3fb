"""A measured value with its interval: the one type that every figure on a card, a page or a screen comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; None where the films at hand do not define it.

    A value without ends is one for which no interval was worked out.
    """

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> "Figure":
        """From `value`, `low` and `high` of plain values; not defined where there are none."""
        known = values or {}
        return cls(known.get("value"), known.get("low"), known.get("high"))

    def text(self, digits: int = 3, signed: bool = False) -> str:
        """As it is printed: `0.866 (0.848 to 0.883)`. signed: with a plus sign, for differences."""
        if self.value is None:
            return "not defined"
        form = f"{'+' if signed else ''}.{digits}f"
        if self.low is None or self.high is None:
            return f"{self.value:{form}}"
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"

    def __str__(self) -> str:
        return self.text()


UNDEFINED = Figure(None, None, None)


def p_sign(p: float) -> str:
    """A p value after the letter p: `< 0.001`, `= 0.012`."""
    return p_text(p) if p < 0.001 else f"= {p_text(p)}"


def p_text(p: float | None) -> str:
    """A p value as papers print it."""
    if p is None:
        return "not defined"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
