"""How well classes agree with the truth: what was predicted of one limb or film, and the figures of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evidence.sets import sets_of
from evidence.statistics import bodies
from evidence.statistics.baselines import both_weightings, trivial_features
from evidence.statistics.curves import reliability, roc_by_class
from evidence.statistics.delong import compare as delong
from evidence.statistics.metrics import auc_of, classification
from evidence.statistics.paired import mcnemar, mean_difference
from evidence.versus import Measure, Paired
from tasks.task import Truth

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ClassPrediction:
    """own: each network's calibrated probabilities [K]; joint: the ensemble's [K]; in the order of `labels`.
    features: by network [D], of networks that keep an out-of-distribution score."""

    labels: tuple[str, ...]
    own: dict[str, Array]
    joint: Array
    features: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class ClassRow:
    """One limb or film: the number of its true class, what was answered, and what a trivial baseline would see of it.
    body: whose bones a simulated patient has."""

    truth: int
    answers: dict[str, Array]
    patient: str
    trivial: list[float]
    age: float | None
    body: str | None


def compare(prediction: ClassPrediction, part: "Part", truth: Truth) -> ClassRow | None:
    """The answers beside the row's class; None where the row names none."""
    example = truth.example
    if example.label not in prediction.labels:
        return None
    return ClassRow(
        prediction.labels.index(example.label),
        {"joint": prediction.joint, **prediction.own},
        example.person,
        trivial_features(truth.shown),
        example.clinical.age_years,
        example.others.get("body"),
    )


def figures(rows: Sequence[ClassRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """Figures with 95 % intervals by patient, curves, what trivial baselines reach on the same films, differences
    between the networks, and figures by body where simulated patients have several."""
    labels = part.outputs
    truth = np.array([row.truth for row in rows])
    group = np.unique([row.patient for row in rows], return_inverse=True)[1].tolist()
    answers = {name: np.stack([row.answers[name] for row in rows]) for name in rows[0].answers}
    return {
        "answers": {
            name: {
                **classification(truth, answer, labels, group),
                "roc": roc_by_class(truth, answer, labels),
                "reliability": reliability(truth, answer),
            }
            for name, answer in answers.items()
        },
        "baselines": {
            name: classification(truth, answer, labels, group)
            for name, answer in baselines(rows, truth, group, len(labels)).items()
        },
        "auc_differences": differences(truth, answers, labels, group),
        **by_body(rows, truth, answers["joint"], labels, group),
    }


def baselines(
    rows: Sequence[ClassRow], truth: npt.NDArray[np.int64], group: Sequence[int], count: int
) -> dict[str, Array]:
    """What a logistic regression on brightness and contrast of the crop alone, and on age alone, answers [N, K], each
    row by the patients of the other four fifths of this very set: more than a network may see of it. None for fewer
    than five patients."""
    fold = [str(number % 5) for number in group]
    if len(set(fold)) < 5:
        return {}
    features = {"brightness and contrast": np.array([row.trivial for row in rows])}
    ages = [row.age for row in rows if row.age is not None]
    if len(ages) == len(rows):
        features["age"] = np.array(ages)[:, None]
    return {
        weighted: answer
        for name, values in features.items()
        for weighted, answer in both_weightings(name, values, truth, fold, count).items()
    }


def differences(
    truth: npt.NDArray[np.int64], answers: Mapping[str, Array], labels: Sequence[str], group: Sequence[int]
) -> dict[str, Any]:
    """By pair of networks and class, the difference of AUC by DeLong's test, which takes one limb a patient."""
    alone = np.unique(group, return_index=True)[1]
    single = [name for name in answers if name != "joint"]
    return {
        f"{second} over {first}": {
            label: asdict(delong(truth[alone] == number, answers[first][alone, number], answers[second][alone, number]))
            for number, label in enumerate(labels)
        }
        for position, first in enumerate(single)
        for second in single[position + 1 :]
    }


def by_body(
    rows: Sequence[ClassRow],
    truth: npt.NDArray[np.int64],
    joint: Array,
    labels: Sequence[str],
    group: Sequence[int],
) -> dict[str, Any]:
    """The ensemble's figures for each kind of bones that simulated patients have; nothing where there is one kind."""
    of = np.array(group)
    found = {
        kind: classification(truth[has], joint[has], labels, of[has].tolist())
        for kind, has in bodies.by_body([row.body for row in rows]).items()
    }
    return {"by_body": found} if found else {}


def extras(rows: Sequence[ClassRow], part: "Part") -> dict[str, Any]:
    return {}


def paired(
    first: Sequence[ClassRow],
    second: Sequence[ClassRow],
    part: "Part",
    ensembles: "tuple[Ensemble, Ensemble]",
) -> Paired:
    """Two bundles' joint answers to the same units. Brier score decides: it knows both who is told apart and how far a
    probability can be believed. Tests that need independent units take one a patient."""
    truth = np.array([row.truth for row in first])
    one, other = (np.stack([row.answers["joint"] for row in rows]) for rows in (first, second))
    group = [row.patient for row in first]
    alone = np.unique(group, return_index=True)[1]
    right = [answer.argmax(1) == truth for answer in (one, other)]
    tested = mcnemar(right[0][alone], right[1][alone])
    more = mean_difference(right[0].astype(float), right[1].astype(float), group)
    how = f"p by McNemar's exact test, one unit a patient: {tested.only_second} gained, {tested.only_first} lost"
    rates = [float(each.mean()) for each in right]
    measures = [Measure("Accuracy", rates[0], rates[1], more, tested.p, "more", how)]
    for number, label in enumerate(part.outputs):
        yes = truth == number
        areas = [auc_of(yes, answer[:, number]) for answer in (one, other)]
        gain = delong(yes[alone], one[alone, number], other[alone, number])
        values = [None if np.isnan(area) else area for area in areas]
        measures.append(
            Measure(
                f"AUC, {label}", values[0], values[1], gain.figure, gain.p, "more", "DeLong's test, one unit a patient"
            )
        )
    held = []
    for answer, ensemble in zip((one, other), ensembles, strict=True):
        kept = sets_of(answer, ensemble.facts["conformal_quantile"])
        held.append(kept[np.arange(len(truth)), truth].astype(float))
    measures.append(
        Measure("Coverage of prediction sets", float(held[0].mean()), float(held[1].mean()),
                mean_difference(held[0], held[1], group), how=f"promised: {ensembles[1].facts['coverage']:.2f}")
    )  # fmt: skip
    wanted = np.eye(len(part.outputs))[truth]
    losses = ((one - wanted) ** 2).sum(1), ((other - wanted) ** 2).sum(1)
    return Paired("Brier score", losses, tuple(measures))
