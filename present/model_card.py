"""What a person should know of a bundle before believing it, from its config and its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from present.wording import class_title, network_title

PARTS = {
    "test": "Test part, held out",
    "cross_validation": "Cross-validation, each film judged by networks that never saw it",
}
FIGURES = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "quadratic_kappa": "Quadratic kappa",
    "brier": "Brier score (lower is better)",
}
CLASS_FIGURES = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
}


@dataclass(frozen=True)
class Figure:
    """One measured value with its 95 % interval, for one judge on one part of the data; None: not defined there."""

    judge: str
    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "not defined"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Part:
    """One part of the data: how many films, and what each judge (the joint answer, a network, a baseline) came to."""

    title: str
    films: int
    judged: Mapping[str, Mapping[str, Any]]

    def figures(self, name: str) -> tuple[Figure, ...]:
        """One of FIGURES for every judge, the joint answer first."""
        return tuple(
            Figure(_judge(judge), one[name]["value"], one[name]["low"], one[name]["high"])
            for judge, one in self.judged.items()
            if name in one
        )

    def classes(self, judge: str = "joint") -> list[dict[str, str]]:
        """One row a class: how many films, and CLASS_FIGURES as text."""
        return [
            {"Class": class_title(label), "Films": str(one["films"])}
            | {title: str(Figure(judge, **one[name])) for name, title in CLASS_FIGURES.items()}
            for label, one in self.judged.get(judge, {}).get("classes", {}).items()
        ]


@dataclass(frozen=True)
class ModelCard:
    """One bundle on disk, for people."""

    name: str
    version: str
    labels: tuple[str, ...]
    candidates: tuple[str, ...]
    coverage: float | None
    learned_from: str
    intended_use: str
    parts: tuple[Part, ...]
    data: Mapping[str, Any]
    provenance: Mapping[str, Any]


def measured_sentence(card: ModelCard) -> str:
    """How good the bundle was found to be, in a sentence to stand beside each of its answers."""
    if not card.parts:
        return "How good it is was never measured."
    part = card.parts[0]
    found = next(iter(part.figures("balanced_accuracy")), None)
    if found is None or found.value is None or found.low is None:
        return "How good it is was never measured."
    chance = 1 / len(card.labels)
    verdict = " That is no better than chance." if found.low <= chance else ""
    return f"Balanced accuracy on {part.films} films held out: {found}; chance is {chance:.2f}.{verdict}"


def model_card(description: Mapping[str, Any]) -> ModelCard:
    """From what `reading.models()` says of a bundle. A bundle without evidence gives a card without parts."""
    evidence = description.get("evidence") or {}
    parts = [
        Part(PARTS[name], int(evidence[name]["joint"]["films"]), evidence[name])
        for name in PARTS
        if evidence.get(name, {}).get("joint")
    ]
    return ModelCard(
        name=description["name"],
        version=description["version"],
        labels=tuple(description["labels"]),
        candidates=tuple(description["candidates"]),
        coverage=description.get("coverage"),
        learned_from=description.get("learned_from", ""),
        intended_use=description.get("intended_use", ""),
        parts=tuple(parts),
        data=evidence.get("data", {}),
        provenance=description.get("provenance", {}),
    )


def _judge(name: str) -> str:
    return {"joint": "Together", "commonest class": "Always the commonest class"}.get(name, network_title(name))
