"""How often prediction sets hold the true class, and how large they are."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.statistics.metrics import Bootstrap

Flags = npt.NDArray[np.bool_]


def sets_of(probabilities: npt.NDArray[np.floating], quantile: float) -> Flags:
    """Which classes cannot be ruled out, [N, K], by probabilities [N, K]: `evidence.calibration.conformal_set`, many
    films at once. quantile: the bundle's conformal quantile."""
    kept = np.asarray(1 - probabilities <= quantile)
    kept[np.arange(len(kept)), probabilities.argmax(1)] = True  # never empty
    return kept


def set_figures(
    truth: npt.NDArray[np.integer],
    kept: Flags,
    labels: Sequence[str],
    group: Sequence[Hashable],
    draws: int = 1000,
) -> dict[str, Any]:
    """Share of films whose set holds the true class (`coverage`) and how many classes a set has (`mean_size`), with
    95 % intervals by group (patient), over all films and over those of each true class (`by_class`).

    truth [N]; kept [N, K]: which classes are in each film's set. The rate that conformal sets are made for holds over
    all films like those held out; of a rare class they may hold far fewer, which only `by_class` shows.
    """
    bootstrap, held, size = Bootstrap(group, draws), kept[np.arange(len(truth)), truth], kept.sum(1)

    def of(films: Flags) -> dict[str, Any]:
        return {
            "films": int(films.sum()),
            "coverage": asdict(bootstrap.ratio(held & films, films)),
            "mean_size": asdict(bootstrap.ratio(size * films, films)),
        }

    return {
        **of(np.ones(len(truth), bool)),
        "by_class": {label: of(truth == number) for number, label in enumerate(labels)},
    }
