"""What a recipe binds together. One value a published system."""

from dataclasses import dataclass, field
from typing import Any

from core.radiograph import Site, View
from imaging.preprocess import Preprocess


@dataclass(frozen=True)
class Candidate:
    """A network to train and compare, with the input it sees.

    init: where its first weights come from when the command line names none (see models.initial).
    frozen: the share of its layers, from the input on, that keep their first weights; 1.0 teaches the head alone.
    """

    name: str
    network: str
    preprocess: Preprocess
    options: dict[str, Any] = field(default_factory=dict)
    init: str = "scratch"
    frozen: float = 0.0


@dataclass(frozen=True)
class Preset:
    """How a recipe is trained. `demo` fits two CPU cores; `paper` is the published size."""

    candidates: tuple[Candidate, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-4
    folds: int = 5


@dataclass(frozen=True)
class Recipe:
    """One published system: what it reads, with what, and how that is trained.

    bundle: `name@version` of the weights it reads with, or None while there are none.
    """

    name: str
    title: str
    paper: str
    site: Site
    view: View
    labels: tuple[str, ...]
    presets: dict[str, Preset]
    bundle: str | None
    simplifications: tuple[str, ...] = ()

    @property
    def view_name(self) -> str:
        """Site and view as a reading names them, such as `knee_ap`."""
        return f"{self.site}_{self.view}"

    @property
    def shows(self) -> str:
        """The same in words, such as `AP knee film`."""
        return f"{'AP' if self.view == 'ap' else self.view} {self.site} film"
