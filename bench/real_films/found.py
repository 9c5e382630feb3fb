"""Part 1: how many hips are found and read, how far landmarks are off, and which outlines are faulty."""

from typing import Any

import numpy as np

import reading
from anatomy.find import find_limbs
from bench.real_films.answers import asked
from bench.real_films.behaviour import of_recipe
from bench.real_films.films import SIDES, RealFilm
from bench.real_films.hips import RULE
from bench.real_films.persons import percent, quantile, share
from core.settings import settings
from imaging import read_radiograph
from imaging.upright import upright
from models import engine, registry
from recipes.hip_finder import RECIPE as FINDER


def section(films: list[RealFilm], recipe: str) -> list[str]:
    """The page's lines, by what the finder finds and what a recipe then reads."""
    seen = asked("landmarks", films, lambda film: film.name, _landmarks)
    answers = of_recipe(films, recipe)
    lines = [
        f"{len(films)} persons, two hips each, in the halves that were developed on and only reported on. Read: by "
        f"`{recipe}`, all checks and refusals included. Head centre: the finder's against the one placed by others, "
        "who err by a few millimetres too; none of the other marks has a counterpart among the finder's.",
        "",
        "| | all | developed on | reported on |",
        "|---|---|---|---|",
    ]
    parts = [films, [f for f in films if f.half == "develop"], [f for f in films if f.half == "report"]]
    columns = [_figures(part, _picked(films, seen, part), _picked(films, answers, part)) for part in parts]
    lines += [f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]]
    refused: dict[str, int] = {}
    for rows in answers:
        for row in rows:
            if row["status"] != "read":
                refused[row["code"] or row["status"]] = refused.get(row["code"] or row["status"], 0) + 1
    said = ", ".join(f"`{code}` {n}" for code, n in sorted(refused.items())) or "none"
    return [*lines, "", f"Answers that are no reading, by code: {said}.", "", RULE, "", *_faults(films, answers)]


def _picked(films: list[RealFilm], values: list[Any], part: list[RealFilm]) -> list[Any]:
    kept = {film.name for film in part}
    return [value for film, value in zip(films, values, strict=True) if film.name in kept]


def _figures(films: list[RealFilm], seen: list[Any], answers: list[Any]) -> dict[str, str]:
    person, found, read, off, aside, down = [], [], [], [], [], []
    for film, limbs, rows in zip(films, seen, answers, strict=True):
        for side in SIDES:
            person.append(film.name)
            points = limbs.get(side)
            found.append(points is not None)
            read.append(any(row["status"] == "read" and row["side"] == side for row in rows))
            mark = film.marks[side].get("head_centre")
            by = np.full(2, np.nan)
            if points is not None and mark is not None:
                by = np.subtract(points["head_centre"], mark) * film.pixel_mm * (1 if side == "L" else -1, 1)
            off.append(float(np.hypot(*by)))
            aside.append(float(by[0]))
            down.append(float(by[1]))
    known = np.isfinite(off)
    here, who = np.array(off)[known], list(np.array(person)[known])
    return {
        "hips": str(len(person)),
        "found by the finder": percent(share(person, found)),
        "read": percent(share(person, read)),
        "head centre off, median, mm": quantile(person, off).text(1),
        "95 of 100 below, mm": quantile(person, off, 0.95).text(1),
        "within 6 mm, of those found": percent(share(who, list(here <= 6))),
        "within 3 mm, of those found": percent(share(who, list(here <= 3))),
        "towards the side, median, mm": quantile(person, aside).text(1, signed=True),
        "downwards, median, mm": quantile(person, down).text(1, signed=True),
    }


def _faults(films: list[RealFilm], answers: list[Any]) -> list[str]:
    rows = [
        (film.name, row) for film, told in zip(films, answers, strict=True) for row in told if row["status"] == "read"
    ]
    if not rows:
        return ["No hip was read."]
    person = [name for name, _ in rows]
    kinds = sorted({fault for _, row in rows for fault in row["faults"]})
    each = ", ".join(f"{kind} {sum(kind in row['faults'] for _, row in rows)}" for kind in kinds) or "none"
    faulty = percent(share(person, [bool(row["faults"]) for _, row in rows]))
    return [f"Of {len(rows)} hips read, outlines of {faulty} are faulty; hips by fault: {each}."]


def _landmarks(film: RealFilm) -> dict[str, Any]:
    """Of each side that is found, its landmarks in pixels of the film as uploaded."""
    lie = upright(read_radiograph(film.path.read_bytes(), film.path.name))
    name = reading.versions().get(FINDER.name, FINDER.bundle or "")
    (node,) = registry.bundle(name, settings().weights).networks.values()
    limbs = find_limbs(lie.film, node, engine.device(settings().device))
    return {
        limb.side: {
            mark: [float(value) for value in lie.points_back([place])[0]] for mark, place in limb.points.items()
        }
        for limb in limbs
    }
