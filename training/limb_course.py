"""A recipe that reads limbs, from a manifest to a bundle: outline the regions, then teach the classes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from core.labels import CLASSES
from core.radiograph import Radiograph
from core.settings import settings
from evidence.calibration import calibrated, conformal_quantile, fit_temperature_and_bias
from evidence.copies import contradictions, find_copies, groups
from evidence.familiarity import fit_familiarity
from evidence.metrics import classification
from evidence.overlap import overlap
from evidence.pooling import fit_pool, pooled
from imaging.matting import matted
from models import registry
from models.bundle import Bundle, Outliner, amend, load
from models.bundle import Candidate as BundledCandidate
from models.initial import initialise
from models.networks import Network, build, freeze
from recipes.femur import OUTLINED
from recipes.limb import CROP_PX
from recipes.outlines import UNION, masks_of, outline_limb, region_mask
from recipes.recipe import Candidate, Preset, Recipe
from training import fresh
from training.about import INTENDED_USE, provenance
from training.assemble import COVERAGE
from training.card import model_card
from training.examined import Examined
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
    drawing = [
        teach_outliner(candidate, preset, teaching, holding, folder, seed, init.get(candidate.name), say)
        for candidate in preset.outliners
    ]
    outliners = tuple(sorted(drawing, key=lambda one: -one.facts["held_out_iou"]["mean"]))  # the best one reads
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
    if len(fitted) > 1:
        fitted = [replace(one, voice=voice) for one, voice in zip(fitted, fit_pool(own, truth), strict=True)]
    together = pooled(own, [one.voice for one in fitted])
    patients = [example.patient or str(row) for row, example in enumerate(holding.examples)]
    group = np.unique(patients, return_inverse=True)[1].tolist()
    evidence = {
        "data": data,
        "outlines_held_out": {one.name: one.facts["held_out_iou"] for one in outliners},
        "held_out": {
            **({"joint": classification(truth, together, recipe.labels, group)} if fitted else {}),
            **{
                one.name: classification(truth, answer, recipe.labels, group)
                for one, answer in zip(fitted, own, strict=True)
            },
        },
    }
    networks: dict[str, Network] = {one.name: one.weights for one in fitted}
    networks |= {one.name: one.weights for one in outliners}
    made = provenance(preset_name, seed, networks)
    if any(one.voice is not None for one in fitted):
        made["voices"] = ", ".join(f"{one.name} {one.voice:.2f}" for one in fitted)
    card = model_card(
        recipe.title, recipe.name, version, recipe.labels, learned_from, INTENDED_USE, made, evidence,
        recipe.simplifications,
    )  # fmt: skip
    return Bundle(
        name=recipe.name,
        version=version,
        labels=recipe.labels,
        candidates=tuple(fitted),
        coverage=COVERAGE,
        conformal_quantile=conformal_quantile(together, truth, COVERAGE),
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=made,
        evidence=evidence,
        card=card,
        outliners=outliners,
    )


def sign(recipe: Recipe, folder: Path, examined: Examined) -> None:
    """Write what was measured on sets nobody learned from into a bundle that was just made, and its card."""
    bundle = load(folder)
    evidence = {**bundle.evidence, **examined.of_bundle}
    card = model_card(
        recipe.title,
        bundle.name,
        bundle.version,
        bundle.labels,
        bundle.learned_from,
        bundle.intended_use,
        bundle.provenance,
        evidence,
        recipe.simplifications,
    )
    amend(folder, evidence, card)


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
    number_of: dict[tuple[int, str | None], int] = {}
    limb = [number_of.setdefault((number, side), len(number_of)) for number, side in zip(group, sides, strict=True)]
    doubted = set(contradictions(limb, [example.label for example in limbs.examples]))
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

    def lesson(limbs: Limbs) -> OutlineLesson:
        outlined = np.flatnonzero(limbs.masks.any((1, 2)))
        if not outlined.size:
            raise ValueError(
                "found no mask among the limbs to learn from, expected columns mask_<region> for some of them; "
                f"regions are {', '.join(OUTLINED)}"
            )
        crops, masks = limbs.crops[outlined], limbs.masks[outlined]
        return OutlineLesson(crops, masks, len(OUTLINED), candidate.preprocess, 1 / ROOM)

    def of_epoch(epoch: int) -> OutlineLesson:
        return lesson(fresh.limbs(preset.virtual_films, seed, epoch, CLASSES))

    first = init or candidate.init
    torch.manual_seed(seed)
    network = initialise(build(candidate.network, len(OUTLINED), candidate.options), first)
    network = fit(
        network,
        of_epoch if preset.fresh else lesson(teaching),
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(holding),
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    drawn = Outliner(
        candidate.name, candidate.network, candidate.options, candidate.preprocess.to_dict(), OUTLINED, network
    )
    return replace(drawn, facts=held_out_facts(drawn, holding, partial(say, f"{candidate.name} on limbs held out")))


def held_out_facts(
    outliner: Outliner, limbs: Limbs, tell: Callable[[int, int], None], most: int = 400
) -> dict[str, Any]:
    """How well the regions of limbs held out are drawn, and how steady an outline usually is: one limb in twenty has a
    region below its bound in `steady_from`, shared out evenly among the regions."""
    outlined = np.flatnonzero(limbs.masks.any((1, 2)))[:most]
    overlaps, steady = [], []
    for done, row in enumerate(outlined, start=1):
        film = Radiograph(limbs.crops[row][MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        drawn = outline_limb(film, outliner, torch.device("cpu"))
        truth = limbs.masks[row][MIDDLE, MIDDLE]
        overlaps.append(
            [
                overlap(((truth >> number) & 1).astype(bool), drawn.mask(name), None).iou
                for number, name in enumerate(OUTLINED)
            ]
        )
        steady.append([drawn.steady[name] for name in OUTLINED])
        tell(done, len(outlined))
    iou = dict(zip(OUTLINED, np.nanmean(overlaps, 0).round(4).tolist(), strict=True))
    return {
        "held_out_iou": {**iou, "mean": round(float(np.nanmean(overlaps)), 4), "limbs": len(outlined)},
        "steady_from": dict(
            zip(OUTLINED, np.quantile(steady, 0.05 / len(OUTLINED), axis=0).round(4).tolist(), strict=True)
        ),
    }


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
    zoom = 1.0 if candidate.region else 1 / ROOM

    def lesson(films: Bytes, of: Limbs, guided: bool) -> ClassLesson:
        guide = of.measures(preset.guide) if guided and preset.guide else None
        return ClassLesson(
            films,
            of.labels,
            len(recipe.labels),
            candidate.preprocess,
            zoom=zoom,
            loss=preset.loss,
            balanced=preset.balanced,
            # A manifest without the measures teaches by its labels alone.
            guide=None if guide is None or np.isnan(guide).all(0).any() else guide,
            masks=of.masks if guided and preset.placed and not candidate.region else None,
            regions=len(OUTLINED),
            tone=preset.tone,
            vendors=True,
            matted=candidate.region is not None,
        )

    def of_epoch(epoch: int) -> ClassLesson:
        made = fresh.limbs(preset.virtual_films, seed, epoch, recipe.labels)
        return lesson(made.crops, made, guided=True)

    taught = lesson(films[list(learns)], limbs.rows(learns), guided=True)
    network = fit(
        network,
        of_epoch if preset.fresh and not candidate.region else taught,
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(films[list(held)], limbs.rows(held), guided=False),
        pretrained=first != "scratch",
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    say(f"{candidate.name}, calibrating", 0, 1)
    shown = as_read(films, candidate)
    logits, unseen = answers(network, shown[list(held)], candidate.preprocess)
    temperature, bias = fit_temperature_and_bias(logits, limbs.labels[list(held)])
    with torch.no_grad():  # the bias joins the last layer's own
        network.head.bias += torch.from_numpy(bias.astype(np.float32))
    logits = logits + bias.astype(np.float32)
    some = list(learns)[:: max(1, len(learns) // 600)]  # enough to know a limb by, in a bundle that stays small
    _, features = answers(network, shown[some], candidate.preprocess)
    patients = [limbs.examples[row].patient or str(row) for row in some]
    return BundledCandidate(
        name=candidate.name,
        network=candidate.network,
        options=candidate.options,
        preprocessing=candidate.preprocess.to_dict(),
        temperature=temperature,
        weights=network,
        familiarity=fit_familiarity(features, unseen, patients).arrays(),
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
    shown: dict[str, list[Bytes]] = {candidate.name: [] for candidate in candidates}
    for done, loose in enumerate(limbs.crops, start=1):
        film = Radiograph(loose[MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        masks = masks_of(film, outliner, torch.device("cpu"))
        for candidate in candidates:
            mask = region_mask(masks, candidate.region or UNION)
            grey = matted(film, mask, candidate.preprocess.size[0])
            shown[candidate.name].append(np.round(grey * 255).astype(np.uint8))
        say("cutting regions out", done, len(limbs.crops))
    return {name: np.stack(films) for name, films in shown.items()}
