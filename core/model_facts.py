"""What a model says of itself, apart from what was measured of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

INTENDED_USE = "For research and teaching only. Do not use it for decisions about patients."


@dataclass(frozen=True)
class ModelFacts:
    """One model, from the config of its bundle and the recipe it was made with.

    networks: by name, the task each was trained for. weights: by network, its weight in the ensemble; empty where all
    weigh the same. labels: classes, in order. questions: answered by yes or no. coverage: of the prediction sets, where
    it gives some. simplifications: how it differs from the paper. unit: of the errors of landmarks, in words. parent:
    the model that it was fine-tuned from and how, in one sentence; empty for one that was not.
    """

    name: str
    version: str
    title: str = ""
    paper: str = ""
    labels: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    networks: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    coverage: float | None = None
    learned_from: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    simplifications: tuple[str, ...] = ()
    unit: str = ""
    parent: str = ""

    @classmethod
    def of(
        cls,
        description: Mapping[str, Any],
        title: str = "",
        paper: str = "",
        simplifications: tuple[str, ...] = (),
        unit: str = "",
    ) -> Self:
        """From the config of a bundle, as plain values."""
        networks, weights = _networks(description)
        labels, questions = tuple(description.get("labels", ())), tuple(description.get("scores", ()))
        return cls(
            name=description["name"],
            version=description["version"],
            title=title or description["name"],
            paper=paper,
            labels=labels,
            questions=questions,
            networks=networks,
            weights=weights,
            coverage=(description.get("coverage") or None) if labels else None,
            learned_from=description.get("learned_from", ""),
            provenance=description.get("provenance", {}),
            simplifications=simplifications,
            unit=unit,
            parent=_parent(description.get("parent") or {}),
        )

    def of_task(self, task: str) -> tuple[str, ...]:
        """The networks trained for one task."""
        return tuple(name for name, trained_for in self.networks.items() if trained_for == task)


@dataclass(frozen=True)
class ModelSummary:
    """What stands beside every answer of a model. measured: its evaluation in one sentence."""

    name: str
    version: str
    coverage: float | None
    weights: Mapping[str, float]
    measured: str


def _parent(parent: Mapping[str, Any]) -> str:
    """`Fine-tuned from hip_vit 0.3.0 (fingerprint 1a2b...)`, and what else is known of how; empty without a parent."""
    if not parent:
        return ""
    whole = f"{parent['name']} {parent['version']} (fingerprint {parent['fingerprint']})"
    if "epochs" not in parent:
        return f"Recalibrated from {whole}; its weights are unchanged"
    share = parent.get("virtual_share", 0)
    mixed = f"; {share:.0%} of the films shown while learning were of virtual patients" if share else ""
    frozen = parent.get("frozen")
    kept = {None: "", 0: "; all layers learned", 1: "; only the heads learned"}.get(
        frozen, f"; the first {frozen or 0:.0%} of the layers stayed as they were"
    )
    return f"Fine-tuned from {whole}{mixed}{kept}"


def _networks(description: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, float]]:
    """Networks by task, and their ensemble weights: named so in the config, or by the three lists of older ones."""
    answers = "scores" if description.get("scores") else "classes"
    known: dict[str, tuple[str, Mapping[str, Any]]] = {
        name: (one["task"], {**one, **one.get("facts", {})}) for name, one in description.get("networks", {}).items()
    }
    known |= {name: (answers, one) for name, one in description.get("candidates", {}).items()}
    known |= {name: ("density", one) for name, one in description.get("densitometers", {}).items()}
    known |= {
        name: ("masks" if "held_out_iou" in one else "landmarks", one)
        for name, one in description.get("outliners", {}).items()
    }
    weights = {name: one.get("weight", one.get("voice")) for name, (task, one) in known.items() if task == "classes"}
    return (
        {name: task for name, (task, _) in known.items()},
        {name: float(weight) for name, weight in weights.items() if weight is not None},
    )
