"""Whether something other than bone gives the label away: a network would learn that instead, and fail elsewhere.

Each family of plain facts, and each thing known of the person, tries to tell every class from the rest, on films it has
not learned from. Copies, and films of one person, are held out together.
"""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from audit.film import FAMILIES, Film
from core.example import Example
from evidence.figure import Figure
from evidence.statistics.baselines import out_of_fold
from evidence.statistics.metrics import Bootstrap, auc_of

FOLDS: Final = 5
LEAST: Final = 20  # groups of films of a class, below which nothing can be said of it
STRONG: Final = 0.7  # an area from which on a shortcut is a finding, if its interval lies above chance as well
KINDS: Final = 12  # most values of a word (file type, scanner) that are told apart; the rest count as one
PERSON: Final = "person"
_YES_NO: Final[dict[float | None, str]] = {0.0: "no", 1.0: "yes"}
MOST: Final = 6000  # rows that are tried, drawn at random from more: intervals are narrow by then


@dataclass(frozen=True)
class Shortcut:
    """How well one thing tells a class from the rest. about: `film` or `person`. auc: by logistic regression or by
    trees, whichever tells more. leading: the fact by which it tells most, alone. films: that it is known of."""

    name: str
    about: str
    answer: str
    auc: Figure
    by: str
    leading: str
    films: int
    groups: int

    @property
    def strong(self) -> bool:
        return self.auc.value is not None and self.auc.value >= STRONG and (self.auc.low or 0) > 0.5


def answers_of(examples: Sequence[Example]) -> dict[str, npt.NDArray[np.object_]]:
    """What rows say, by question: the class, and findings that are yes or no; None where a row says nothing."""
    found = {"label": np.array([example.label for example in examples], object)}
    for column in ("fracture", "osteoporosis"):
        said = [example.others.get(column) for example in examples]
        found[column] = np.array([_YES_NO.get(_number(one)) for one in said], object)
    return {name: values for name, values in found.items() if any(one is not None for one in values)}


def shortcuts(examples: Sequence[Example], films: Sequence[Film], group: Sequence[int]) -> list[Shortcut]:
    """The strongest first. examples, films: one a row that could be read; group: by copies and persons."""
    tables = _tables(examples, films)
    owner = np.asarray(group)
    found = []
    for question, answers in answers_of(examples).items():
        for (name, about), table in tables.items():
            rows = np.flatnonzero(np.array([one is not None for one in answers]) & np.isfinite(table.values).all(1))
            if len(rows) > MOST:
                rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
            part = _Table(table.names, table.values[rows])
            said = "" if question == "label" else f"{question}: "
            found += _tried(name, about, said, part, answers[rows].astype(str), owner[rows])
    return sorted(found, key=lambda one: -(one.auc.value or 0))


@dataclass(frozen=True, eq=False)
class _Table:
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]  # [N, D], NaN where not known


def _told(answers: npt.NDArray[np.str_], owner: npt.NDArray[np.int_]) -> list[str]:
    """Answers to tell from the rest: those with enough films on both sides; one of two alone."""
    there = sorted(set(answers.tolist()))
    enough = [
        one
        for one in there
        if min(len(set(owner[answers == one].tolist())), len(set(owner[answers != one].tolist()))) >= LEAST
    ]
    return enough[-1:] if len(there) == 2 else enough


def _tried(
    name: str, about: str, question: str, table: _Table, answers: npt.NDArray[np.str_], owner: npt.NDArray[np.int_]
) -> list[Shortcut]:
    """One family against every answer; nothing where it is the same for every film."""
    told = _told(answers, owner)
    if not told or not (table.values.std(0) > 1e-9).any():
        return []
    classes, truth = np.unique(answers, return_inverse=True)
    folds = np.empty(len(truth), object)
    inner = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class of fewer films than folds is left out by `_told`
        for fold, (_, held) in enumerate(inner.split(table.values, truth, owner)):
            folds[held] = str(fold)
    part = folds.tolist()
    trees = ExtraTreesClassifier(60, min_samples_leaf=3, class_weight="balanced", random_state=0)
    by = {
        "logistic regression": out_of_fold(table.values, truth, part, len(classes), balanced=True),
        "trees": out_of_fold(table.values, truth, part, len(classes), model=trees),
    }
    draws = Bootstrap(owner.tolist(), 400)
    found = []
    for answer in told:
        number = int(np.flatnonzero(classes == answer)[0])
        is_it = truth == number
        areas = {how: draws.auc(is_it, scores[:, number]) for how, scores in by.items()}
        how = max(areas, key=lambda one: areas[one].value or 0)
        alone = [abs(auc_of(is_it, column) - 0.5) for column in table.values.T]
        leading = table.names[int(np.argmax(alone))]
        found.append(Shortcut(name, about, f"{question}{answer}", areas[how], how, leading, len(truth), draws.groups))
    return found


def _tables(examples: Sequence[Example], films: Sequence[Film]) -> dict[tuple[str, str], _Table]:
    tables: dict[tuple[str, str], _Table] = {}
    for name, facts in FAMILIES.items():
        values = np.array([[film.facts[fact] for fact in facts] for film in films])
        if name == "file":
            more = _one_hot([film.kind for film in films])
            facts, values = (*facts, *more), np.column_stack([values, *more.values()])
        tables[(name, "film")] = _Table(facts, values)
    makers = [film.maker or str(row.others.get("scanner") or "") for film, row in zip(films, examples, strict=True)]
    if len(set(makers)) > 1:
        hot = _one_hot(makers)
        tables[("scanner", "film")] = _Table(tuple(hot), np.column_stack(list(hot.values())))
    everything = [one for (_, about), one in tables.items() if about == "film"]
    names = tuple(name for one in everything for name in one.names)
    tables[("all facts of the film", "film")] = _Table(names, np.column_stack([one.values for one in everything]))
    person = {
        "age": [row.clinical.age_years for row in examples],
        "sex": [{"F": 0.0, "M": 1.0}.get(row.clinical.sex or "") for row in examples],
        "BMI": [row.clinical.bmi for row in examples],
    }
    known = {name: np.array(column, float) for name, column in person.items() if any(v is not None for v in column)}
    for name, column in known.items():
        tables[(name, PERSON)] = _Table((name,), column[:, None])
    if len(known) > 1:
        *others, last = known
        tables[(f"{', '.join(others)} and {last}", PERSON)] = _Table(
            tuple(known), np.column_stack(list(known.values()))
        )
    return tables


def _one_hot(words: Sequence[str]) -> Mapping[str, npt.NDArray[np.float64]]:
    usual = [word for word, _ in Counter(words).most_common(KINDS)]
    return {word or "not named": np.array([one == word for one in words], float) for word in usual}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
