"""What a bundle answered to films that nobody taught it, ready to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

LONG = {"roc", "reliability", "truth", "answer"}  # lists of points, which plots need and a bundle goes without


@dataclass(frozen=True, eq=False)
class Examined:
    """Everything to be said in plain values, by set of films, and what cannot be said so.

    again: by scanner, figures of the same persons filmed again and again. pictured: by set, limbs whose projections
    were held against the truth. followed: by set, the table that `evaluate prognosis` takes.
    """

    sets: dict[str, dict[str, Any]]
    again: dict[str, Any] = field(default_factory=dict)
    pictured: dict[str, Sequence[Any]] = field(default_factory=dict)
    followed: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def of_bundle(self) -> dict[str, dict[str, Any]]:
        """The same sets as a bundle keeps them."""
        return {name: _short(one) for name, one in self.sets.items()}


def _short(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _short(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if name not in LONG
    }
