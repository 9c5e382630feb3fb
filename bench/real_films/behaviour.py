"""Part 2: do densities and classes behave as bone does? Left against right, against age, against NHANES by decade."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.real_films.answers import asked
from bench.real_films.films import RealFilm
from bench.real_films.hips import answers, expected_t
from bench.real_films.persons import over_persons, percent, share
from core.clinical import Clinical
from core.reference import AGES, NECK_BY_AGE

RECIPES = ("hip_bmd", "hip_vit", "hip_regions")
Array = npt.NDArray[np.float64]
Value = Callable[[dict[str, Any]], float]
# What is followed of each recipe's answers. Classes are one number: the probability of normal less that of
# osteoporosis.
FOLLOWED: dict[str, dict[str, Value]] = {
    "hip_bmd": {
        "total hip, g/cm2": lambda row: float(row["abmd"].get("total_hip", np.nan)),
        "femoral neck, g/cm2": lambda row: float(row["abmd"].get("femoral_neck", np.nan)),
    },
    "hip_vit": {"normal less osteoporosis": expected_t},
    "hip_regions": {"normal less osteoporosis": expected_t},
}


def of_recipe(films: list[RealFilm], recipe: str) -> list[list[dict[str, Any]]]:
    """Its rows for every film, kept. The classes of persons under 50 are asked as if the age were not known: here it is
    the network that is looked at, not what a reader is told."""
    return asked(recipe, films, lambda film: film.name, partial(_ask, recipe=recipe))


def _ask(film: RealFilm, recipe: str) -> list[dict[str, Any]]:
    return answers(film.path.read_bytes(), recipe, Clinical(sex=film.person.sex), film.pixel_mm)


def section(films: list[RealFilm]) -> list[str]:
    """The page's lines. Nobody knows these persons' density: published facts about bone are the yardstick."""
    lines = [
        "| recipe | followed | pairs | left against right: r | SD of the difference | women: slope a year from 50 on | "
        "women: r with age | men: r with age | men less women |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    classes = []
    for recipe in RECIPES:
        told = of_recipe(films, recipe)
        for name, value in FOLLOWED[recipe].items():
            table = _table(films, told, value)
            lines.append(f"| `{recipe}` | {name} | {' | '.join(_row(table))} |")
        classes.append(_classes(films, recipe, told))
    lines += ["", *classes, ""]
    return [*lines, *_by_decade(films), "", _PUBLISHED]


_PUBLISHED = (
    "Published: left and right total hip differ by 0.03 to 0.04 g/cm2 (SD); women lose 0.005 to 0.006 g/cm2 a year "
    "after 50, men less; men exceed women."
)


def _table(films: list[RealFilm], told: list[list[dict[str, Any]]], value: Value) -> dict[str, Any]:
    """By person: right and left value, age and sex; NaN for what is not known."""
    pairs = []
    for rows in told:
        by_side = {row["side"]: value(row) for row in rows if row["status"] == "read"}
        pairs.append([by_side.get("R", np.nan), by_side.get("L", np.nan)])
    ages = [np.nan if film.person.age_years is None else film.person.age_years for film in films]
    return {
        "pairs": np.array(pairs, float),
        "age": np.array(ages, float),
        "female": np.array([film.person.sex == "F" for film in films]),
        "person": [film.name for film in films],
    }


def _row(table: dict[str, Any]) -> list[str]:
    pairs, age, female = table["pairs"], table["age"], table["female"]
    with np.errstate(invalid="ignore"):
        mean = np.where(np.isfinite(pairs).any(1), np.nansum(pairs, 1) / np.isfinite(pairs).sum(1).clip(1), np.nan)
    both = np.isfinite(pairs).all(1)
    numbers = np.arange(len(mean))

    def of(rows: npt.NDArray[np.int64], statistic: Callable[[npt.NDArray[np.int64]], float], least: int = 5) -> Any:
        kept = list(rows)
        known = [str(at) for at in kept]
        if len(kept) < least:
            return over_persons([], lambda _: np.nan)
        return over_persons(known, lambda drawn: statistic(np.asarray(kept)[drawn]))

    women, men = (numbers[np.isfinite(mean) & np.isfinite(age) & is_so] for is_so in (female, ~female))
    older = women[age[women] >= 50]
    counted = numbers[np.isfinite(mean)]
    return [
        str(int(both.sum())),
        of(numbers[both], lambda at: _r(pairs[at, 0], pairs[at, 1])).text(2),
        of(numbers[both], lambda at: float(np.std(pairs[at, 0] - pairs[at, 1], ddof=1))).text(3),
        of(older, lambda at: float(np.polyfit(age[at], mean[at], 1)[0])).text(4),
        of(women, lambda at: _r(age[at], mean[at])).text(2),
        of(men, lambda at: _r(age[at], mean[at])).text(2),
        of(counted, lambda at: _apart(mean[at], female[at])).text(3, signed=True),
    ]


def _mean_of(values: Array) -> Callable[[npt.NDArray[np.int64]], float]:
    return lambda at: float(values[at].mean())


def _r(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if np.std(one) > 0 and np.std(other) > 0 else float("nan")


def _apart(values: Array, female: npt.NDArray[np.bool_]) -> float:
    return float(values[~female].mean() - values[female].mean()) if 0 < female.sum() < len(female) else float("nan")


def _classes(films: list[RealFilm], recipe: str, told: list[list[dict[str, Any]]]) -> str:
    """How often both hips of a person get one class, and how often osteoporosis is named."""
    labels = [[row["label"] for row in rows if row["status"] == "read"] for rows in told]
    pairs = [(film.name, one) for film, one in zip(films, labels, strict=True) if len(one) == 2]
    single = [(film.name, label) for film, one in zip(films, labels, strict=True) for label in one]
    if not pairs:
        return f"`{recipe}`: no person with two hips read."
    same = percent(share([name for name, _ in pairs], [a == b for _, (a, b) in pairs]))
    porous = percent(share([name for name, _ in single], [label == "osteoporosis" for _, label in single]))
    return f"`{recipe}`: both hips in one class in {same} of {len(pairs)} persons; osteoporosis in {porous} of hips.  "


def _by_decade(films: list[RealFilm]) -> list[str]:
    """The neck's level against NHANES III white, by sex and decade."""
    told = of_recipe(films, "hip_bmd")
    table = _table(films, told, FOLLOWED["hip_bmd"]["femoral neck, g/cm2"])
    known = np.isfinite(table["pairs"])
    mean = np.where(known.any(1), np.nansum(table["pairs"], 1) / known.sum(1).clip(1), np.nan)
    lines = ["| femoral neck by `hip_bmd` | persons | mean, g/cm2 | NHANES III white, same ages |", "|---|---|---|---|"]
    for sex, is_so in (("F", table["female"]), ("M", ~table["female"])):
        for first in range(20, 100, 10):
            here = is_so & (table["age"] >= first) & (table["age"] < first + 10) & np.isfinite(mean)
            if here.sum() < 3:
                continue
            level = over_persons([str(at) for at in np.flatnonzero(here)], _mean_of(mean[here]))
            norm = float(np.mean(np.interp(table["age"][here], AGES, NECK_BY_AGE[sex])))
            who = "women" if sex == "F" else "men"
            lines.append(f"| {who} {first} to {first + 9} | {int(here.sum())} | {level.text(3)} | {norm:.3f} |")
    return lines
