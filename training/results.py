"""What a bundle answered to films that nobody trained it on, ready to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONG = {"roc", "reliability", "truth", "answer"}  # lists of points, which plots need and a bundle goes without


@dataclass(frozen=True, eq=False)
class Results:
    """Everything to be said in plain values, by set of films, and what cannot be said so.

    extras: by set, what its tasks give besides figures, by name (see `tasks.task.Measure.extras`). again: by scanner,
    figures of the same patients filmed again and again.
    """

    sets: dict[str, dict[str, Any]]
    extras: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: dict[str, Any] = field(default_factory=dict)

    def extra(self, name: str) -> dict[str, Any]:
        """One kind of extras by set; only sets that have it."""
        return {one: found[name] for one, found in self.extras.items() if name in found}

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
