"""A finder, of hips or of knees, from virtual films to a bundle."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.radiograph import Radiograph
from models.bundle import Bundle, Outliner
from models.initial import initialise
from models.networks import build
from recipes.joint import SIDES, Joint, Shape
from recipes.limbs import JOINTS, find_limbs
from recipes.recipe import Recipe
from training import fresh, whole_films
from training.about import INTENDED_USE, provenance
from training.card import model_card
from training.fit import Schedule, fit
from training.knee_lesson import KneeLesson
from training.lesson import LandmarkLesson, Lesson
from training.manifest import Manifest
from training.split import one_held_out
from training.whole_films import WholeFilms

Tell = Callable[[str, int, int], None]


def teach(
    recipe: Recipe,
    preset_name: str,
    manifests: Sequence[Manifest],
    folder: Path,
    seed: int,
    version: str,
    learned_from: str,
    init: Mapping[str, str],
    workers: int,
    say: Tell,
) -> Bundle:
    """manifests: films with landmarks (as `simulate` writes them) and films of other places, which have none."""
    preset, joint = recipe.presets[preset_name], JOINTS[recipe.site]
    candidate = preset.outliners[0]
    parts = [
        whole_films.gather(manifest, joint, workers, lambda done, all_: say("reading films", done, all_))
        for manifest in manifests
    ]
    films = parts[0]
    for part in parts[1:]:
        films = films.joined(part)
    learns, held = one_held_out(films.patients, seed)

    def lesson(films: WholeFilms) -> Lesson:
        if joint.one_by_one:
            return KneeLesson(films.films, films.points, candidate.preprocess)
        return LandmarkLesson(films.films, films.points, candidate.preprocess, joint.groups)

    def of_epoch(epoch: int) -> Lesson:
        return lesson(fresh.whole_films(preset.virtual_films, seed, epoch, recipe.view_name, joint))

    network = initialise(
        build(candidate.network, len(joint.maps), candidate.options), init.get(candidate.name, candidate.init)
    )
    network = fit(
        network,
        of_epoch if preset.fresh else lesson(films.rows(learns)),
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(films.rows(held)),
        tell=lambda done, all_: say("finder", done, all_),
    )
    shape = Shape.learn(joint, [limb for manifest in manifests for limb in whole_films.limbs(manifest, joint)])
    finder = Outliner(
        candidate.name,
        candidate.network,
        candidate.options,
        candidate.preprocess.to_dict(),
        joint.maps,
        network,
        {"shape": shape.to_dict()},
    )
    evidence = {
        "data": {
            "films": len(films.films),
            "films_held_out": len(held),
            "manifest_fingerprint": "+".join(manifest.fingerprint for manifest in manifests),
        },
        "held_out": held_out_figures(finder, joint, films.rows(held)),
    }
    return Bundle(
        name=recipe.name,
        version=version,
        labels=(),
        candidates=(),
        coverage=0.0,
        conformal_quantile=0.0,
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=provenance(preset_name, seed, {candidate.name: network}),
        evidence=evidence,
        card=_card(recipe, joint, version, learned_from, evidence),
        outliners=(finder,),
    )


def held_out_figures(finder: Outliner, joint: Joint, films: WholeFilms) -> dict[str, Any]:
    """How far landmarks are off, as a share of the joint's unit (from a femur's head to its lesser trochanter, across
    a tibia's plateau), and how many joints are told wrongly to be, or not to be, on a film, as a reading finds them."""
    off, missed, invented, there = [], 0, 0, 0
    for film, truth in zip(films.films, films.points, strict=True):
        seen = Radiograph(film.astype(np.float32) / 255, case_id="")
        found = {limb.side: limb for limb in find_limbs(seen, finder, torch.device("cpu"))}
        for side in SIDES:
            numbers = joint.numbers(side)
            known = ~np.isnan(truth[numbers]).any()
            there += int(known)
            missed += int(known and side not in found)
            invented += int(side in found and np.isnan(truth[numbers]).all())
            if known and side in found:
                places = np.array([found[side].points[name] for name in joint.needed]) / film.shape
                one, other = truth[numbers[0]], truth[numbers[joint.needed.index(joint.unit)]]
                gap = np.linalg.norm(places - truth[numbers], axis=1)
                off.append(gap / np.linalg.norm(other - one))
    table = np.array(off).reshape(-1, len(joint.needed))

    def quantile(share: float) -> dict[str, float | None]:
        return {
            name: round(float(np.quantile(table[:, number], share)), 4) if len(table) else None
            for number, name in enumerate(joint.needed)
        }

    return {
        "joints": joint.many,
        "shape_checked": True,
        "limbs": there,
        "missed": missed,
        "invented": invented,
        "median_error": quantile(0.5),
        "largest_error_in_95_of_100": quantile(0.95),
    }


def _card(recipe: Recipe, joint: Joint, version: str, learned_from: str, evidence: dict[str, Any]) -> str:
    return model_card(
        recipe.title, recipe.name, version, (), learned_from, INTENDED_USE, {}, evidence, recipe.simplifications
    )
