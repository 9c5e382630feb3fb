"""A recipe that measures bone density, from a manifest to a bundle: stage by stage, then how far off it is."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from anatomy.limb import CROP_PX
from core.radiograph import Radiograph
from core.settings import settings
from evidence.agreement import agreement
from evidence.densitometry import Residuals
from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import Bundle, Densitometer, amend, load
from models.initial import initialise
from models.networks import Decomposer, build
from recipes.recipe import Preset, Recipe
from tasks.density.objective import DensityObjective
from training.assemble import COVERAGE
from training.ct.projections import COLUMNS
from training.data.limbs import LOOSE_PX, ROOM, Limbs, gather
from training.data.manifest import Manifest, ManifestError
from training.data.split import one_held_out
from training.density_card import density_card
from training.examined import Examined
from training.fit import Schedule, fit
from training.provenance import INTENDED_USE, provenance

Tell = Callable[[str, int, int], None]
Array = npt.NDArray[np.floating]
START = (LOOSE_PX - CROP_PX) // 2
MIDDLE = slice(START, START + CROP_PX)


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
    """A fifth of the patients says how far off the answers are; figures to publish come from others
    (`training.density_evaluation`). Raises ValueError in one sentence for a manifest or weights that cannot be used.
    """
    preset, manifest = recipe.presets[preset_name], manifests[0]
    limbs = collect(recipe, preset, manifest, workers, say)
    patients = [example.patient or str(example.path) for example in limbs.examples]
    learns, held = one_held_out(patients, seed)
    teaching, holding = limbs.rows(learns), limbs.rows(held)
    first = init.get(preset.candidates[0].name)
    network = teach_stages(recipe, preset, teaching, holding, folder, seed, first, say)
    densitometer, value = settle(recipe, preset, network, holding, partial(say, "limbs held out"))
    data = {
        "manifest": manifest.name,
        "manifest_fingerprint": manifest.fingerprint,
        "films_or_limbs_refused": len(limbs.refused),
        "split_fingerprint": hashlib.sha256(repr((learns, held)).encode()).hexdigest()[:16],
        "limbs_learned_from": len(learns),
        "limbs_held_out": len(held),
    }
    evidence = {"held_out": agreements(recipe, holding, value), "data": data}
    return bundled(recipe, preset_name, version, learned_from, seed, densitometer, evidence)


def bundled(
    recipe: Recipe,
    preset_name: str,
    version: str,
    learned_from: str,
    seed: int,
    densitometer: Densitometer,
    evidence: dict[str, Any],
) -> Bundle:
    """The bundle of one densitometer, with its card."""
    made = provenance(preset_name, seed, {densitometer.name: densitometer.weights})
    return Bundle(
        name=recipe.name,
        version=version,
        labels=recipe.labels,
        candidates=(),
        coverage=COVERAGE,
        conformal_quantile=0.0,
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=made,
        evidence=evidence,
        card=density_card(recipe, version, learned_from, made, evidence),
        densitometers=(densitometer,),
    )


def sign(recipe: Recipe, folder: Path, examined: Examined) -> None:
    """Write what was measured on sets nobody learned from into a bundle that was just made, and its card."""
    bundle = load(folder)
    evidence = {**bundle.evidence, **examined.of_bundle}
    amend(folder, evidence, density_card(recipe, bundle.version, bundle.learned_from, bundle.provenance, evidence))


def collect(recipe: Recipe, preset: Preset, manifest: Manifest, workers: int, say: Tell) -> Limbs:
    """Limbs with the projections and densities that a manifest names. Raises ManifestError where it names none."""
    finder = registry.find(recipe.finder or "", settings().weights)
    size = round(preset.candidates[0].preprocess.size[0] * ROOM)
    limbs = gather(manifest, ("", *recipe.labels), finder, False, workers, partial(say, "finding limbs"), COLUMNS, size)
    if np.isnan(limbs.measures(abmd_columns(recipe))).all():
        raise ManifestError(
            f"{manifest.name} names no density of any limb, expected columns {', '.join(abmd_columns(recipe))} in g/cm2"
        )
    assert limbs.projections is not None
    if np.isnan(limbs.projections[:, :, 0, 0]).all():
        raise ManifestError(
            f"{manifest.name} names no projection of any limb, expected columns {' and '.join(COLUMNS)} with float32 "
            ".npy files in g/cm2, or ct with a CT of each person"
        )
    return limbs


def abmd_columns(recipe: Recipe) -> tuple[str, ...]:
    """The manifest's columns of densities."""
    return tuple(f"abmd_{region}" for region in recipe.measures)


def teach_stages(
    recipe: Recipe,
    preset: Preset,
    teaching: Limbs,
    holding: Limbs,
    folder: Path,
    seed: int,
    init: str | None,
    say: Tell,
) -> Decomposer:
    """One network through every stage of the preset; each stage in a folder of its own, from which a killed run goes
    on. Stages without a target's projection, or of no epochs, are passed over."""
    candidate, columns = preset.candidates[0], abmd_columns(recipe)
    torch.manual_seed(seed)
    network = initialise(build(candidate.network, len(recipe.measures), candidate.options), init or candidate.init)
    known = teaching.measures(columns)
    network.scale_density(np.nanmean(known, 0), np.maximum(np.nanstd(known, 0), 0.02))
    assert teaching.projections is not None
    for number, stage in enumerate(stage for stage in preset.stages if stage.epochs):
        channel = COLUMNS.index(stage.target)
        if not stage.density and np.isnan(teaching.projections[:, channel, 0, 0]).all():
            continue

        def lesson(limbs: Limbs, stage=stage, channel=channel) -> DensityObjective:  # type: ignore[no-untyped-def]
            assert limbs.projections is not None
            return DensityObjective(
                limbs.crops,
                limbs.projections[:, channel],
                limbs.measures(columns),
                candidate.preprocess,
                1 / ROOM,
                stage,
                preset.tone,
            )

        torch.manual_seed(seed * 101 + number)  # the discriminators' first weights
        schedule = replace(Schedule.of(candidate, preset), epochs=stage.epochs)
        network = fit(
            network.train(),  # the stage before left it in evaluation mode
            lesson(teaching),
            schedule,
            folder / stage.name,
            seed + number,
            watch=lesson(holding),
            tell=lambda done, all_, name=stage.name: say(name, done, all_),  # type: ignore[misc]
        )
    return network


def settle(
    recipe: Recipe, preset: Preset, network: Decomposer, holding: Limbs, tell: Callable[[int, int], None]
) -> tuple[Densitometer, Array]:
    """The network with what its answers are off by on limbs held out, and the densities [N, R] it tells of them."""
    candidate = preset.candidates[0]
    plain = Densitometer(
        candidate.name,
        candidate.network,
        candidate.options,
        candidate.preprocess.to_dict(),
        recipe.measures,
        network.eval(),
    )
    answer, spread = answers(plain, holding, tell)
    truth = holding.measures(abmd_columns(recipe))
    residuals = Residuals.learn(recipe.measures, truth, answer, spread, COVERAGE)
    return replace(plain, facts=residuals.to_dict()), residuals.settled(answer, spread)[0]


def agreements(recipe: Recipe, limbs: Limbs, value: Array) -> dict[str, dict[str, Any]]:
    """How well densities [N, R] agree with the limbs' own, by region."""
    truth = limbs.measures(abmd_columns(recipe))
    patients = [example.patient or str(example.path) for example in limbs.examples]
    return {region: agreement(truth[:, at], value[:, at], patients) for at, region in enumerate(recipe.measures)}


def answers(
    densitometer: Densitometer, limbs: Limbs, tell: Callable[[int, int], None] | None = None
) -> tuple[Array, Array]:
    """Densities and the spread of looks [N, R], each limb as a reading shows it."""
    inputs = Preprocess.from_dict(densitometer.preprocessing)
    found = []
    for done, crop in enumerate(limbs.crops, start=1):
        film = Radiograph(crop[MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        found.append(engine.measure(densitometer, inputs.grey(film), torch.device("cpu")))
        if tell is not None:
            tell(done, len(limbs.crops))
    return np.stack([one.abmd for one in found]), np.stack([one.spread for one in found])
