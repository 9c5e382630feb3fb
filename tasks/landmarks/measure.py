"""How well landmarks lie: what was found on one film, and the figures of a set."""

from dataclasses import dataclass
from typing import Any

from core.vertebra import Vertebra


@dataclass(frozen=True, eq=False)
class LandmarkPrediction:
    """bodies: vertebrae, measured and graded, from the sacrum up. joints: hips or knees (anatomy.limb.Limb).
    row, norm: what a closer look at the bodies goes on from (anatomy.vertebrae)."""

    bodies: tuple[Vertebra, ...] = ()
    joints: tuple[Any, ...] = ()
    row: Any = None
    norm: Any = None
