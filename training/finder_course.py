"""A finder, of hips or of knees, from virtual films to a bundle."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from anatomy.find import JOINTS, find_limbs
from anatomy.joint import SIDES, Joint, Shape
from core.radiograph import Radiograph
from models.bundle import Bundle, Outliner
from models.initial import initialise
from models.networks import build
from recipes.recipe import Recipe
from tasks.landmarks.knee_objective import KneeObjective
from tasks.objective import LandmarkObjective, Objective
from training.cohorts import fresh
from training.data import whole_films
from training.data.manifest import Manifest
from training.data.split import one_held_out
from training.data.whole_films import WholeFilms
from training.fit import Schedule, fit
from training.provenance import INTENDED_USE, provenance

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

    def lesson(films: WholeFilms) -> Objective:
        if joint.one_by_one:
            return KneeObjective(films.films, films.points, candidate.preprocess)
        return LandmarkObjective(films.films, films.points, candidate.preprocess, joint.groups)

    def of_epoch(epoch: int) -> Objective:
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
    held = evidence["held_out"]
    lines = [
        "---", "license: apache-2.0", "tags: [radiograph, landmarks, research]", "---",
        f"# {recipe.title} ({recipe.name} {version})", "",
        f"**Not a medical device.** {INTENDED_USE}", "",
        f"Learned from: {learned_from}", "",
        f"On {evidence['data']['films_held_out']} films held out, with {held['limbs']} whole {joint.many}: "
        f"{held['missed']} not found, {held['invented']} found where there is none.",
        "", "| landmark | median error | 95 of 100 below |", "|---|---|---|",
        *(
            f"| {name.replace('_', ' ')} | {held['median_error'][name]} | "
            f"{held['largest_error_in_95_of_100'][name]} |"
            for name in joint.needed
        ),
        "", f"Errors are shares of the distance from {joint.needed[0].replace('_', ' ')} to "
        f"{joint.unit.replace('_', ' ')}, about {joint.unit_mm} mm.", "",
    ]  # fmt: skip
    return "\n".join(lines)
