"""Figures of the task `scores`: questions of yes or no."""

from evidence.figure import Figure
from evidence.record.base import Counts, Curve, Difference, Record


class UndecidedRange(Record):
    """Between which probabilities neither answer can be ruled out, how often each true answer is kept, and how many
    films stay undecided."""

    between: list[float]
    yes_kept: Figure
    no_kept: Figure
    undecided: Figure


class ScoreAnswer(Record):
    """One model's answer to one question; predictive values hold at the prevalence of the set only."""

    films: int
    positive: int
    prevalence: float | None = None
    auc: Figure
    auc_delong: Figure | None = None
    threshold: float | None = None
    sensitivity: Figure
    specificity: Figure
    ppv: Figure
    npv: Figure
    brier: Figure
    mean_probability: float | None = None
    doubt: UndecidedRange | None = None
    roc: Curve | None = None


class Question(Record):
    """One question: each model's answer, those that see most last, and by DeLong's test what each adds."""

    answers: dict[str, ScoreAnswer]
    gains: dict[str, Difference] = {}

    @property
    def reported(self) -> ScoreAnswer:
        """Of the model that answers a reading."""
        return list(self.answers.values())[-1]


class ScoreFigures(Counts):
    """One set of films, by question."""

    scores: dict[str, Question] = {}
