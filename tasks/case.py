"""What the parts of a recipe are asked about."""

from dataclasses import dataclass

import torch

from anatomy.limb import Limb
from core.clinical import Clinical
from core.radiograph import Pixels, Radiograph
from core.refusal import Notice
from core.system.clock import Clock
from imaging.crop import lay_back


@dataclass(frozen=True, eq=False)
class Case:
    """One limb of a film, or a film that is read as a whole.

    limb: None for a whole film. recipe, shows: who asks, and what it reads, for sentences. thorough: whether every
    network answers, also those whose answer no reader is shown, as when a bundle is measured.
    """

    film: Radiograph
    limb: Limb | None
    person: Clinical
    notices: tuple[Notice, ...]
    recipe: str
    shows: str
    on: torch.device
    clock: Clock
    thorough: bool = False

    @property
    def crop(self) -> Radiograph:
        """What the networks are shown: the limb cut out, or the whole film."""
        return self.limb.crop(self.film) if self.limb else self.film

    def over_film(self, values: Pixels) -> Pixels:
        """A map over the crop, over the film [H, W]."""
        return lay_back(values, self.limb.box, (self.film.height, self.film.width)) if self.limb else values
