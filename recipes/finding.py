"""What a recipe is asked, and what it finds: the same two nouns for classes, densities and scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from core.clinical import Clinical
from core.clock import Clock
from core.estimate import Difficulty, Estimate, Probabilities
from core.radiograph import Pixels, Radiograph
from core.refusal import Code, Notice, Refused
from core.regions import Regions
from core.vertebra import Vertebra
from evidence.familiarity import Familiarity
from imaging.crop import lay_back
from models import engine
from models.bundle import Bundle, Outliner
from recipes.limb import Limb
from recipes.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Case:
    """One limb of a film, or a film that is read as a whole, with everything that answers it.

    limb: None for a whole film. outliner: the network that draws its regions, if the recipe has one.
    """

    film: Radiograph
    limb: Limb | None
    person: Clinical
    notices: tuple[Notice, ...]
    recipe: Recipe
    bundle: Bundle
    outliner: Outliner | None
    on: torch.device
    clock: Clock

    @property
    def crop(self) -> Radiograph:
        """What the networks are shown: the limb cut out, or the whole film."""
        return self.limb.crop(self.film) if self.limb else self.film

    def over_film(self, values: Pixels) -> Pixels:
        """A map over the crop, over the film [H, W]."""
        return lay_back(values, self.limb.box, (self.film.height, self.film.width)) if self.limb else values


@dataclass(frozen=True, eq=False)
class Finding:
    """What a reading says besides whose film it is; fields as in `core.reading.Reading`.

    seen: whether the limb or bodies that the recipe reads were found on the film, so that its view is known.
    """

    estimate: Estimate
    difficulty: Difficulty
    notices: tuple[Notice, ...]
    candidates: dict[str, Probabilities] = field(default_factory=dict)
    regions: Regions = field(default_factory=Regions)
    explanation: Pixels | None = None
    explains: str | None = None
    density: Pixels | None = None
    vertebrae: tuple[Vertebra, ...] = ()
    seen: bool = True


def strangeness(case: Case, answers: Mapping[str, engine.Answer]) -> tuple[float, float]:
    """How far the film lies from those learned from, and from where on that is unusual; the bundle's first candidate
    keeps the door. Raises Refused for a film farther away than any of its kind should be."""
    keeper = case.bundle.candidates[0]
    familiarity = Familiarity.from_arrays(keeper.familiarity)
    distance = float(familiarity.distance(answers[keeper.name].features))
    if distance > familiarity.foreign:
        raise Refused(
            Code.WRONG_SITE,
            f"The film looks like nothing that {case.recipe.name} learned from (distance {distance:.2f}, at most "
            f"{familiarity.foreign:.2f} expected of {case.recipe.shows}); choose such a film.",
        )
    return distance, familiarity.unusual
