"""A task: what a network is asked, and how its raw output becomes an answer.

Each task is a folder of four modules: `read` predicts with a bundle's networks and says what the reader gets, `learn`
trains and calibrates them, `measure` holds predictions against the truth, `show` puts the figures on cards and pages.
What the modules must offer are the protocols below and `Show` in evidence.shown; docs/guides/add-a-task.md builds one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from core.example import Example
from core.finding import Finding
from core.radiograph import Mask, Radiograph

if TYPE_CHECKING:  # the modules load network libraries; a recipe that is only named needs none
    from evidence.versus import Paired
    from models.bundle import Bundle, Ensemble, Node
    from tasks.case import Case
    from tasks.objective import Objective
    from tasks.part import Candidate, Part, Preset
    from tasks.samples import Samples

Predictions = Mapping[str, Any]  # by the name of the task, what the parts so far predicted on one unit
COVERAGE = 0.9  # of prediction sets and intervals
Say = Callable[[str, int, int], None]  # which step, how much is done, how much there is


class Read(Protocol):
    """`read.py`: from one unit to an answer."""

    def predict(self, case: "Case", part: "Part", ensemble: "Ensemble", before: Predictions) -> Any:
        """Run the networks on one limb or film and decode what they say; reading and evaluation both call this.

        before: what earlier parts predicted on the same unit. Raises Refused for what cannot be answered.
        """

    def tell(
        self, case: "Case", part: "Part", ensemble: "Ensemble", predictions: Predictions, found: Finding
    ) -> Finding:
        """Add what was predicted to what the reader gets."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What training one part gave: its networks, what was fitted to their joint answer, and figures on the validation
    films by the key under which a bundle's evidence keeps them."""

    nodes: "tuple[Node, ...]"
    facts: dict[str, Any]
    evidence: dict[str, Any]


class Trainer(Protocol):
    """What a task may ask of whoever runs the training (training.trainer)."""

    @property
    def preset(self) -> "Preset": ...

    @property
    def seed(self) -> int: ...

    @property
    def say(self) -> Say: ...

    @property
    def device(self) -> Any: ...

    @property
    def parent(self) -> "Bundle | None":
        """The bundle that is fine-tuned, whose facts stay where the validation films are too few to fit others."""

    def begin(
        self,
        candidate: "Candidate",
        outputs: int,
        like: str | None = None,
        trained: "Mapping[str, Any] | None" = None,
    ) -> "tuple[Any, bool]":
        """A network with its first weights, and whether they were learned before. like: the candidate whose first
        weights it takes when it is given none of its own. trained: networks trained before, for `Candidate.after`."""

    def fit(
        self,
        network: Any,
        candidate: "Candidate",
        objective: "Objective | Callable[[int], Objective]",
        validation: "Objective | None",
        *,
        pretrained: bool = False,
        stage: str | None = None,
        epochs: int | None = None,
        seed: int | None = None,
    ) -> Any:
        """The trained network, in evaluation mode, on the CPU. A run that was killed goes on where it was."""


class Learn(Protocol):
    """`learn.py`: from samples to networks."""

    def usable(self, part: "Part", example: Example) -> bool:
        """Whether a row of a manifest says anything that this task can learn from, or be measured on."""

    def expects(self, part: "Part") -> str:
        """The columns that say it, for a sentence."""

    def says(self, part: "Part", example: Example) -> Any:
        """What a row answers: copies of one film that answer differently contradict each other."""

    def check(self, part: "Part", examples: Sequence[Example], begun: bool) -> None:
        """Raises ValueError in one sentence where usable rows, before a film is read, are too few to teach this part.
        begun: whether the networks answer it already, so that what no row knows stays as it is."""

    def loads(self, part: "Part", candidates: "Sequence[Candidate]") -> dict[str, Any]:
        """What the loader of the part's unit must fetch besides: keyword arguments of training.data's loaders."""

    def learn(
        self,
        part: "Part",
        candidates: "Sequence[Candidate]",
        trainer: Trainer,
        train: "Samples",
        validation: "Samples",
        before: "tuple[Node, ...]",
    ) -> Learned:
        """Train and calibrate the part's candidates. before: networks of the parts before it.

        Raises ValueError in one sentence for samples that cannot teach it.
        """


def _nothing(column: str, size: int) -> None:
    return None


def _as_it_is(mask: Mask) -> Mask:
    return mask


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of one unit that was read.

    example: its row of the manifest. film: the film it lies on. shown: what the networks saw of it. folder: where the
    manifest's files lie. image: a column that names an image in the film's own geometry, cut to what was shown and
    resampled to [size, size]; None where the row names none. laid: a mask of the film as it came, on the film as it was
    read.
    """

    example: Example
    film: Radiograph
    shown: Radiograph
    folder: Path
    image: Callable[[str, int], npt.NDArray[np.floating] | None] = _nothing
    laid: Callable[[Mask], Mask] = _as_it_is


class Measure(Protocol):
    """`measure.py`: from predictions and truth to figures. Knows no network."""

    def compare(self, prediction: Any, part: "Part", truth: Truth) -> Any:
        """One unit's prediction beside its truth, small enough to hand from process to process; None where the truth
        is not known."""

    def figures(self, rows: Sequence[Any], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
        """Figures of one set of films in plain JSON values, with 95 % intervals by patient."""

    def paired(
        self,
        first: Sequence[Any],
        second: Sequence[Any],
        part: "Part",
        ensembles: "tuple[Ensemble, Ensemble]",
    ) -> "Paired":
        """The rows of two bundles on the same units held against each other."""

    def extras(self, rows: Sequence[Any], part: "Part") -> dict[str, Any]:
        """What cannot be said in plain values, by name: tables to write beside the figures, pictures to draw."""


class Recalibrate(Protocol):
    """`recalibrate.py`, of tasks that have one: what was fitted to networks' answers, fitted anew on other films."""

    def raw(self, prediction: Any, part: "Part", truth: Truth, ensemble: "Ensemble") -> Any:
        """What the networks said of one unit before calibration, beside its truth; None where that is not known. It has
        `patient`, and is small enough to hand from process to process."""

    def refit(self, part: "Part", ensemble: "Ensemble", raws: Sequence[Any]) -> "Ensemble":
        """The same networks with facts fitted to these units. Raises ValueError, with the numbers, for too few."""

    def answered(self, part: "Part", ensemble: "Ensemble", raws: Sequence[Any]) -> list[Any]:
        """The rows of `Measure.compare` as an ensemble answers these units."""

    def kept(self, part: "Part", ensemble: "Ensemble", rows: Sequence[Any]) -> Any:
        """Which answers the ensemble's sets hold, an array with an entry a row; None where rows say so themselves."""

    def figures_of_sets(self, part: "Part", rows: Sequence[Any], held: Any) -> dict[str, Any]:
        """Figures of these sets for the evidence."""


@dataclass(frozen=True)
class Task:
    """name: as bundles keep it, and the folder in `tasks` of its modules, which are loaded when first needed. How its
    evidence is shown is asked by name alone (report.shows), since nothing that shows figures needs a network."""

    name: str

    @property
    def read(self) -> Read:
        return cast(Read, import_module(f"tasks.{self.name}.read"))

    @property
    def learn(self) -> Learn:
        return cast(Learn, import_module(f"tasks.{self.name}.learn"))

    @property
    def measure(self) -> Measure:
        return cast(Measure, import_module(f"tasks.{self.name}.measure"))

    @property
    def recalibrate(self) -> Recalibrate | None:
        """None for a task whose answers nothing is fitted to, such as outlines."""
        known = find_spec(f"tasks.{self.name}.recalibrate") is not None
        return cast(Recalibrate, import_module(f"tasks.{self.name}.recalibrate")) if known else None
