"""Scales, decision thresholds and bounds of doubt of yes/no questions, fitted anew on other films: no weight is
touched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logit as log_odds

from evidence.genant import greatest_loss
from evidence.scores import FEWEST
from models.bundle import Ensemble
from tasks.distance import bounds_anew
from tasks.part import Part
from tasks.scores.decode import decode
from tasks.scores.learn import decoded, thresholds
from tasks.scores.measure import ScorePrediction, ScoreRow, compare
from tasks.task import Truth

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ScoreRaw:
    """One film: its truth, and by network the logits [S] before calibration and features [D]. lost: the greatest loss
    of height, NaN where not measured."""

    row: ScoreRow
    logits: dict[str, Array]
    features: dict[str, Array]
    lost: float

    @property
    def patient(self) -> str:
        return self.row.example.person


def raw(prediction: ScorePrediction, part: Part, truth: Truth, ensemble: Ensemble) -> ScoreRaw | None:
    """Each network's logits, from its probabilities by what was fitted to them."""
    loss = greatest_loss(prediction.bodies)
    nodes = {node.name: node for node in ensemble.nodes}
    logits = {
        name: np.array([_logit(answer.probabilities[score], nodes[name].facts, score, loss) for score in part.outputs])
        for name, answer in prediction.answers.items()
        if name in nodes
    }
    row = compare(prediction, part, truth)
    row = replace(row, probabilities={name: row.probabilities[name] for name in logits})
    features = {name: prediction.answers[name].features for name in logits}
    return ScoreRaw(row, logits, features, np.nan if loss is None else float(loss))


def _logit(probability: float, facts: dict[str, Any], score: str, loss: float | None) -> float:
    """What `decode` makes this probability of: a line through its answers to logits of 0 and 1."""
    ends = [float(log_odds(np.clip(decode(at, facts, score, loss)[0], 1e-12, 1 - 1e-12))) for at in (0.0, 1.0)]
    return (float(log_odds(np.clip(probability, 1e-12, 1 - 1e-12))) - ends[0]) / max(ends[1] - ends[0], 1e-6)


def refit(part: Part, ensemble: Ensemble, raws: Sequence[ScoreRaw]) -> Ensemble:
    """Questions with too few films of either answer keep what they had. Raises ValueError where all of them do."""
    truth = np.stack([one.row.truth for one in raws])
    lost = np.array([one.lost for one in raws])
    counts = {
        question: (int((truth[:, at] == 1).sum()), int((truth[:, at] == 0).sum()))
        for at, question in enumerate(part.outputs)
    }
    fitted = [question for question, both in counts.items() if min(both) >= FEWEST]
    if not fitted:
        found = "; ".join(f"{question}: {yes} yes, {no} no" for question, (yes, no) in counts.items())
        raise ValueError(f"found {found}, expected at least {FEWEST} films of either answer to one question; add films")
    nodes = []
    for node in ensemble.nodes:
        logits = np.stack([one.logits[node.name] for one in raws])
        facts, anew = dict(node.facts), thresholds(part, logits, truth, lost)
        for key in ("scale", "threshold", "doubt"):
            facts[key] = {**facts[key], **{question: anew[key][question] for question in fitted}}
        if "heights" in anew and set(anew["heights"]["weight"]) <= set(fitted):
            facts["heights"] = anew["heights"]
        ood = node.ood
        if ood:
            ood = bounds_anew(ood, np.stack([one.features[node.name] for one in raws]))
        nodes.append(replace(node, facts=facts, ood=ood))
    return Ensemble(tuple(nodes), ensemble.facts)


def answered(part: Part, ensemble: Ensemble, raws: Sequence[ScoreRaw]) -> list[ScoreRow]:
    """The films as an ensemble answers them."""
    lost = np.array([one.lost for one in raws])
    tables = {
        node.name: decoded(node, part, np.stack([one.logits[node.name] for one in raws]), lost)
        for node in ensemble.nodes
    }
    return [
        replace(one.row, probabilities={name: table[at] for name, table in tables.items()})
        for at, one in enumerate(raws)
    ]


def kept(part: Part, ensemble: Ensemble, rows: Sequence[ScoreRow]) -> None:
    """Bounds of doubt are the ensemble's own, and its figures tell how they do."""


def figures_of_sets(part: Part, rows: Sequence[ScoreRow], held: None) -> dict[str, Any]:
    return {}
