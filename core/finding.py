"""What the parts of a recipe find on one limb, or on a film that is read as a whole."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.estimate import Difficulty, Estimate, Probabilities
from core.radiograph import Pixels
from core.refusal import Notice
from core.regions import Regions
from core.vertebra import Vertebra


@dataclass(frozen=True, eq=False)
class Finding:
    """What a reading says besides whose film it is; fields as in `core.reading.Reading`. Each part adds to what the
    parts before it found.

    seen: whether the limb or the bodies that the recipe reads were found on the film, so that its view is known.
    steady: whether every region was found, and stays where it is from one look to the next.
    explains: which of several answers the explanation belongs to; None where there is one answer.
    """

    estimate: Estimate | None = None
    difficulty: Difficulty | None = None
    notices: tuple[Notice, ...] = ()
    candidates: dict[str, Probabilities] = field(default_factory=dict)
    regions: Regions = field(default_factory=Regions)
    explanation: Pixels | None = None
    explains: str | None = None
    density: Pixels | None = None
    vertebrae: tuple[Vertebra, ...] = ()
    seen: bool = True
    steady: bool = True
    embedding: npt.NDArray[np.float32] | None = None
