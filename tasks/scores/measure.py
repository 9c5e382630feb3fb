"""How well answers to yes/no questions agree with the truth: what was predicted of one film, and a set's figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.vertebra import Vertebra
from evidence.scores import Line

UNMEASURED = "_unmeasured"  # of a network's name: its answer as if no vertebral body had been found


@dataclass(frozen=True, eq=False)
class ScoreAnswer:
    """One network's answers: probability and decision threshold by question; features [D]; whether clinical values
    were among its inputs."""

    probabilities: dict[str, float]
    lines: dict[str, Line]
    features: npt.NDArray[np.floating]
    clinical: bool


@dataclass(frozen=True, eq=False)
class ScorePrediction:
    """answers: by network; where every network is to answer, also those of networks that weigh measured heights as if
    none had been measured. reported: the network whose answer counts. bodies: the vertebrae that were measured."""

    answers: Mapping[str, ScoreAnswer]
    reported: str
    bodies: tuple[Vertebra, ...] = ()
