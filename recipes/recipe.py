"""What a recipe binds together. One value a published system."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from core.radiograph import Site, View
from tasks.part import Candidate, Part, Preset
from tasks.task import Task

BEGUN = ", begun from nothing"  # ends a simplification that no longer holds of a bundle fine-tuned from another
EPOCHS_ON = 4  # that networks of a bundle go on learning unless told; with the share below, see docs/experiments.md
VIRTUAL_SHARE = 0.5  # of what they are then shown, where the recipe can make virtual patients
Holding = Literal["validation", "folds", "origins"]
More = Literal["fractures", "negatives"]


@dataclass(frozen=True)
class Recipe:
    """One published system: what it reads, with what, and how that is trained.

    labels: the classes that an answer names; empty where it names none.
    parts: what its networks are asked, in the order in which they are trained and read; each may use what those before
    it found.
    bundle: `name@version` of the weights it reads with where no file beside the bundles names another version
    (models.reads), or None while there are none. The same holds for `finder` and for the source of a part.
    finder: the bundle that finds the limbs on a film; None reads the film as a whole.
    shared: whether the limbs of one film share one label, so that the film's answer joins theirs.
    holding: how films are held out in training: a validation split; folds, where films are few; or each origin of films
    in turn, where what is learned must hold in another hospital.
    more_virtual: simulated films it learns from besides patients as they come: spines with fractures, which are rare;
    or films of other places, where nothing is to be found.
    regions: what an expert is asked to outline.
    """

    name: str
    title: str
    paper: str
    site: Site
    view: View
    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    presets: dict[str, Preset]
    bundle: str | None
    simplifications: tuple[str, ...] = ()
    finder: str | None = None
    shared: bool = False
    holding: Holding = "validation"
    more_virtual: tuple[More, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[Part, ...]:
        """The parts whose networks its own bundle holds."""
        return tuple(part for part in self.parts if part.source is None)

    def part(self, task: Task) -> Part | None:
        """Its first part of a task, if it has one."""
        return next((part for part in self.parts if part.task == task), None)

    def outputs(self, task: Task) -> tuple[str, ...]:
        """What its first part of a task answers with; nothing where it has none."""
        part = self.part(task)
        return part.outputs if part else ()

    def candidates(self, preset: str) -> tuple[Candidate, ...]:
        """Every network that a preset trains, in order."""
        return tuple(candidate for part in self.own for candidate in part.candidates.get(preset, ()))

    def reading_with(self, reads: Callable[[str], str]) -> "Recipe":
        """The same with the versions that read: `reads` gives them for the defaults."""
        parts = tuple(replace(part, source=part.source and reads(part.source)) for part in self.parts)
        bundle, finder = self.bundle and reads(self.bundle), self.finder and reads(self.finder)
        return replace(self, parts=parts, bundle=bundle, finder=finder)

    @property
    def needs(self) -> tuple[str, ...]:
        """The bundles it cannot read without."""
        sources = [part.source for part in self.parts]
        return tuple(dict.fromkeys(name for name in (self.bundle, self.finder, *sources) if name is not None))

    @property
    def makes_virtual(self) -> bool:
        """Whether virtual patients can be shown beside an expert's films."""
        return self.holding == "validation" and any(preset.virtual_films for preset in self.presets.values())

    @property
    def virtual_share(self) -> float:
        """How large a share of what is shown they are unless told."""
        return VIRTUAL_SHARE if self.makes_virtual else 0.0

    @property
    def view_name(self) -> str:
        """Site and view as a reading names them, such as `knee_ap`."""
        return f"{self.site}_{self.view}"

    @property
    def shows(self) -> str:
        """The same in words: an AP knee film."""
        return f"{'an AP' if self.view == 'ap' else f'a {self.view}'} {self.site} film"
