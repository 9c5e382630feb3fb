"""How well answers to yes/no questions agree with the truth: what was predicted of one film, and a set's figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.clinical import Clinical
from core.example import Example
from core.vertebra import Vertebra
from evidence.scores import DecisionThreshold, score_figures
from evidence.statistics.baselines import out_of_fold
from evidence.statistics.curves import roc
from evidence.statistics.delong import compare as delong
from evidence.statistics.metrics import auc_of
from evidence.statistics.paired import mcnemar, mean_difference
from evidence.statistics.prognosis import EVENT, YEARS
from evidence.versus import Measure, Paired
from tasks.scores.decode import thresholds_of
from tasks.scores.truth import answers_of
from tasks.task import Truth

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

Array = npt.NDArray[np.floating]
KEPT = ("fracture", "scanner", YEARS, EVENT)
KNOWN_ONLY = "age, sex, BMI only"
UNMEASURED = "_unmeasured"  # of a network's name: its answer as if no vertebral body had been found
SEX = {"F": 0.0, "M": 1.0}


@dataclass(frozen=True, eq=False)
class ScoreAnswer:
    """One network's answers: probability and decision threshold by question; features [D]; whether clinical values
    were among its inputs."""

    probabilities: dict[str, float]
    thresholds: dict[str, DecisionThreshold]
    features: npt.NDArray[np.floating]
    clinical: bool


@dataclass(frozen=True, eq=False)
class ScorePrediction:
    """answers: by network; where every network is to answer, also those of networks that weigh measured heights as if
    none had been measured. reported: the network whose answer counts. bodies: the vertebrae that were measured."""

    answers: Mapping[str, ScoreAnswer]
    reported: str
    bodies: tuple[Vertebra, ...] = ()


@dataclass(frozen=True, eq=False)
class ScoreRow:
    """One film: the true answers [S], NaN where not known; by network the probabilities [S] and the thresholds that it
    would use had it measured everything it can."""

    truth: Array
    probabilities: dict[str, Array]
    example: Example


def compare(prediction: ScorePrediction, part: "Part", truth: Truth) -> ScoreRow:
    """The answers beside those the row names."""
    return ScoreRow(
        np.array(answers_of(part, truth.example)),
        {
            name: np.array([one.probabilities[score] for score in part.outputs])
            for name, one in prediction.answers.items()
        },
        truth.example,
    )


def figures(rows: Sequence[ScoreRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """By question: each network's figures, what each adds to the one before, and what a regression on age, sex and BMI
    alone reaches; with 95 % intervals by patient."""
    facts = {node.name: node.facts for node in ensemble.nodes}
    names = list(rows[0].probabilities)
    thresholds = {
        name: thresholds_of(facts[name.removesuffix(UNMEASURED)], part.outputs, not name.endswith(UNMEASURED))
        for name in names
    }
    return figures_of_answers(
        np.stack([row.truth for row in rows]),
        {name: np.stack([row.probabilities[name] for row in rows]) for name in names},
        thresholds,
        part.outputs,
        [row.example.person for row in rows],
        np.array([known_of(row.example.clinical) for row in rows]),
        curves=True,
    )


def known_of(person: Clinical) -> list[float]:
    """Age in years, sex (0 female, 1 male) and BMI in kg/m2; NaN where not known."""
    sex = None if person.sex is None else SEX[person.sex]
    return [np.nan if one is None else float(one) for one in (person.age_years, sex, person.bmi)]


def figures_of_answers(
    answers: Array,
    probabilities: Mapping[str, Array],
    thresholds: Mapping[str, Sequence[DecisionThreshold]],
    scores: Sequence[str],
    patients: Sequence[str],
    known: Array | None = None,
    curves: bool = False,
) -> dict[str, Any]:
    """By question: each network's figures, and by DeLong's test what each adds to the one before; with `known` (age,
    sex and BMI [N, 3]) also what a regression on those alone says, out of fold, and what the film adds to it."""
    whole: dict[str, Any] = {}
    for number, score in enumerate(scores):
        rows = ~np.isnan(answers[:, number])
        truth = answers[rows, number] == 1
        group = [one for one, kept in zip(patients, rows, strict=True) if kept]
        if not len(truth):
            continue
        own = {
            name: table[rows, number]
            for name, table in probabilities.items()
            if not np.isnan(table[:, number]).all()  # a network that has nothing to say of this question
        }
        drawn = {name: thresholds[name][number] for name in own}
        if known is not None and not np.isnan(known).any() and min(truth.sum(), (~truth).sum()) >= 10:
            fold = (np.unique(group, return_inverse=True)[1] % 5).astype(str).tolist()
            own = {KNOWN_ONLY: out_of_fold(known[rows], truth.astype(int), fold, 2)[:, 1], **own}
            drawn[KNOWN_ONLY] = DecisionThreshold(float(truth.mean()))  # its probabilities are those of this prevalence
        judges = {name: score_figures(truth, values, drawn[name], group) for name, values in own.items()}
        if curves:
            for name, values in own.items():
                judges[name]["roc"] = {key: one for key, one in roc(truth, values).items() if key != "threshold"}
        names = list(own)
        whole[score] = {
            "answers": judges,
            "gains": {
                f"{second} over {first}": asdict(delong(truth, own[first], own[second]))
                for place, first in enumerate(names)
                for second in names[place + 1 :]
            },
        }
    return {"scores": whole}


def extras(rows: Sequence[ScoreRow], part: "Part") -> dict[str, Any]:
    """`followed`: the table that `evaluate prognosis` takes: what is known of each patient, what became of them, and
    their scores by the last network, which sees most."""
    best = list(rows[0].probabilities)[-1]
    table = pd.DataFrame(
        [
            {
                "path": row.example.path.name,
                "patient": row.example.patient,
                "age_years": row.example.clinical.age_years,
                "sex": row.example.clinical.sex,
                "bmi": row.example.clinical.bmi,
                **{name: row.example.others.get(name) for name in KEPT},
            }
            for row in rows
        ]
    )
    for number, score in enumerate(part.outputs):
        table[f"score_{score}"] = np.array([row.probabilities[best][number] for row in rows]).round(6)
    return {"followed": table}


def paired(
    first: Sequence[ScoreRow],
    second: Sequence[ScoreRow],
    part: "Part",
    ensembles: "tuple[Ensemble, Ensemble]",
) -> Paired:
    """Two bundles' answers to the same films, each by its last network, which sees most. The mean Brier score over the
    questions decides."""
    group = [row.example.person for row in first]
    truth = np.stack([row.truth for row in first])
    names = [list(rows[0].probabilities)[-1] for rows in (first, second)]
    one, other = (
        np.stack([row.probabilities[name] for row in rows]) for rows, name in zip((first, second), names, strict=True)
    )
    lines = [
        thresholds_of(next(node.facts for node in ensemble.nodes if node.name == name), part.outputs)
        for ensemble, name in zip(ensembles, names, strict=True)
    ]
    measures = []
    for at, question in enumerate(part.outputs):
        known = np.flatnonzero(~np.isnan(truth[:, at]))
        if not len(known):
            continue
        yes = truth[known, at] == 1
        whose = [group[row] for row in known]
        alone = np.unique(whose, return_index=True)[1]
        gain = delong(yes[alone], one[known[alone], at], other[known[alone], at])
        areas = [auc_of(yes, answer[known, at]) for answer in (one, other)]
        values = [None if np.isnan(area) else area for area in areas]
        how = "DeLong's test, one film a patient"
        measures.append(Measure(f"AUROC, {question}", values[0], values[1], gain.figure, gain.p, "more", how))
        right = [
            (answer[known, at] >= line[at].threshold) == yes for answer, line in zip((one, other), lines, strict=True)
        ]
        tested = mcnemar(right[0][alone], right[1][alone])
        more = mean_difference(right[0].astype(float), right[1].astype(float), whose)
        how = f"p by McNemar's exact test, one film a patient: {tested.only_second} gained, {tested.only_first} lost"
        rates = [float(each.mean()) for each in right]
        measures.append(Measure(f"Accuracy, {question}", rates[0], rates[1], more, tested.p, "more", how))
        held = []
        for answer, line in zip((one, other), lines, strict=True):
            low, high = line[at].doubt or (0.0, 1.0)
            held.append(np.where(yes, answer[known, at] >= low, answer[known, at] <= high).astype(float))
        rates = [float(each.mean()) for each in held]
        measures.append(
            Measure(f"True answers kept, {question}", rates[0], rates[1], mean_difference(held[0], held[1], whose))
        )
    with np.errstate(all="ignore"):
        known_any = ~np.isnan(truth).all(1)
        losses = [np.full(len(truth), np.nan) for _ in range(2)]
        for loss, answer in zip(losses, (one, other), strict=True):
            loss[known_any] = np.nanmean((answer - truth)[known_any] ** 2, 1)
    return Paired("Brier score", (losses[0], losses[1]), tuple(measures))
