"""A bundle fitted anew to some films of one's own: temperature, thresholds, sets, bounds and lines, never a weight."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.example import ManifestError
from core.refusal import Refused
from core.settings import settings
from evidence.statistics.paired import mean_difference
from evidence.versus import Measure
from models import registry
from models.bundle import Bundle, Ensemble, fingerprint
from models.files.copies import recalibrated
from models.numbering import next_version
from recipes.recipe import Recipe
from tasks.part import Part
from tasks.task import Recalibrate, Say
from training.data.given_split import to_teach
from training.data.limbs import FilmRows, films_telling, limb_of
from training.data.manifest import Manifest
from training.data.taught import joined, record
from training.data.workers import each
from training.evaluate import Job, predicted
from training.results import Results

log = logging.getLogger(__name__)
FOLDS = 5
BEFORE, AFTER = "own_before", "own"  # sets of evidence: the same films by the parent, and cross-fitted


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """The new bundle's folder; its parent; units by task; figures of the same films before and after, cross-fitted; and
    how the primary figure changed."""

    folder: Path
    parent: str
    units: Mapping[str, int]
    figures: Mapping[str, Mapping[str, Any]]
    gains: Mapping[str, Measure]


def parts_of(recipe: Recipe) -> tuple[Part, ...]:
    """The parts whose answers something is fitted to. Raises ValueError for a recipe without any."""
    found = tuple({part.task.name: part for part in recipe.own if part.task.recalibrate is not None}.values())
    if not found:
        raise ValueError(
            f"{recipe.name} marks points or outlines regions, and nothing is fitted to such answers; calibrate takes "
            "recipes of classes, scores or densities; train it on your films instead"
        )
    return found


def recalibrate(recipe: Recipe, parent: Path, manifest: Manifest, out: Path, workers: int, say: Say) -> Recalibrated:
    """Write the next free version of the bundle in `parent` under `out`, fitted to the films of a manifest.

    recipe: with the finders that read. Rows of a given test split are left alone. Raises ValueError in one sentence for
    a recipe to which nothing can be fitted, or for too few films.
    """
    parts = parts_of(recipe)
    manifest = to_teach(manifest)
    bundle = registry.at(parent)
    raws = raws_of(recipe, parent, manifest, workers, say)
    nodes, facts = dict(bundle.networks), dict(bundle.facts)
    figures: dict[str, dict[str, Any]] = {BEFORE: {}, AFTER: {}}
    gains: dict[str, Measure] = {}
    for part in parts:
        ensemble = bundle.ensemble(part.task.name, part.outputs)
        if not ensemble.nodes:
            continue
        known = raws.get(part.task.name, [])
        fitted = task_of(part).refit(part, ensemble, known)
        nodes |= {node.name: node for node in fitted.nodes}
        facts[part.task.name] = dict(fitted.facts)
        before, after, gain = cross_fitted(part, ensemble, known)
        for name, found in ((BEFORE, before), (AFTER, after)):
            figures[name] |= found
        gains[part.task.name] = gain
    counts = {task: len(some) for task, some in raws.items()}
    name = f"{bundle.name}@{bundle.version}"
    here = record([manifest])
    made = replace(
        bundle,
        version=next_version(bundle.name, bundle.version, settings().weights, out),
        networks=nodes,
        facts=facts,
        parent={"name": bundle.name, "version": bundle.version, "fingerprint": fingerprint(parent)},
        taught=joined(bundle.taught, here) if bundle.taught else here,
        learned_from=f"{bundle.learned_from}; recalibrated on {_films(manifest, recipe)} of {manifest.name}",
        evidence=_evidence(bundle, manifest, counts, figures),
    )
    return Recalibrated(recalibrated(parent, out, made), name, counts, figures, gains)


def _films(manifest: Manifest, recipe: Recipe) -> str:
    """How many films that is: `120 films (240 limbs)`."""
    films = len({one.path for one in manifest.examples})
    return f"{films} films ({len(manifest.examples)} limbs)" if recipe.finder else f"{films} films"


def _evidence(
    bundle: Bundle, manifest: Manifest, counts: Mapping[str, int], figures: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """The parent's figures are not this version's: only what was measured with it stays."""
    kept = {key: bundle.evidence[key] for key in ("tasks",) if key in bundle.evidence}
    data = {
        "recalibrated_on": manifest.name,
        "manifest_fingerprint": manifest.fingerprint,
        "units": dict(counts),
        "parent": f"{bundle.name}@{bundle.version}",
    }
    return {**kept, "data": data, **Results(dict(figures)).of_bundle}


def task_of(part: Part) -> Recalibrate:
    found = part.task.recalibrate
    assert found is not None
    return found


def raws_of(recipe: Recipe, folder: Path, manifest: Manifest, workers: int, say: Say) -> dict[str, list[Any]]:
    """What the bundle in a folder says of every unit before calibration, by task. Raises ManifestError where no unit
    can be read."""
    films = films_telling(manifest, parts_of(recipe), "fit")
    bundle = registry.at(folder)
    parts = tuple(part for part in recipe.own if bundle.ensemble(part.task.name, part.outputs).nodes)
    job = Job(recipe, parts, folder, settings().weights, manifest.folder, manifest.simulated)
    found: dict[str, list[Any]] = {}
    refused: Counter[str] = Counter()
    for done, (some, why) in enumerate(each(partial(_film, job=job), films, workers, chunk=4), start=1):
        for task, one in some:
            found.setdefault(task, []).append(one)
        refused.update(why)
        say("reading films", done, len(films))
    said = "; ".join(f"{count} times: {sentence}" for sentence, count in refused.most_common(3))
    if not found:
        raise ManifestError(f"found nothing to read on any of {len(films)} films ({said}), expected {recipe.shows}")
    if refused:
        rows = sum(len(rows) for _, rows in films)
        log.warning("%d of %d rows of %s are left out (%s)", refused.total(), rows, manifest.name, said)
    return found


def _film(film_rows: FilmRows, job: Job) -> tuple[list[tuple[str, Any]], list[str]]:
    """What is said of each row of a film, by task; and why rows are left out, a sentence a row."""
    path, rows = film_rows
    try:
        seen, limbs = job.found_on(path)
    except Refused as fault:
        return [], [fault.refusal.message] * len(rows)
    bundle, found, refused = registry.at(job.folder), [], []
    for _, example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None and job.recipe.finder:
            refused.append("The limb was not found on its film.")
            continue
        try:
            truth, said = predicted(seen, limb, example, False, job, thorough=False)
        except Refused as fault:
            refused.append(fault.refusal.message)
            continue
        for part in parts_of(job.recipe):
            if part.task.name in said:
                ensemble = bundle.ensemble(part.task.name, part.outputs)
                one = task_of(part).raw(said[part.task.name], part, truth, ensemble)
                if one is not None:
                    found.append((part.task.name, one))
    return found, refused


def cross_fitted(
    part: Part, ensemble: Ensemble, raws: Sequence[Any], folds: int = FOLDS
) -> tuple[dict[str, Any], dict[str, Any], Measure]:
    """Figures of the same units before and after, and how the primary figure changes; each fifth of the patients is
    answered by what was fitted to the others. Raises ValueError where four fifths are too few."""
    task, measure = task_of(part), part.task.measure
    number = np.unique([one.patient for one in raws], return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(number.max() + 1)[number] % folds
    rows: list[Any] = [None] * len(raws)
    held: list[Any] = [None] * len(raws)
    for one in range(folds):
        within = np.flatnonzero(fold == one)
        if not len(within):
            continue
        fitted = task.refit(part, ensemble, [raws[at] for at in np.flatnonzero(fold != one)])
        answers = task.answered(part, fitted, [raws[at] for at in within])
        kept = task.kept(part, fitted, answers)
        for place, at in enumerate(within):
            rows[at], held[at] = answers[place], None if kept is None else kept[place]
    first = task.answered(part, ensemble, raws)
    sets = task.figures_of_sets(part, rows, None if held[0] is None else np.stack(held))
    before = measure.figures(first, part, ensemble) | task.figures_of_sets(
        part, first, task.kept(part, ensemble, first)
    )
    after = measure.figures(rows, part, ensemble) | sets
    paired = measure.paired(first, rows, part, (ensemble, ensemble))
    loss, new = paired.losses
    more = mean_difference(loss, new, [row.patient for row in raws])
    return before, after, Measure(paired.primary, float(np.nanmean(loss)), float(np.nanmean(new)), more, better="less")
