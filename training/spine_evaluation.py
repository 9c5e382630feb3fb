"""A bundle of the lateral spine measured on films nobody taught it, read as a reading reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from core.refusal import Refused
from core.vertebra import Vertebra
from evidence.baselines import out_of_fold
from evidence.curves import roc
from evidence.delong import compare
from evidence.metrics import Bootstrap, kappa_of
from evidence.prognosis import EVENT, YEARS
from evidence.scores import Line, score_figures
from imaging import read_radiograph
from models import registry
from recipes.clinical import raw
from recipes.recipe import Recipe
from recipes.spine import LEVELS, OUTPUTS, find_vertebrae, greatest_loss, heights_of
from recipes.spine_scores import answer_of, ask, lines_of
from training.examined import Examined
from training.limbs import landmarks_of
from training.manifest import Example, Manifest, ManifestError
from training.spines import answers_of
from training.workers import each

Tell = Callable[[str, int, int], None]
Array = npt.NDArray[np.floating]
KEPT = ("age_years", "sex", "bmi", "fracture", "scanner", YEARS, EVENT)
KNOWN_ONLY = "age, sex, BMI only"
UNMEASURED = "_unmeasured"  # of a network's name: its answer as if no vertebral body had been found


@dataclass(frozen=True, eq=False)
class MeasuredSpines:
    """What a bundle answered to one set of films.

    answers [N, S]: the truth, NaN where not known. probabilities: by candidate [N, S]; lines: by candidate [S].
    known: age, sex and BMI [N, 3]. bodies: the vertebrae found, a list a film. points: the true ones [N, K, 2] on the
    film, NaN where not known. sizes [N, 2]: height and width of the films. spacing [N]: mm a pixel, NaN where unknown.
    """

    name: str
    scores: tuple[str, ...]
    refused: dict[str, str]
    answers: Array
    probabilities: dict[str, Array]
    lines: dict[str, list[Line]]
    known: Array
    examples: tuple[Example, ...]
    bodies: tuple[tuple[Vertebra, ...], ...]
    points: Array
    sizes: Array
    spacing: Array

    @property
    def patients(self) -> list[str]:
        return [example.patient or example.path.name for example in self.examples]


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one process hands back of one film."""

    probabilities: dict[str, list[float]]
    bodies: tuple[Vertebra, ...]
    size: tuple[int, int]
    spacing: float


def examine(recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], workers: int, say: Tell) -> Examined:
    """Figures of every set, as the bundle in `folder` answers it, and a table of each for `evaluate prognosis`."""
    found = measure(recipe, folder, sets, workers, say)
    return Examined(
        {name: figures(one) for name, one in found.items()},
        followed={name: followed(one) for name, one in found.items()},
    )


def measure(
    recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], workers: int, say: Tell
) -> dict[str, MeasuredSpines]:
    """Every set by name, as the bundle in `folder` answers it. Raises ManifestError for a set without an answer."""
    return {
        name: _set(name, manifest, recipe, folder, workers, partial(say, f"measuring on {name}"))
        for name, manifest in sets.items()
    }


def _set(
    name: str, manifest: Manifest, recipe: Recipe, folder: Path, workers: int, tell: Callable[[int, int], None]
) -> MeasuredSpines:
    answers = np.array([answers_of(one, recipe.scores) for one in manifest.examples], float)
    if np.isnan(answers).all():
        raise ManifestError(f"no row of {manifest.name} carries an answer, expected a column fracture, label, or both")
    seen: dict[int, _Seen] = {}
    refused: dict[str, str] = {}
    for row, one in enumerate(each(partial(_film, folder=folder), manifest.examples, workers)):
        if isinstance(one, str):
            refused[manifest.examples[row].path.name] = one
        else:
            seen[row] = one
        tell(row + 1, len(manifest.examples))
    if not seen:
        raise ManifestError(f"no film of {manifest.name} could be read; first: {next(iter(refused.values()), 'none')}")
    bundle, rows = registry.at(folder), list(seen)
    facts, judges = {one.name: one.facts for one in bundle.candidates}, list(seen[rows[0]].probabilities)
    examples = tuple(manifest.examples[row] for row in rows)
    marks = [landmarks_of(one) for one in examples]
    return MeasuredSpines(
        name=name,
        scores=recipe.scores,
        refused=refused,
        answers=answers[rows],
        probabilities={name: np.array([seen[row].probabilities[name] for row in rows]) for name in judges},
        lines={
            name: lines_of(facts[name.removesuffix(UNMEASURED)], recipe.scores, not name.endswith(UNMEASURED))
            for name in judges
        },
        known=np.array([raw(one.clinical) for one in examples]),
        examples=examples,
        bodies=tuple(seen[row].bodies for row in rows),
        points=np.array([[mark.get(name, (np.nan, np.nan)) for name in OUTPUTS] for mark in marks], float),
        sizes=np.array([seen[row].size for row in rows]),
        spacing=np.array([seen[row].spacing for row in rows]),
    )  # fmt: skip


def _film(example: Example, folder: Path) -> _Seen | str:
    try:
        film = read_radiograph(example.path.read_bytes(), example.path.name)
    except Refused as fault:
        return fault.refusal.message
    bundle, on = registry.at(folder), torch.device("cpu")
    bodies = tuple(find_vertebrae(film, bundle.outliners, on)[0]) if bundle.outliners else ()
    probabilities = {}
    for name, one in ask(bundle, film, example.clinical, on, greatest_loss(bodies)).items():
        weighed = one.candidate.facts.get("heights", {}).get("weight", {})
        if weighed:  # what the answer would be if no body had been found
            probabilities[name + UNMEASURED] = [
                answer_of(float(logit), one.candidate.facts, score, None)[0] if score in weighed else float("nan")
                for score, logit in zip(bundle.scores, one.behind.logits, strict=True)
            ]
        probabilities[name] = list(one.probabilities.values())
    return _Seen(
        probabilities,
        bodies,
        (film.height, film.width),
        film.spacing_mm[0] if film.spacing_mm else float("nan"),
    )


def followed(measured: MeasuredSpines) -> pd.DataFrame:
    """The table that `evaluate prognosis` takes: what is known of each person, what became of them, and their scores by
    the last candidate, which sees most."""
    best = list(measured.probabilities)[-1]
    rows = [
        {
            "path": one.path.name,
            "patient": one.patient,
            "age_years": one.clinical.age_years,
            "sex": one.clinical.sex,
            "bmi": one.clinical.bmi,
            **{name: one.others.get(name) for name in KEPT if name not in ("age_years", "sex", "bmi")},
        }
        for one in measured.examples
    ]
    table = pd.DataFrame(rows)
    for number, score in enumerate(measured.scores):
        table[f"score_{score}"] = measured.probabilities[best][:, number].round(6)
    return table


def figures(measured: MeasuredSpines) -> dict[str, Any]:
    """Everything to be said of one set in plain values, ready for JSON."""
    found = {
        "films": len(measured.examples),
        "refused": len(measured.refused),
        **answers_figures(
            measured.answers,
            measured.probabilities,
            measured.lines,
            measured.scores,
            measured.patients,
            measured.known,
            curves=True,
        ),
    }
    if not np.isnan(measured.points).all():
        found["vertebrae"] = vertebra_figures(measured)
    return found


def answers_figures(
    answers: Array,
    probabilities: Mapping[str, Array],
    lines: Mapping[str, Sequence[Line]],
    scores: Sequence[str],
    patients: Sequence[str],
    known: Array | None = None,
    curves: bool = False,
) -> dict[str, Any]:
    """By score: each candidate's figures, and by DeLong's test what each adds to the one before; with `known` (age, sex
    and BMI [N, 3]) also what a regression on those alone says, out of fold, and what the film adds to it."""
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
            if not np.isnan(table[:, number]).all()  # a judge that has nothing to say of this score
        }
        drawn = {name: lines[name][number] for name in own}
        if known is not None and not np.isnan(known).any() and min(truth.sum(), (~truth).sum()) >= 10:
            part = (np.unique(group, return_inverse=True)[1] % 5).astype(str).tolist()
            own = {KNOWN_ONLY: out_of_fold(known[rows], truth.astype(int), part, 2)[:, 1], **own}
            drawn[KNOWN_ONLY] = Line(float(truth.mean()))  # its probabilities are those of this prevalence
        judges = {name: score_figures(truth, values, drawn[name], group) for name, values in own.items()}
        if curves:
            for name, values in own.items():
                judges[name]["roc"] = {key: one for key, one in roc(truth, values).items() if key != "threshold"}
        names = list(own)
        whole[score] = {
            "answers": judges,
            "gains": {
                f"{second} over {first}": asdict(compare(truth, own[first], own[second]))
                for place, first in enumerate(names)
                for second in names[place + 1 :]
            },
        }
    return {"scores": whole}


def vertebra_figures(measured: MeasuredSpines) -> dict[str, Any]:
    """How many bodies that are whole on the film are found, how far their points and heights are off, and how well the
    grades agree with the truth; and what the greatest loss of height alone says of a fracture."""
    there = found_there = invented = 0
    off, heights, truth, said, graded, worst, broken, whose = [], [], [], [], [], [], [], []
    for row, (example, bodies) in enumerate(zip(measured.examples, measured.bodies, strict=True)):
        by_level = {body.level: body for body in bodies}
        if np.isnan(measured.points[row]).any():
            continue
        true = measured.points[row].reshape(len(LEVELS), 6, 2)
        size = measured.sizes[row][::-1]
        for level, points in zip(LEVELS, true, strict=True):
            on_film = ((points > 0) & (points < size)).all()
            there += int(on_film)
            body = by_level.get(level)
            if body is None:
                continue
            if (points[:, 1] < 0).all() or (points[:, 1] > size[1]).all():
                invented += 1
                continue
            if not on_film:
                continue
            found_there += 1
            scale = measured.spacing[row]
            off.append(np.linalg.norm(np.array(body.points) - points, axis=1) * scale)
            heights.append(np.abs(np.array(body.heights) / (heights_of(points) * scale) - 1))
            grade = example.others.get(f"genant_{level}")
            if grade is not None and body.grade is not None:
                truth.append(int(grade))
                said.append(body.grade)
                graded.append(measured.patients[row])
        lost = greatest_loss(bodies)
        if lost is not None and example.others.get("fracture") is not None:
            worst.append(lost)
            broken.append(int(example.others["fracture"]) == 1)
            whose.append(measured.patients[row])
    if not off or not truth:
        return {"bodies": there, "found": found_there, "invented": invented}
    true_grade, own_grade = np.array(truth), np.array(said)
    result: dict[str, Any] = {
        "bodies": there,
        "found": found_there,
        "invented": invented,
        "point_mm": {"median": float(np.median(off)), "of_95": float(np.quantile(off, 0.95))},
        "height_share": {"median": float(np.median(heights)), "of_95": float(np.quantile(heights, 0.95))},
        "grades": [[int(((true_grade == a) & (own_grade == b)).sum()) for b in range(4)] for a in range(4)],
        "grade_kappa": float(kappa_of(true_grade, own_grade, 4)),
        "by_grade": {},
    }
    for least in (1, 2):
        positive, called = true_grade >= least, own_grade >= least
        drawn = Bootstrap(graded)
        result["by_grade"][f"{least} and more"] = {
            "bodies": int(positive.sum()),
            "sensitivity": asdict(drawn.ratio(positive & called, positive)),
            "specificity": asdict(drawn.ratio(~positive & ~called, ~positive)),
        }
    if any(broken) and not all(broken):
        result["fracture_by_heights"] = score_figures(np.array(broken), np.array(worst), Line(0.2), whose)
    return result
