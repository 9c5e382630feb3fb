"""What the records of evidence have in common: plain values in, typed values within, the same plain values out."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from evidence.figure import Figure


class EvidenceError(ValueError):
    """Evidence that cannot be read: one sentence."""


class Record(BaseModel):
    """One group of figures. Keys that this version does not know are kept, and written again as they came."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """From the plain values of an evidence file or of a measurement. Raises EvidenceError in one sentence."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as fault:
            first = fault.errors()[0]
            place = ".".join(map(str, first["loc"])) or cls.__name__
            raise EvidenceError(
                f"found {first['input']!r} at {place} of the evidence, expected otherwise ({first['msg'].lower()}); "
                "measure the bundle again"
            ) from fault

    def to_plain(self) -> dict[str, Any]:
        """The same values, ready for JSON."""
        return self.model_dump(exclude_unset=True)


class Difference(Record):
    """How much larger a figure is than another on the same films, and p (two-sided) of no difference."""

    figure: Figure
    p: float | None = None


class Curve(Record):
    """Points of an ROC curve; empty, and without an area, where the films are all of one kind."""

    false_positive: list[float] = []
    true_positive: list[float] = []
    auc: float | None = None


class Counts(Record):
    """How many films and limbs a set of figures is made of. missed: limbs that were not found."""

    films: int | None = None
    limbs: int | None = None
    missed: int | None = None
    refused: int | None = None
