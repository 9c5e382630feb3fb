"""One measurement of one model, from which an evidence page is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.model_facts import ModelFacts
from evidence.published import Published
from evidence.record import Again, Evidence

VIRTUAL = "virtual"


@dataclass(frozen=True)
class Study:
    """What was measured, on what, when.

    data: `virtual`, or the manifest's name. measured_on: a date. again: by scanner, the same patients imaged again.
    pictured: by set, limbs whose projections were compared, each with `film`, `drawn`, `truth` [H, W], `likeness` and
    `r`. routing: by recipe and source, how many files were read or refused, and with which code.
    """

    facts: ModelFacts
    evidence: Evidence
    data: str
    measured_on: str
    published: Published | None = None
    again: Mapping[str, Again] = field(default_factory=dict)
    pictured: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    routing: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)

    @property
    def virtual(self) -> bool:
        return self.data == VIRTUAL
