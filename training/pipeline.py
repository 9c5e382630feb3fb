"""From films to a bundle, and from a bundle to its figures: which films, which way of holding films out, which sets."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.settings import settings
from models.bundle import Bundle, describe
from models.initial import initialise
from models.networks import build
from models.registry import find
from recipes.recipe import Recipe
from tasks import DENSITY
from tasks.task import Say
from training import course, folds, repeat, view_course
from training.cohorts.sources import VIRTUAL, mixed_in, refuse_virtual, said_of, to_examine, to_learn, views_to_examine
from training.data import taught
from training.data.manifest import Manifest, read_manifest
from training.data.preflight import check, refuse_what_taught
from training.evaluate import evaluate
from training.results import Results
from training.run import Run

PIPELINES = {"validation": course.train, "folds": folds.train, "origins": view_course.train}  # by `Recipe.holding`
SCANNERS = ("alpha", "beta")  # on which patients are imaged again


def trained(run: Run, data: Path | str) -> Bundle:
    """The bundle that a run gives. data: a manifest, or `virtual`. Raises ValueError in one sentence for a manifest,
    or weights, that cannot be used."""
    how = run.how
    if data == VIRTUAL and how is None:
        refuse_virtual(run.recipe, run.preset_name)
    checked(run)
    if how is None:
        if data != VIRTUAL:
            check(run.recipe, read_manifest(Path(data)), begun=False)
        manifests = to_learn(run.recipe, data, run.preset_name, run.seed, run.workers, run.say)
    else:
        if data == VIRTUAL:
            raise ValueError(
                f"{how.parent.name}@{how.parent.version} learned from virtual patients already; pass --data with a "
                "manifest of own films to go on from it"
            )
        own = read_manifest(Path(data))
        refuse_what_taught(how.parent.name, how.parent.version, how.parent.evidence, own)
        check(run.recipe, own, begun=True)
        manifests = [
            own,
            *mixed_in(run.recipe, run.preset_name, own, how.virtual_share, run.seed, run.workers, run.say),
        ]
    source = run.learned_from or (said_of(run.recipe) if data == VIRTUAL else manifests[0].name)
    if how is not None:
        source += f"; before that, as {how.parent.name} {how.parent.version}: {how.parent.learned_from}"
    made = PIPELINES[run.recipe.holding](replace(run, learned_from=source), manifests)
    return replace(made, taught=taught.record(manifests))


def checked(run: Run) -> None:
    """Raises ValueError in one sentence, before a film is read, for first weights that are named for a network the
    recipe does not train, or that do not fit theirs."""
    candidates = {one.name: one for one in run.recipe.candidates(run.preset_name)}
    for name in run.init:
        if name not in candidates:
            raise ValueError(
                f"--init names {name}, which {run.recipe.name} does not train with the preset {run.preset_name}; its "
                f"networks are {', '.join(candidates)}"
            )
    for part in run.recipe.own:
        for one in part.candidates.get(run.preset_name, ()):
            source = run.init.get(one.name, one.init)
            if run.how is None and source != "scratch":
                initialise(build(one.network, len(part.outputs), one.options), source, one.name)


def measured(recipe: Recipe, folder: Path, data: Path | str, workers: int, films: int, say: Say) -> Results:
    """Figures of the bundle in `folder` on films that nobody trained it on, by set. Raises ValueError in one sentence
    for what cannot be measured."""
    if recipe.holding == "origins":
        if data != VIRTUAL:
            raise ValueError(
                f"{recipe.name} is measured on virtual films and on real ones under OSTEOLENS_DATA; pass --data virtual"
            )
        return Results(view_course.measure(folder, views_to_examine(workers, say), say))
    if recipe.holding == "folds":
        raise ValueError(
            f"{recipe.name} is measured when it is trained, on films held out; `python cli.py models show` with "
            f"{recipe.bundle} has its figures"
        )
    sets = to_examine(recipe, data, films, workers, say)
    refuse_sets_that_taught(folder, sets)
    return evaluate(recipe, folder, sets, workers, say)


def evaluated(recipe: Recipe, folder: Path, data: Path | str, workers: int, films: int, say: Say) -> Results:
    """The same; of virtual patients also how far densities move when they are imaged again. Raises ValueError in one
    sentence for another recipe's bundle as well."""
    about = describe(folder)
    if about["name"] != recipe.name:
        raise ValueError(f"{about['name']}@{about['version']} was named, expected a bundle of {recipe.name}")
    found = measured(recipe, folder, data, workers, films, say)
    return replace(found, again=imaged_again(recipe, folder, workers, films, say)) if data == VIRTUAL else found


def imaged_again(recipe: Recipe, folder: Path, workers: int, films: int, say: Say) -> dict[str, object]:
    """By scanner, how far densities of the same virtual patients move when they are imaged again; empty for recipes
    that measure none."""
    if recipe.part(DENSITY) is None:
        return {}
    finder, patients = find(recipe.finder or "", settings().weights), min(repeat.PERSONS, films)
    return {
        scanner: repeat.repeatability_on(
            folder, finder, scanner, workers, partial(say, f"imaged again on {scanner}"), patients
        )
        for scanner in SCANNERS
    }


def refuse_sets_that_taught(folder: Path, sets: Mapping[str, Manifest]) -> None:
    """Raises ValueError for a set that the bundle learned from: its figures would be no figures."""
    learned = str(describe(folder)["evidence"].get("data", {}).get("manifest_fingerprint", "")).split("+")
    for name, manifest in sets.items():
        if manifest.fingerprint in learned:
            raise ValueError(
                f"{name} is the very table that {folder.parent.name}@{folder.name} was trained on, expected films it "
                "has never seen; evaluate it on others"
            )
        found = taught.shared(folder, manifest, settings().weights)
        if found.films or found.patients:
            raise ValueError(
                f"{folder.parent.name}@{folder.name} was trained on {found.films} films and {found.patients} patients "
                f"of {name}, expected films it has never seen; evaluate it on others"
            )
