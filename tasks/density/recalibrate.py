"""The line that brings densities to the truth, and how far answers are off, fitted anew on other limbs: no weight is
touched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.labels import CLASSES
from core.reference import YOUNG
from evidence.densitometry import Residuals, class_probabilities
from models.bundle import Ensemble
from tasks.density.measure import DensityPrediction, DensityRow, compare
from tasks.part import Part
from tasks.task import COVERAGE, Truth

Array = npt.NDArray[np.floating]
LEAST = 20


@dataclass(frozen=True, eq=False)
class DensityRaw:
    """One limb: its truth, and the network's densities and spread of looks [R] before calibration."""

    row: DensityRow
    abmd: Array
    spread: Array

    @property
    def patient(self) -> str:
        return self.row.patient


def raw(prediction: DensityPrediction, part: Part, truth: Truth, ensemble: Ensemble) -> DensityRaw | None:
    row = compare(prediction, part, truth)
    return DensityRaw(replace(row, pictured=None), prediction.abmd, prediction.spread)


def refit(part: Part, ensemble: Ensemble, raws: Sequence[DensityRaw]) -> Ensemble:
    """Regions that too few limbs have a density of keep what they had. Raises ValueError where none has enough."""
    (node,) = ensemble.nodes
    truth = np.stack([one.row.truth for one in raws])
    counts = np.isfinite(truth).sum(0)
    at = np.flatnonzero(counts >= LEAST)
    rows = np.isfinite(truth[:, at]).all(1) if len(at) else np.zeros(len(truth), bool)
    if rows.sum() < LEAST:
        found = ", ".join(f"{count} of {name}" for count, name in zip(counts, part.outputs, strict=True))
        raise ValueError(
            f"found {int(rows.sum())} limbs whose densities are known together ({found}), expected at least {LEAST}; "
            "add limbs with abmd_ columns"
        )
    answer, spread = (np.stack([getattr(one, name) for one in raws])[rows] for name in ("abmd", "spread"))
    before = Residuals.from_dict(part.outputs, node.facts)
    regions = [part.outputs[one] for one in at]
    anew = Residuals.learn(regions, truth[rows][:, at], answer[:, at], spread[:, at], COVERAGE)
    line, doubt, reach = before.line.copy(), before.doubt.copy(), before.reach.copy()
    units = np.zeros((len(anew.units), len(part.outputs)))
    # Errors of all regions are laid upon an answer together; one that was not measured brings those it had.
    units[:] = before.units[np.arange(len(units)) % len(before.units)]
    line[at], doubt[at], reach[at], units[:, at] = anew.line, anew.doubt, anew.reach, anew.units
    settled = Residuals(tuple(part.outputs), line, doubt, units, reach, COVERAGE)
    return Ensemble((replace(node, facts={**node.facts, **settled.to_dict()}),), ensemble.facts)


def answered(part: Part, ensemble: Ensemble, raws: Sequence[DensityRaw]) -> list[DensityRow]:
    """The limbs as an ensemble answers them."""
    residuals = Residuals.from_dict(part.outputs, ensemble.nodes[0].facts)
    rows = []
    for one in raws:
        low, high = residuals.interval(one.abmd, one.spread)
        value = residuals.settled(one.abmd, one.spread)[0]
        shares = one.row.shares
        if all(region in part.outputs for region in YOUNG):
            _, named, _ = class_probabilities(residuals, one.abmd, one.spread, CLASSES)
            shares = np.array([named[label] for label in CLASSES])
        rows.append(replace(one.row, value=value, low=low, high=high, shares=shares))
    return rows


def kept(part: Part, ensemble: Ensemble, rows: Sequence[DensityRow]) -> None:
    """Intervals stand in the rows themselves."""


def figures_of_sets(part: Part, rows: Sequence[DensityRow], held: None) -> dict[str, Any]:
    return {}
