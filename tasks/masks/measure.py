"""How well outlines agree with the truth: what was predicted of one limb, and the figures of a set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.example import Example
from core.radiograph import Mask
from evidence.statistics import bodies
from evidence.statistics.overlap import Overlap, overlap, summary
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
    truths = {region: true_mask(region, truth.example, truth.folder) for region in part.outputs}
    overlaps = {
        name: {region: _overlap(truths[region], mask, region, prediction) for region, mask in masks.items()}
        for name, masks in prediction.regions.items()
    }
    return MaskRow(overlaps, truth.example.person, truth.example.others.get("body"))


def true_mask(region: str, example: Example, folder: Path) -> Mask | None:
    """The region's mask [H, W] as the manifest names it; None where it names none."""
    named = example.others.get(f"mask_{region}")
    return np.asarray(Image.open(folder / str(named)).convert("L")) > 127 if named else None


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
