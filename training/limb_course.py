"""A recipe that reads limbs, from a manifest to a bundle: outline the regions, then teach the classes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from core.radiograph import Radiograph
from core.settings import settings
from evidence.calibration import calibrated, conformal_quantile, fit_temperature
from evidence.copies import contradictions, find_copies, groups
from evidence.familiarity import fit_familiarity
from evidence.metrics import classification
from imaging.matting import matted
from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import Bundle, Outliner
from models.bundle import Candidate as BundledCandidate
from models.initial import initialise
from models.networks import Network, build, freeze
from recipes.femur import OUTLINED
from recipes.hips import CROP_PX, UNION, region_mask
from recipes.recipe import Candidate, Preset, Recipe
from training.about import INTENDED_USE, provenance
from training.assemble import COVERAGE
from training.fit import Schedule, answers, fit
from training.lesson import ClassLesson, OutlineLesson
from training.limbs import LOOSE_PX, ROOM, Limbs, gather
from training.manifest import Manifest
from training.split import join_groups, one_held_out

Tell = Callable[[str, int, int], None]
Bytes = npt.NDArray[np.uint8]
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
    """A fifth of the patients calibrates and stops; figures to publish come from others (`training.evaluation`).

    Raises ValueError in one sentence for a manifest or weights that cannot be used.
    """
    preset, manifest = recipe.presets[preset_name], manifests[0]
    finder = registry.find(recipe.finder or "", settings().weights)
    simulated = all(example.others.get("landmarks") for example in manifest.examples)
    limbs = gather(manifest, recipe.labels, finder, not simulated, workers, partial(say, "finding limbs"))
    limbs, group, copies = settle_copies(limbs, say)
    learns, held = one_held_out([str(number) for number in group], seed)
    data = {
        "manifest": manifest.name,
        "manifest_fingerprint": manifest.fingerprint,
        "films_or_limbs_refused": len(limbs.refused),
        "pairs_of_copies": copies,
        "split_fingerprint": hashlib.sha256(repr((learns, held)).encode()).hexdigest()[:16],
        "limbs_learned_from": len(learns),
        "limbs_held_out": len(held),
        "classes_learned_from": np.bincount(limbs.labels[learns], minlength=len(recipe.labels)).tolist(),
    }
    teaching, holding = limbs.rows(learns), limbs.rows(held)
    outliners = tuple(
        teach_outliner(candidate, preset, teaching, holding, folder, seed, init.get(candidate.name), say)
        for candidate in preset.outliners
    )
    if any(candidate.region for candidate in preset.candidates):
        shown = region_films(limbs, outliners[0], preset.candidates, say)
    fitted, logits = [], []
    for candidate in preset.candidates:
        films = shown[candidate.name] if candidate.region else limbs.crops
        one, answer = teach_classes(
            candidate, preset, recipe, films, limbs, learns, held, folder, seed, init.get(candidate.name), say
        )
        fitted.append(one)
        logits.append(answer)
    truth = holding.labels
    own = [calibrated(answer, one.temperature) for answer, one in zip(logits, fitted, strict=True)]
    patients = [example.patient or str(row) for row, example in enumerate(holding.examples)]
    group = np.unique(patients, return_inverse=True)[1].tolist()
    evidence = {
        "data": data,
        "held_out": {
            **({"joint": classification(truth, np.mean(own, 0), recipe.labels, group)} if fitted else {}),
            **{
                one.name: classification(truth, answer, recipe.labels, group)
                for one, answer in zip(fitted, own, strict=True)
            },
        },
    }
    networks: dict[str, Network] = {one.name: one.weights for one in fitted}
    networks |= {one.name: one.weights for one in outliners}
    return Bundle(
        name=recipe.name,
        version=version,
        labels=recipe.labels,
        candidates=tuple(fitted),
        coverage=COVERAGE,
        conformal_quantile=conformal_quantile(np.mean(own, 0), truth, COVERAGE),
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=provenance(
            preset_name,
            seed,
            {**{one.name: one.weights for one in fitted}, **{one.name: one.weights for one in outliners}},
        ),
        evidence=evidence,
        card="",
        outliners=outliners,
    )


def settle_copies(limbs: Limbs, say: Tell) -> tuple[Limbs, list[int], int]:
    """Limbs without those whose copies carry another label; the group of each, by content and patient; pairs found.

    Virtual films are not sketched: no two of them are copies.
    """
    patients = [example.patient for example in limbs.examples]
    if not limbs.sketches:
        return limbs, join_groups(list(range(len(patients))), patients), 0
    sides = [example.others.get("side") for example in limbs.examples]
    copies = find_copies(limbs.sketches, partial(say, "finding copies"))
    group = groups(len(patients), copies)
    # The two hips of one film are one content with two answers, which is no contradiction.
    doubted = set(contradictions([hash((number, side)) for number, side in zip(group, sides, strict=True)],
                                 [example.label for example in limbs.examples]))  # fmt: skip
    kept = [row for row in range(len(patients)) if row not in doubted]
    return limbs.rows(kept), join_groups([group[row] for row in kept], [patients[row] for row in kept]), len(copies)


def teach_outliner(
    candidate: Candidate,
    preset: Preset,
    teaching: Limbs,
    holding: Limbs,
    folder: Path,
    seed: int,
    init: str | None,
    say: Tell,
) -> Outliner:
    """One network that draws the regions, from the limbs that have masks."""
    lessons = []
    for limbs in (teaching, holding):
        outlined = np.flatnonzero(limbs.masks.any((1, 2)))
        if not outlined.size:
            raise ValueError(
                "found no mask among the limbs to learn from, expected columns mask_<region> for some of them; "
                f"regions are {', '.join(OUTLINED)}"
            )
        lessons.append(
            OutlineLesson(limbs.crops[outlined], limbs.masks[outlined], len(OUTLINED), candidate.preprocess, 1 / ROOM)
        )
    first = init or candidate.init
    network = initialise(build(candidate.network, len(OUTLINED), candidate.options), first)
    network = fit(
        network,
        lessons[0],
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lessons[1],
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    return Outliner(
        candidate.name,
        candidate.network,
        candidate.options,
        candidate.preprocess.to_dict(),
        OUTLINED,
        network,
    )


def teach_classes(
    candidate: Candidate,
    preset: Preset,
    recipe: Recipe,
    films: Bytes,
    limbs: Limbs,
    learns: Sequence[int],
    held: Sequence[int],
    folder: Path,
    seed: int,
    init: str | None,
    say: Tell,
) -> tuple[BundledCandidate, npt.NDArray[np.floating]]:
    """One network that names the class, and its logits on the limbs held out."""
    first = init or candidate.init
    torch.manual_seed(seed)
    network = initialise(build(candidate.network, len(recipe.labels), candidate.options), first)
    if first != "scratch":
        freeze(network, candidate.frozen)
    guide = limbs.measures(preset.guide)[list(learns)] if preset.guide else None
    if guide is not None and np.isnan(guide).all(0).any():
        guide = None  # a manifest without the measures teaches by its labels alone
    zoom = 1.0 if candidate.region else 1 / ROOM

    def lesson(rows: Sequence[int], guide: npt.NDArray[np.floating] | None) -> ClassLesson:
        return ClassLesson(
            films[list(rows)],
            limbs.labels[list(rows)],
            len(recipe.labels),
            candidate.preprocess,
            zoom=zoom,
            loss=preset.loss,
            balanced=preset.balanced,
            guide=guide,
            vendors=True,
            matted=candidate.region is not None,
        )

    taught = lesson(learns, guide)
    taught.ready(network)
    network = fit(
        network,
        taught,
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(held, None),
        pretrained=first != "scratch",
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    say(f"{candidate.name}, calibrating", 0, 1)
    shown = as_read(films, candidate)
    logits, _ = answers(network, shown[list(held)], candidate.preprocess)
    some = list(learns)[:: max(1, len(learns) // 600)]  # enough to know a limb by, in a bundle that stays small
    _, features = answers(network, shown[some], candidate.preprocess)
    patients = [limbs.examples[row].patient or str(row) for row in some]
    fold = (np.unique(patients, return_inverse=True)[1] % 5).astype(str).tolist()
    return BundledCandidate(
        name=candidate.name,
        network=candidate.network,
        options=candidate.options,
        preprocessing=candidate.preprocess.to_dict(),
        temperature=fit_temperature(logits, limbs.labels[list(held)]),
        weights=network,
        familiarity=fit_familiarity(features, fold).arrays(),
        region=candidate.region,
    ), logits


def as_read(films: Bytes, candidate: Candidate) -> Bytes:
    """Loose crops as a reading shows them to this network; region films are so already."""
    if candidate.region:
        return films
    inputs = candidate.preprocess
    return np.stack(
        [
            np.round(inputs.grey(Radiograph(crop[MIDDLE, MIDDLE].astype(np.float32) / 255, "")) * 255).astype(np.uint8)
            for crop in films
        ]
    )


def region_films(limbs: Limbs, outliner: Outliner, candidates: Sequence[Candidate], say: Tell) -> dict[str, Bytes]:
    """Each limb's regions as a reading would cut them out, by candidate: uint8 [N, size, size]."""
    inputs = Preprocess.from_dict(outliner.preprocessing)
    shown: dict[str, list[Bytes]] = {candidate.name: [] for candidate in candidates}
    for done, loose in enumerate(limbs.crops, start=1):
        film = Radiograph(loose[MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        maps = engine.maps(outliner, inputs.grey(film), torch.device("cpu"))
        masks = {name: inputs.back(one, film) > 0.5 for name, one in zip(outliner.outputs, maps, strict=True)}
        for candidate in candidates:
            mask = region_mask(masks, candidate.region or UNION)
            grey = matted(film, mask, candidate.preprocess.size[0])
            shown[candidate.name].append(np.round(grey * 255).astype(np.uint8))
        say("cutting regions out", done, len(limbs.crops))
    return {name: np.stack(films) for name, films in shown.items()}
