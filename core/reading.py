"""What the reader gets: one `Reading` a limb or spine."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.estimate import Difficulty, Estimate, Probabilities
from core.radiograph import Pixels, Radiograph, Side
from core.refusal import Notice, Refusal
from core.regions import Regions
from core.version import __version__
from core.vertebra import Vertebra

Status = Literal["read", "refused", "failed"]


@dataclass(frozen=True)
class ViewGuess:
    """Which view the film is, and how sure that is; None where nothing was measured."""

    name: str
    confidence: float | None = None


@dataclass(frozen=True)
class ModelVersion:
    """The bundle that gave the answer."""

    name: str
    version: str
    learned_from: str = ""  # shown beside every answer: what the weights were trained on
    intended_use: str = ""


@dataclass(frozen=True, eq=False)
class Reading:
    """One limb's answer, or the refusal of its film.

    explanation: float32 [H, W] in 0..1 on the film as uploaded: where the answer came from. explains: the class or the
    score whose output that map explains.
    film: the joined answer of all limbs of the film, where they share one label.
    density: float32 [H, W] on the film as uploaded: bone mineral in g/cm2, where the recipe measures it.
    vertebrae: bodies found on a lateral spine, from the sacrum up.
    radiograph: the film itself, for faces to show; never part of `row`.
    embedding: float32 [D], what the leading network's last layer sees, by which films are told alike; not in `row`.
    """

    path: str
    status: Status
    case_id: str | None = None
    recipe: str | None = None
    side: Side | None = None
    view: ViewGuess | None = None
    estimate: Estimate | None = None
    candidates: dict[str, Probabilities] = field(default_factory=dict)
    regions: Regions = field(default_factory=Regions)
    explanation: Pixels | None = None
    explains: str | None = None
    density: Pixels | None = None
    difficulty: Difficulty | None = None
    refusal: Refusal | None = None
    warnings: tuple[Notice, ...] = ()
    model: ModelVersion | None = None
    timing_ms: dict[str, float] = field(default_factory=dict)
    film: dict[str, Any] | None = None
    radiograph: Radiograph | None = None
    vertebrae: tuple[Vertebra, ...] = ()
    embedding: npt.NDArray[np.float32] | None = None

    def named(self, path: str) -> "Reading":
        """The same reading under the path by which the caller knows the file."""
        return replace(self, path=path)

    def row(self) -> dict[str, Any]:
        """One line of readings.jsonl: plain JSON values, in the contract's names."""
        estimate, bmd = self.estimate, self.estimate.bmd if self.estimate else None
        row: dict[str, Any] = {
            "path": self.path,
            "case_id": self.case_id,
            "status": self.status,
            "recipe": self.recipe,
            "side": self.side,
            "view": vars(self.view) if self.view else None,
            "label": estimate.label if estimate else None,
            "probabilities": _rounded(estimate.probabilities) if estimate else None,
            "set": list(estimate.conformal_set) if estimate else None,
            "candidates": {name: _rounded(answer) for name, answer in self.candidates.items()},
            "regions": {
                region.name: {
                    "area_px": region.area_px,
                    "centroid_xy": [round(value, 2) for value in region.centroid_xy],
                    "box_xyxy": list(region.box_xyxy),
                    "score": region.score,
                }
                for region in self.regions
            },
            "bmd": vars(bmd) if bmd else None,
            **({"densities": [vars(one) for one in estimate.densities]} if estimate and estimate.densities else {}),
            "difficulty": {**vars(self.difficulty), "reasons": list(self.difficulty.reasons)}
            if self.difficulty
            else None,
            "refusal": {"code": str(self.refusal.code), "message": self.refusal.message} if self.refusal else None,
            "warnings": [vars(notice) for notice in self.warnings],
            "model": {"name": self.model.name, "version": self.model.version} if self.model else None,
            "osteolens": __version__,
            "timing_ms": {step: round(value, 2) for step, value in self.timing_ms.items()},
        }
        if estimate and estimate.scores:
            row["scores"] = {
                name: {
                    "probability": round(one.probability, 6),
                    "threshold": one.threshold,
                    "positive": one.positive,
                    "undecided": one.undecided,
                }
                for name, one in estimate.scores.items()
            }
        if self.vertebrae:
            row["vertebrae"] = {one.level: one.row() for one in self.vertebrae}
        if self.film is not None:
            row["film"] = self.film
        return row


def _rounded(probabilities: Probabilities) -> Probabilities:
    return {label: round(value, 6) for label, value in probabilities.items()}
