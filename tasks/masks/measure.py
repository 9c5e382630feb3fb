"""How well outlines agree with the truth: what was predicted of one limb, and the figures of a set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.radiograph import Mask
from evidence.statistics import bodies
from evidence.statistics.overlap import Overlap, overlap, summary
from evidence.statistics.paired import mean_difference
from evidence.versus import Measure, Paired
from tasks.task import Truth

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

ENDLESS = {"femur"}  # the shaft runs on beyond the square that is looked at: counted within it


@dataclass(frozen=True, eq=False)
class MaskPrediction:
    """regions: by network, masks on the film [H, W] by region, the reported network first. steady: by region, how well
    looks at the film agree (mean IoU), of the reported network. plain: draws the regions on the limb's crop by one
    plain look, which is what networks of single regions are shown. within: the part of the film that was looked at.
    """

    regions: dict[str, dict[str, Mask]]
    steady: dict[str, float]
    plain: Callable[[], Mapping[str, Mask]]
    within: Callable[[], Mask]
    spacing_mm: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class MaskRow:
    """One limb: overlap by network and region; NaN where the manifest names no mask. body: whose bones a simulated
    patient has."""

    overlaps: dict[str, dict[str, Overlap]]
    patient: str
    body: str | None = None


def compare(prediction: MaskPrediction, part: "Part", truth: Truth) -> MaskRow:
    """Each network's outlines beside the row's masks."""
    truths = {region: true_mask(region, truth) for region in part.outputs}
    overlaps = {
        name: {region: _overlap(truths[region], mask, region, prediction) for region, mask in masks.items()}
        for name, masks in prediction.regions.items()
    }
    return MaskRow(overlaps, truth.example.person, truth.example.others.get("body"))


def true_mask(region: str, truth: Truth) -> Mask | None:
    """The region's mask [H, W] as the manifest names it, on the film as it was read; None where it names none."""
    named = truth.example.others.get(f"mask_{region}")
    return truth.laid(np.asarray(Image.open(truth.folder / str(named)).convert("L")) > 127) if named else None


def _overlap(truth: Mask | None, drawn: Mask, region: str, prediction: MaskPrediction) -> Overlap:
    if truth is None:
        return Overlap(np.nan, np.nan, np.nan, np.nan)
    return overlap(truth & prediction.within() if region in ENDLESS else truth, drawn, prediction.spacing_mm)


def figures(rows: Sequence[MaskRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """Overlap and distance of every network's outlines, by region, with 95 % intervals by patient; the same by body
    where simulated patients have several."""
    found = {
        kind: outlines([row for row, there in zip(rows, has, strict=True) if there])
        for kind, has in bodies.by_body([row.body for row in rows]).items()
    }
    return {"outlines": outlines(rows), **({"outlines_by_body": found} if found else {})}


def outlines(rows: Sequence[MaskRow]) -> dict[str, Any]:
    """By network and region."""
    group = np.unique([row.patient for row in rows], return_inverse=True)[1].tolist()
    return {
        name: summary({region: [row.overlaps[name][region] for row in rows] for region in regions}, group)
        for name, regions in rows[0].overlaps.items()
    }


def extras(rows: Sequence[MaskRow], part: "Part") -> dict[str, Any]:
    return {}


def paired(
    first: Sequence[MaskRow],
    second: Sequence[MaskRow],
    part: "Part",
    ensembles: "tuple[Ensemble, Ensemble]",
) -> Paired:
    """Two bundles' outlines of the same limbs, each by the network that it reports. One less the mean IoU decides."""
    group = [row.patient for row in first]
    one, other = (
        np.array([[_iou(next(iter(row.overlaps.values())), region) for region in part.outputs] for row in rows])
        for rows in (first, second)
    )
    measures = []
    for at, region in enumerate(part.outputs):
        if np.isfinite(one[:, at]).any():
            means = [float(np.nanmean(each[:, at])) for each in (one, other)]
            more = mean_difference(one[:, at], other[:, at], group)
            measures.append(
                Measure(f"IoU, {region}", means[0], means[1], more, better="more", how="paired bootstrap by patient")
            )
    known = np.isfinite(one).any(1)
    losses = [np.full(len(first), np.nan), np.full(len(first), np.nan)]
    for loss, each in zip(losses, (one, other), strict=True):
        loss[known] = 1 - np.nanmean(each[known], 1)
    return Paired("1 - mean IoU", (losses[0], losses[1]), tuple(measures))


def _iou(overlaps: Mapping[str, Overlap | None], region: str) -> float:
    """0 for a region that was not drawn, NaN for one whose truth is not known."""
    found = overlaps.get(region)
    return 0.0 if found is None else found.iou
