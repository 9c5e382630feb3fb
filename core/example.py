"""One row of a manifest: a film, or one limb of it, with what is known of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clinical import Clinical


class ManifestError(ValueError):
    """A manifest cannot be used: what was found, what was expected, in which row."""


@dataclass(frozen=True)
class Example:
    """path: where the film lies. label: its class. patient: whose it is, under any name. split: the part of a given
    split it belongs to. others: every further column by name; None where it is empty."""

    path: Path
    label: str | None
    patient: str | None
    clinical: Clinical
    split: str | None
    others: dict[str, Any]

    @property
    def person(self) -> str:
        """Whose film it is; a film without a patient is somebody's own."""
        return self.patient or str(self.path)
