"""What a person should know of a bundle before believing it, from its config and its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from present.measured import Figure
from present.model_scores import Scored, bodies_found, scored, scores_sentence
from present.model_views import views_sentence, views_told
from present.wording import class_title, judge_title, network_title, region_title

# In the order in which they are shown: what says most about films from elsewhere comes first.
PARTS = {
    "external": "External: virtual patients on a scanner of another make",
    "internal": "Internal: virtual patients never learned from",
    "test": "Test part, held out",
    "held_out": "Held out of training, and used to calibrate",
    "cross_validation": "Cross-validation, each film judged by networks that never saw it",
}
WHERE = {
    "external": "limbs of virtual patients on a scanner of another make",
    "internal": "limbs of virtual patients never learned from",
    "test": "films held out",
    "held_out": "limbs held out",
    "cross_validation": "films, each judged by networks that never saw it",
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
DENSITY_FIGURES = {
    "r": "Pearson's r",
    "rmse": "RMSE, g/cm²",
    "bias": "Bias, g/cm²",
    "coverage": "Truth within the 90 % interval",
}
OUTLINE_FIGURES = {"iou": "IoU", "dice": "Dice", "boundary_mm": "Boundary off by, mm", "found": "IoU of 0.5 and more"}


@dataclass(frozen=True)
class Part:
    """One part of the data: how many films or limbs, and what each judge (the joint answer, a network, a baseline)
    came to; and how well each network's outlines lie, by region."""

    name: str
    films: int
    judged: Mapping[str, Mapping[str, Any]]
    outlines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{PARTS[self.name]} ({self.films} {'films' if self.where.startswith('films') else 'limbs'})"

    @property
    def where(self) -> str:
        """What was judged, for a sentence that counts it."""
        return WHERE[self.name]

    def figures(self, name: str) -> tuple[Figure, ...]:
        """One of FIGURES for every judge, the joint answer first."""
        return tuple(Figure.of(judge_title(judge), one[name]) for judge, one in self.judged.items() if name in one)

    def classes(self, judge: str = "joint") -> list[dict[str, str]]:
        """One row a class: how many films, and CLASS_FIGURES as text."""
        return [
            {"Class": class_title(label), "Number": str(one["films"]), "Prevalence": f"{one['prevalence'] * 100:.0f} %"}
            | {title: str(Figure.of(judge, one[name])) for name, title in CLASS_FIGURES.items()}
            for label, one in self.judged.get(judge, {}).get("classes", {}).items()
        ]

    def outlined(self) -> list[dict[str, str]]:
        """One row a region and network: OUTLINE_FIGURES as text."""
        return [
            {"Region": region_title(region), "Network": network_title(network), "Number": str(one["films"])}
            | {title: str(Figure.of(network, one[name])) for name, title in OUTLINE_FIGURES.items()}
            for network, regions in self.outlines.items()
            for region, one in regions.items()
        ]


@dataclass(frozen=True)
class ModelCard:
    """One bundle on disk, for people."""

    name: str
    version: str
    labels: tuple[str, ...]
    candidates: tuple[str, ...]
    voices: Mapping[str, float]  # by candidate: how much it counts in the joint answer; empty where all count alike
    coverage: float | None
    learned_from: str
    intended_use: str
    parts: tuple[Part, ...]
    data: Mapping[str, Any]
    provenance: Mapping[str, Any]
    outliners: tuple[str, ...] = ()
    densities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by set and region, where it measures
    found: Mapping[str, Any] = field(default_factory=dict)  # of a finder: how well it finds, on films held out
    scored: tuple[Scored, ...] = ()  # where it answers questions of yes or no
    bodies: Sequence[Mapping[str, str]] = ()  # rows on the vertebrae that it finds
    views: Sequence[Mapping[str, str]] = ()  # rows on the views that it names
    views_said: str = ""

    def densities_measured(self) -> list[dict[str, str]]:
        """One row a set and region: how well densities agree with the truth."""
        return [
            {"Set": PARTS[part], "Region": region_title(region), "Number": str(one["limbs"])}
            | {title: _three(one[key]) for key, title in DENSITY_FIGURES.items() if key in one}
            for part, regions in self.densities.items()
            for region, one in regions.items()
        ]

    def landmarks(self) -> list[dict[str, str]]:
        """One row a landmark of a finder: how far off it is, as a share of the joint's unit (`anatomy.joint.Joint`)."""
        far = self.found.get("largest_error_in_95_of_100", {})
        return [
            {"Landmark": name.replace("_", " ").capitalize(), "Median error": f"{error * 100:.1f} %"}
            | {"95 of 100 within": f"{far[name] * 100:.1f} %" if name in far else "not known"}
            for name, error in self.found.get("median_error", {}).items()
        ]


def _three(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def measured_sentence(card: ModelCard) -> str:
    """How good the bundle was found to be, in a sentence to stand beside each of its answers."""
    if card.found:
        return found_sentence(card)
    if card.densities:
        return density_figures_sentence(card)
    if card.scored:
        return scores_sentence(card.scored)
    if card.views_said:
        return card.views_said
    found = next(iter(card.parts[0].figures("balanced_accuracy")), None) if card.parts else None
    if found is None or found.value is None or found.low is None:
        return "How good it is was never measured."
    part, chance = card.parts[0], 1 / len(card.labels)
    verdict = " That is no better than chance." if found.low <= chance else ""
    return f"Balanced accuracy on {part.films} {part.where}: {found}; chance is {chance:.2f}.{verdict}"


def density_figures_sentence(card: ModelCard) -> str:
    """How well the total hip's density is told, on the set that the network knew least of."""
    part, regions = next(iter(card.densities.items()))
    one = regions.get("total_hip") or next(iter(regions.values()))
    r, error = (Figure.of("", one[key]) for key in ("r", "rmse"))
    error_text = "not defined" if error.value is None else f"{error.value:.3f} g/cm²"
    return f"Total hip density on {one['limbs']} {WHERE[part]}: Pearson's r {r}, root mean square error {error_text}."


def found_sentence(card: ModelCard) -> str:
    """How well a finder finds, on films held out."""
    there, missed, invented = (card.found.get(key, 0) for key in ("limbs", "missed", "invented"))
    how = "" if card.found.get("shape_checked") else " (before the check of their shape)"
    return (
        f"Of {there} whole {card.found.get('joints', 'femora')} on films held out it missed {missed}, and it saw "
        f"{invented} where there is none{how}."
    )


def shelf_line(card: ModelCard) -> str:
    """A bundle on one line, for the command line."""
    return f"{card.name}@{card.version}  {measured_sentence(card)}  Learned from {card.learned_from}"


def model_card(description: Mapping[str, Any]) -> ModelCard:
    """From what `reading.models()` says of a bundle. A bundle without evidence gives a card without parts."""
    evidence = description.get("evidence") or {}
    labels, held_out = tuple(description["labels"]), evidence.get("held_out", {})
    return ModelCard(
        name=description["name"],
        version=description["version"],
        labels=labels,
        candidates=tuple(description["candidates"]),
        voices=voices_of(description),
        coverage=(description.get("coverage") or None) if labels else None,
        learned_from=description.get("learned_from", ""),
        intended_use=description.get("intended_use", ""),
        parts=tuple(part for part in (_part(name, evidence.get(name)) for name in PARTS) if part is not None),
        data=evidence.get("data", {}),
        provenance=description.get("provenance", {}),
        outliners=tuple(description.get("outliners", {})),
        densities=_densities(evidence) if description.get("densitometers") else {},
        found=held_out if "limbs" in held_out else {},
        scored=scored(evidence) if description.get("scores") else (),
        bodies=bodies_found(evidence),
        views=views_told(evidence) if "left_out" in evidence else (),
        views_said=views_sentence(evidence) if "left_out" in evidence else "",
    )


def voices_of(description: Mapping[str, Any]) -> dict[str, float]:
    """How much each candidate counts in the joint answer, where the bundle says so."""
    return {name: one["voice"] for name, one in description["candidates"].items() if one.get("voice") is not None}


def _densities(evidence: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Agreement by set and region, the set least known first."""
    sets = {name: evidence[name].get("regions", evidence[name]) for name in PARTS if name in evidence}
    return {
        name: known
        for name, regions in sets.items()
        if (known := {region: one for region, one in regions.items() if one.get("limbs")})
    }


def _part(name: str, values: Mapping[str, Any] | None) -> Part | None:
    """From the figures of one part: of each judge, or with the judges under `answers` and outlines beside them."""
    judged = (values or {}).get("answers", values or {})
    if not judged.get("joint"):
        return None
    return Part(name, int(judged["joint"]["films"]), judged, (values or {}).get("outlines", {}))
