"""Figures of the task `classes`: one class of several for each film or limb."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from evidence.figure import Figure
from evidence.record.base import Counts, Curve, Difference, Record

ENSEMBLE = "joint"  # the key of all networks' answer together


def _figure(value: Any) -> Any:
    return {"value": value, "low": None, "high": None} if isinstance(value, int | float) else value


Mean = Annotated[Figure, BeforeValidator(_figure)]  # a figure, or a number for which no interval was worked out


class PredictionSets(Record):
    """How often conformal sets hold the true class, and how many classes they hold: overall and by true class."""

    coverage: Figure
    mean_size: Mean
    by_class: dict[str, Figure] = {}
    size_by_class: dict[str, Mean] = {}


class OneClass(Record):
    """One class against the others; predictive values hold at `prevalence` only."""

    films: int
    prevalence: float
    auc: Figure
    sensitivity: Figure
    specificity: Figure
    ppv: Figure
    npv: Figure


class Reliability(Record):
    """For each bin of confidence that has films: how many, their mean confidence, and the share right."""

    films: list[int]
    confidence: list[float]
    right: list[float]


class ClassSummary(Record):
    """What one model or baseline came to on one set. confusion[truth][answer]: films, in the order of the labels."""

    films: int
    groups: int | None = None
    accuracy: Figure | None = None
    balanced_accuracy: Figure | None = None
    quadratic_kappa: Figure | None = None
    brier: Figure | None = None
    calibration_error: Figure | None = None
    classes: dict[str, OneClass] = {}
    confusion: list[list[int]] = []
    roc: dict[str, Curve] = {}
    reliability: Reliability | None = None
    sets: PredictionSets | None = None


class ClassFigures(Counts):
    """One set of films. answers: by model, the ensemble's first. baselines: what needs no anatomy, by name.
    auc_differences: by `<network> over <network>` and class. sets: of the ensemble, where no answer carries its own.
    by_body: the ensemble's, by the kind of bones that simulated patients have, where there are several."""

    answers: dict[str, ClassSummary] = {}
    baselines: dict[str, ClassSummary] = {}
    auc_differences: dict[str, dict[str, Difference]] = {}
    sets: PredictionSets | None = None
    by_body: dict[str, ClassSummary] = {}

    @property
    def ensemble(self) -> ClassSummary | None:
        return self.answers.get(ENSEMBLE)

    @property
    def prediction_sets(self) -> PredictionSets | None:
        """Coverage and size of the sets that a reading shows."""
        return (self.ensemble.sets if self.ensemble else None) or self.sets
