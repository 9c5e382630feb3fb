"""How a task's evidence is shown: plain sections that a card, a page and a screen render alike.

Each task has a module `tasks.<task>.show` that keeps to `Show`. It reads figures and gives sections; what a section
looks like in Markdown, in the workbench or as a plot is not its business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.model_facts import ModelFacts
from evidence.figure import Figure
from evidence.record import Evidence
from evidence.study import Study

Cell = str | int | Figure


@dataclass(frozen=True)
class Table:
    """A head and rows of as many cells. grouped: how many leading columns are left empty where they repeat."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    grouped: int = 0


@dataclass(frozen=True)
class Plot:
    """A plot to be drawn from the study: which one, on which set where it shows a single one, and its caption."""

    what: str
    caption: str
    of: str = ""

    @property
    def name(self) -> str:
        return f"{self.what}_{self.of}" if self.of else self.what


@dataclass(frozen=True)
class Intervals:
    """One set's figures with their intervals, one below the other: by measure, each model's."""

    title: str
    measures: Mapping[str, tuple[tuple[str, Figure], ...]]


Block = str | Table | Plot


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, in order."""

    title: str
    blocks: tuple[Block, ...] = ()
    level: int = 2


@dataclass(frozen=True)
class Result:
    """One measured figure for machines, as the model index of a Hugging Face card keeps it.

    metric: the Hub's identifier, such as `accuracy`. split: the set of films. about: what of several it is (a class, a
    question, a region); empty where there is one only.
    """

    metric: str
    title: str
    figure: Figure
    split: str
    about: str = ""


@dataclass(frozen=True)
class Answers:
    """What a model answers, for the front matter and the first lines of its card."""

    sentence: str
    pipeline_tag: str
    tags: tuple[str, ...] = field(default=())


class Show(Protocol):
    """What a task says of its evidence."""

    def answers(self, facts: ModelFacts, evidence: Evidence) -> Answers:
        """What a model of this task answers."""
        ...

    def sentence(self, facts: ModelFacts, evidence: Evidence) -> str:
        """The evaluation in one sentence; empty where nothing was measured."""
        ...

    def card(self, facts: ModelFacts, evidence: Evidence) -> Sequence[Section]:
        """Sections of the model card, below `Evaluation`."""
        ...

    def intervals(self, facts: ModelFacts, evidence: Evidence) -> Sequence[Intervals]:
        """What a screen draws before it offers the card's sections."""
        ...

    def page(self, study: Study) -> Sequence[Section]:
        """Sections of the evidence page."""
        ...

    def results(self, evidence: Evidence) -> Sequence[Result]:
        """Figures for the model index."""
        ...

    def limits(self, facts: ModelFacts, evidence: Evidence) -> Sequence[str]:
        """What the figures themselves say against the model, a sentence each."""
        ...
