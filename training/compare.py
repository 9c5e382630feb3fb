"""Two bundles of one recipe on the same films, unit by unit: champion and challenger."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.example import Example, ManifestError
from core.refusal import Refused
from core.settings import settings
from evidence.versus import Comparison, Paired, age_band, weigh
from models import registry
from recipes.recipe import Recipe
from tasks.task import Say
from training.data.limbs import FilmRows, films_telling, limb_of
from training.data.manifest import Manifest
from training.data.workers import each
from training.evaluate import Job, predicted

Pair = dict[str, tuple[Any, Any]]  # by task, the champion's row and the challenger's


def compare(
    recipe: Recipe, champion: Path, challenger: Path, manifest: Manifest, workers: int, say: Say
) -> tuple[Comparison, dict[str, int]]:
    """How both answer the same units, and how many of these only one could read.

    Only questions that both answer are compared. Raises ManifestError for a table on which nothing can be measured.
    """
    folders = champion, challenger
    bundles = [registry.at(folder) for folder in folders]
    parts = tuple(
        part for part in recipe.own if all(one.ensemble(part.task.name, part.outputs).nodes for one in bundles)
    )
    asked = tuple({part.task.name: part for part in parts}.values())
    films = films_telling(manifest, asked, "compare")
    root = settings().weights
    one, other = (Job(recipe, parts, folder, root, manifest.folder, manifest.simulated) for folder in folders)
    jobs = (one, other)
    pairs: list[tuple[Example, Pair]] = []
    alone = {"read by the champion only": 0, "read by the challenger only": 0, "read by neither": 0}
    for done, (found, missed) in enumerate(each(partial(_film, jobs=jobs), films, workers, chunk=4), start=1):
        pairs += found
        for name in missed:
            alone[name] += 1
        say("comparing", done, len(films))
    if not pairs:
        raise ManifestError(f"found nothing to compare on any of {len(films)} films, expected {recipe.shows}")
    paired = {}
    for part in asked:
        rows = [pair.get(part.task.name, (None, None)) for _, pair in pairs]
        kept = [number for number, (one, other) in enumerate(rows) if one is not None and other is not None]
        if not kept:
            continue
        ensembles = tuple(bundle.ensemble(part.task.name, part.outputs) for bundle in bundles)
        first, second = ([rows[number][of] for number in kept] for of in (0, 1))
        paired[part.task.name] = _spread(
            part.task.measure.paired(first, second, part, (ensembles[0], ensembles[1])), kept, len(pairs)
        )
    if not paired:
        raise ManifestError(f"no unit of {manifest.name} has both answers and truth, expected rows that name one")
    examples = [example for example, _ in pairs]
    return weigh(paired, [one.person for one in examples], attributes(examples)), alone


def attributes(examples: Sequence[Example]) -> dict[str, list[str | None]]:
    """What subgroups are made by: scanner, sex, age band, side, body."""

    def column(name: str) -> list[str | None]:
        values = (one.others.get(name) for one in examples)
        return [None if value is None else str(value) for value in values]

    return {
        "scanner": column("scanner"),
        "sex": [one.clinical.sex for one in examples],
        "age": [age_band(one.clinical.age_years) for one in examples],
        "side": column("side"),
        "body": column("body"),
    }


def _spread(paired: Paired, kept: Sequence[int], count: int) -> Paired:
    """Losses over all units; NaN for those that a task says nothing of."""
    first, second = np.full(count, np.nan), np.full(count, np.nan)
    first[list(kept)], second[list(kept)] = paired.losses
    return replace(paired, losses=(first, second))


def _film(film_rows: FilmRows, jobs: tuple[Job, Job]) -> tuple[list[tuple[Example, Pair]], list[str]]:
    """Of one film: the units that both read, and who missed which."""
    path, rows = film_rows
    recipe = jobs[0].recipe
    try:
        seen, limbs = jobs[0].found_on(path)
    except Refused:
        return [], ["read by neither"] * len(rows)
    pairs, missed = [], []
    for _, example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None and recipe.finder:
            missed.append("read by neither")
            continue
        answers: list[dict[str, Any] | None] = []
        for job in jobs:
            try:
                truth, found = predicted(seen, limb, example, False, job)
                asked = {part.task.name: part for part in job.parts}  # the last of a task knows what came before
                answers.append(
                    {name: part.task.measure.compare(found[name], part, truth) for name, part in asked.items()}
                )
            except Refused:
                answers.append(None)
        one, other = answers
        if one is None or other is None:
            missed.append(
                "read by neither" if one is other else f"read by the {'challenger' if one is None else 'champion'} only"
            )
            continue
        pairs.append((example, {name: (one[name], other[name]) for name in one}))
    return pairs, missed
