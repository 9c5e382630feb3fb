"""A bundle measured on films nobody trained it on: read as a reading reads them, then held against the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from anatomy.limb import Limb
from core.example import Example, ManifestError
from core.refusal import Refused
from core.settings import settings
from core.system.clock import Clock
from imaging.crop import cut_map
from models import engine, registry
from recipes.recipe import Recipe
from tasks.case import Case
from tasks.part import Part
from tasks.task import Say, Truth
from training.ct.ct_projections import NotLaid
from training.ct.projections import projection_of
from training.data.laid import LaidFilm, read_laid
from training.data.limbs import FilmRows, films_telling, limb_of, limbs_on
from training.data.manifest import Manifest
from training.data.workers import each
from training.results import Results

PICTURED = 200  # films a set whose images are held against the truth

Rows = dict[str, list[Any]]  # by the name of the task, what its `compare` made of each unit


@dataclass(frozen=True)
class Job:
    """What one process needs to measure a film. parts: what the bundle itself answers. root: where other bundles lie;
    beside: the files that the manifest names. simulated: whether this program drew the films."""

    recipe: Recipe
    parts: tuple[Part, ...]
    folder: Path
    root: Path
    beside: Path
    simulated: bool

    def found_on(self, path: Path) -> tuple[LaidFilm, list[Limb]]:
        """A film, and the limbs that the recipe's finder finds on it; a film that this program drew holds no text to
        look for. Raises Refused."""
        seen = read_laid(path, look_for_text=not self.simulated)
        finder = self.recipe.finder
        return seen, limbs_on(seen.film, registry.find(finder, self.root)) if finder else []


def evaluate(recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], workers: int, say: Say) -> Results:
    """Figures of every set, as the bundle in `folder` answers it.

    Raises BundleError in one sentence for a bundle that is missing, ManifestError for a set on which nothing can be
    measured.
    """
    bundle = registry.at(folder)
    parts = tuple(part for part in recipe.own if bundle.ensemble(part.task.name, part.outputs).nodes)
    figures: dict[str, dict[str, Any]] = {}
    extras: dict[str, dict[str, Any]] = {}
    for name, manifest in sets.items():
        job = Job(recipe, parts, folder, settings().weights, manifest.folder, manifest.simulated)
        counts, rows = _measured(job, manifest, workers, partial(say, f"measuring on {name}"))
        figures[name], extras[name] = dict(counts), {}
        for part in _asked_last(parts):
            if not rows.get(part.task.name):
                continue
            ensemble = bundle.ensemble(part.task.name, part.outputs)
            figures[name] |= part.task.measure.figures(rows[part.task.name], part, ensemble)
            extras[name] |= part.task.measure.extras(rows[part.task.name], part)
    return Results(figures, extras)


def _asked_last(parts: Sequence[Part]) -> list[Part]:
    """One part a task: the last, which knows what those before it found."""
    return list({part.task.name: part for part in parts}.values())


def _measured(job: Job, manifest: Manifest, workers: int, tell: Any) -> tuple[dict[str, int], Rows]:
    by_film = films_telling(manifest, _asked_last(job.parts), "measure")
    rows: Rows = {}
    refused: dict[str, str] = {}
    jobs = [(film, number < PICTURED) for number, film in enumerate(by_film)]
    units = 0
    for done, (found, said, read) in enumerate(each(partial(_film, job=job), jobs, workers, chunk=4), start=1):
        for name, some in found.items():
            rows.setdefault(name, []).extend(some)
        refused |= said
        units += read
        tell(done, len(jobs))
    total = sum(len(film_rows) for _, film_rows in by_film)
    if not units:
        raise ManifestError(
            f"found nothing to measure on any of {len(by_film)} films of {manifest.name}, expected {job.recipe.shows}; "
            f"the first was refused: {next(iter(refused.values()), 'there is none')}"
        )
    if job.recipe.finder is None:
        return {"films": units, "refused": len(refused)}, rows
    return {"films": len(by_film), "limbs": units, "missed": total - units, "refused": len(refused)}, rows


def _film(film_rows: tuple[FilmRows, bool], job: Job) -> tuple[Rows, dict[str, str], int]:
    """Of one film: each task's rows, what was refused, and how many units were read."""
    (path, examples), pictured = film_rows
    try:
        seen, limbs = job.found_on(path)
    except Refused as fault:
        return {}, {path.name: fault.refusal.message}, 0
    rows: Rows = {}
    refused: dict[str, str] = {}
    read = 0
    for _, example in examples:
        limb = limb_of(example.others.get("side"), limbs)
        called = f"{path.name} {example.others.get('side') or ''}".strip()
        if limb is None and job.recipe.finder:
            refused[called] = "The limb was not found on its film."
            continue
        try:
            found = _unit(seen, limb, example, pictured, job)
        except Refused as fault:
            refused[called] = fault.refusal.message
            continue
        read += 1
        for name, row in found.items():
            rows.setdefault(name, []).append(row)
    return rows, refused, read


def _unit(seen: LaidFilm, limb: Limb | None, example: Example, pictured: bool, job: Job) -> dict[str, Any]:
    """One limb, or one film: what each task's prediction is beside the truth."""
    truth, predictions = predicted(seen, limb, example, pictured, job)
    compared = {
        part.task.name: part.task.measure.compare(predictions[part.task.name], part, truth)
        for part in _asked_last(job.parts)
    }
    return {name: row for name, row in compared.items() if row is not None}


def predicted(
    seen: LaidFilm, limb: Limb | None, example: Example, pictured: bool, job: Job, thorough: bool = True
) -> tuple[Truth, dict[str, Any]]:
    """What is known of one limb, or one film, and what the bundle predicts of it, by task. Raises Refused."""
    recipe, on, film = job.recipe, engine.device(settings().device), seen.film
    case = Case(film, limb, example.clinical, (), recipe.name, recipe.shows, on, Clock(), thorough=thorough)
    image = partial(_image, example, seen, limb, job.beside, pictured)
    truth = Truth(seen.example(example), film, case.crop, job.beside, image, seen.mask)
    predictions: dict[str, Any] = {}
    bundle = registry.at(job.folder)
    for part in job.parts:
        ensemble = bundle.ensemble(part.task.name, part.outputs)
        predictions[part.task.name] = part.task.read.predict(case, part, ensemble, predictions)
    return truth, predictions


def _image(
    example: Example,
    seen: LaidFilm,
    limb: Limb | None,
    folder: Path,
    wanted: bool,
    column: str,
    size: int,
) -> npt.NDArray[np.floating] | None:
    """A projection as the manifest names it, or of the patient's own CT, cut to the limb; None without, and for a CT
    that does not lie on its film."""
    if limb is None or not wanted:
        return None
    try:
        whole = projection_of(example, column, folder, seen.uploaded)
    except NotLaid:
        return None
    return None if whole is None else cut_map(seen.image(whole), limb.box, size)
