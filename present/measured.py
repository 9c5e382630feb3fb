"""One measured value with its interval, as a card shows it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value with its 95 % interval, for one judge on one part of the data; None: not defined there."""

    judge: str
    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "not defined"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    @classmethod
    def of(cls, judge: str, known: Mapping[str, float | None]) -> "Figure":
        """From `value`, `low` and `high` of an evidence file."""
        return cls(judge, known["value"], known["low"], known["high"])
