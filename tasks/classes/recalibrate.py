"""What is fitted to the answers of networks of classes, fitted anew on other films: no weight is touched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.calibration import conformal_quantile, fit_temperature_and_bias
from evidence.sets import set_figures, sets_of
from models.bundle import Ensemble
from tasks.classes.measure import ClassPrediction, ClassRow, compare
from tasks.classes.read import decode
from tasks.distance import bounds_anew
from tasks.part import Part
from tasks.task import COVERAGE, Truth

Array = npt.NDArray[np.floating]
LEAST, LEAST_A_CLASS = 20, 2
PRIOR = 10.0  # films that the former temperature and bias count for: few films of one's own move them little


@dataclass(frozen=True, eq=False)
class ClassRaw:
    """One unit: its truth, and what each network said before calibration: logits [K] and features [D]."""

    row: ClassRow
    logits: dict[str, Array]
    features: dict[str, Array]

    @property
    def patient(self) -> str:
        return self.row.patient


def raw(prediction: ClassPrediction, part: Part, truth: Truth, ensemble: Ensemble) -> ClassRaw | None:
    """Logits are known up to what is the same for every class, which no probability depends on."""
    row = compare(prediction, part, truth)
    if row is None:
        return None
    logits = {
        node.name: np.log(np.maximum(prediction.own[node.name], 1e-300)) * node.facts.get("temperature", 1.0)
        - np.asarray(node.facts.get("bias", 0.0))
        for node in ensemble.nodes
    }
    return ClassRaw(row, logits, dict(prediction.features))


def refuse_too_few(part: Part, raws: Sequence[ClassRaw]) -> None:
    """Raises ValueError for fewer units than anything could be fitted to."""
    counts = np.bincount([one.row.truth for one in raws], minlength=len(part.outputs))
    if len(raws) < LEAST or counts.min() < LEAST_A_CLASS:
        found = ", ".join(f"{count} {label}" for count, label in zip(counts, part.outputs, strict=True))
        raise ValueError(
            f"found {len(raws)} units with a class ({found}), expected at least {LEAST}, and {LEAST_A_CLASS} of each "
            "class; add films"
        )


def refit(part: Part, ensemble: Ensemble, raws: Sequence[ClassRaw]) -> Ensemble:
    """Temperatures, biases, the bound of the sets, and how far is far; ensemble weights stay."""
    refuse_too_few(part, raws)
    truth = np.array([one.row.truth for one in raws])
    nodes = []
    for node in ensemble.nodes:
        logits = np.stack([one.logits[node.name] for one in raws])
        heat, bias = node.facts.get("temperature", 1.0), np.asarray(node.facts.get("bias", 0.0))
        warmer, more = fit_temperature_and_bias((logits + bias) / heat, truth, PRIOR)
        facts = {**node.facts, "temperature": heat * warmer, "bias": np.round(bias + more * heat, 6).tolist()}
        ood = node.ood
        if ood and all(node.name in one.features for one in raws):
            ood = bounds_anew(ood, np.stack([one.features[node.name] for one in raws]))
        nodes.append(replace(node, facts=facts, ood=ood))
    logits_of = {node.name: np.stack([one.logits[node.name] for one in raws]) for node in nodes}
    _, joint = decode(logits_of, Ensemble(tuple(nodes)))
    bound = conformal_quantile(joint, truth, COVERAGE)
    return Ensemble(tuple(nodes), {**ensemble.facts, "coverage": COVERAGE, "conformal_quantile": bound})


def answered(part: Part, ensemble: Ensemble, raws: Sequence[ClassRaw]) -> list[ClassRow]:
    """The units as an ensemble answers them."""
    own, joint = decode({node.name: np.stack([one.logits[node.name] for one in raws]) for node in ensemble.nodes},
                        ensemble)  # fmt: skip
    return [
        replace(one.row, answers={"joint": joint[at], **{name: table[at] for name, table in own.items()}})
        for at, one in enumerate(raws)
    ]


def kept(part: Part, ensemble: Ensemble, rows: Sequence[ClassRow]) -> npt.NDArray[np.bool_]:
    """Which classes each unit's set holds [N, K]."""
    return sets_of(np.stack([row.answers["joint"] for row in rows]), ensemble.facts["conformal_quantile"])


def figures_of_sets(part: Part, rows: Sequence[ClassRow], held: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Coverage and size of the sets, as evidence keeps them."""
    found = set_figures(np.array([row.truth for row in rows]), held, part.outputs, [row.patient for row in rows])
    return {
        "sets": {
            "coverage": found["coverage"],
            "mean_size": found["mean_size"],
            "by_class": {label: one["coverage"] for label, one in found["by_class"].items()},
            "size_by_class": {label: one["mean_size"] for label, one in found["by_class"].items()},
        }
    }
