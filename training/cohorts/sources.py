"""Where films come from, to learn from and to be examined on: a manifest, or virtual patients made when asked for."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.settings import settings
from recipes.recipe import Recipe
from recipes.view import RECIPE as VIEW
from training.cohorts.virtual import Cohort, broken, elsewhere, learning, made, of_views, testing, views_testing
from training.data.given_split import to_teach, to_test
from training.data.manifest import Manifest, read_manifest

Tell = Callable[[str, int, int], None]
VIRTUAL = "virtual"
HELD_OUT = 0.2  # share of an expert's patients that teach nothing, but calibrate


def to_learn(recipe: Recipe, data: Path | str, preset_name: str, seed: int, workers: int, say: Tell) -> list[Manifest]:
    """What a recipe learns from: the manifest that was named, or virtual patients. Raises ValueError in one sentence
    for a manifest that cannot be used, or a recipe that needs one."""
    if data != VIRTUAL:
        return [read_manifest(Path(data))]
    if recipe.name == VIEW.name:
        return [_of_views(one, workers, say) for one in of_views(seed)]
    films = recipe.presets[preset_name].virtual_films
    refuse_virtual(recipe, preset_name)
    cohorts: tuple[Cohort, ...] = (learning(recipe.view_name, films, seed),)
    if "fractures" in recipe.more_virtual:
        cohorts += (broken(films // 2, seed),)
    if "negatives" in recipe.more_virtual:
        cohorts += elsewhere(recipe.view_name, seed)
    return [made(one, _kept(), workers, partial(say, f"films of {one.name}")) for one in cohorts]


def refuse_virtual(recipe: Recipe, preset_name: str) -> None:
    """Raises ValueError for a recipe that no virtual patients are made for."""
    if recipe.name != VIEW.name and not recipe.presets[preset_name].virtual_films:
        raise ValueError(f"{recipe.name} does not learn from virtual patients yet; pass --data with a manifest")


def mixed_in(
    recipe: Recipe, preset_name: str, own: Manifest, share: float, seed: int, workers: int, say: Tell
) -> list[Manifest]:
    """Virtual patients to show beside an expert's films, so that they make up `share` of the rows learned from; those
    the shipped bundles learned from, so that what was learned of them is not lost. None for a share of 0."""
    if not share:
        return []
    rows = len(to_teach(own).examples) * (1 - HELD_OUT) * share / (1 - share)
    most = recipe.presets[preset_name].virtual_films
    cohort = learning(recipe.view_name, min(most, max(1, math.ceil(rows))), seed)
    films = made(cohort, _kept(), workers, partial(say, f"films of {cohort.name}"))
    return [replace(films, examples=films.examples[: max(1, round(rows))])]


def said_of(recipe: Recipe) -> str:
    """What a card says of the films that `virtual` stands for; empty where the training itself says it, since it also
    learns from real films at hand."""
    if recipe.holding == "origins":
        return ""
    meshes = learning(recipe.view_name, 1, 0).meshes is not None
    return (
        f"virtual patients on scanner alpha{', every other one with bones of meshes' if meshes else ''}, "
        "and no film of a person"
    )


def to_examine(recipe: Recipe, data: Path | str, films: int, workers: int, say: Tell) -> dict[str, Manifest]:
    """Films nobody learns from, by set: a manifest, of which rows `test` alone where it has a split, or so many virtual
    patients on each of two scanners."""
    if data != VIRTUAL:
        manifest = to_test(read_manifest(Path(data)))
        return {manifest.name: manifest}
    cohorts = testing(recipe.view_name, films)
    return {name: made(one, _kept(), workers, partial(say, f"{name} films")) for name, one in cohorts.items()}


def views_to_examine(workers: int, say: Tell) -> dict[str, list[Manifest]]:
    """Virtual films whose view nobody learned from, by scanner."""
    return {name: [_of_views(one, workers, say) for one in cohorts] for name, cohorts in views_testing().items()}


def _of_views(cohort: Cohort, workers: int, say: Tell) -> Manifest:
    """A cohort whose rows say which view they show."""
    manifest = made(cohort, _kept(), workers, partial(say, f"films of {cohort.name}"))
    shown = tuple(replace(one, others={**one.others, "view": cohort.shows}) for one in manifest.examples)
    return replace(manifest, examples=shown)


def _kept() -> Path:
    """Where virtual cohorts are kept, so that recipes share them."""
    return settings().home / "virtual"
