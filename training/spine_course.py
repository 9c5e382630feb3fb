"""The recipe of lateral spines, from a manifest to a bundle: the scores, and where the vertebrae are."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.vertebra import POINTS
from evidence.copies import contradictions, find_copies, groups
from evidence.familiarity import fit_familiarity
from evidence.scores import fit_beside, fit_doubt, fit_scale, fit_threshold, scaled
from imaging import read_radiograph
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Outliner, amend, load
from models.bundle import Candidate as BundledCandidate
from models.initial import begin_with, initialise
from models.networks import Classifier, Network, build, freeze
from recipes.clinical import ClinicalScale
from recipes.recipe import Candidate, Preset, Recipe
from recipes.spine import FRACTURE, OUTPUTS, facts_of, find_vertebrae, greatest_loss
from recipes.spine_scores import answer_of, lines_of
from training.about import INTENDED_USE, provenance
from training.assemble import COVERAGE
from training.bodies import gather_bodies
from training.examined import Examined
from training.fit import Schedule, fit
from training.manifest import Example, Manifest
from training.score_lesson import BodyLesson, ScoreLesson, VertebraLesson
from training.spine_card import spine_card
from training.spine_evaluation import answers_figures
from training.spines import Spines, gather, key_of
from training.split import join_groups, one_held_out

Tell = Callable[[str, int, int], None]
Array = npt.NDArray[np.floating]


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
    """A fifth of the first manifest's patients calibrates and draws the lines; figures to publish come from others.
    Films of further manifests only teach: their mix of answers is nobody's.

    Raises ValueError in one sentence for a manifest or weights that cannot be used.
    """
    preset, manifest = recipe.presets[preset_name], manifests[0]
    every = (*preset.candidates, *preset.outliners[:1])
    spines = gather(manifest, recipe.scores, every, workers, partial(say, "reading films"))
    spines, group, copies = settle_copies(spines, say)
    learns, held = one_held_out([str(number) for number in group], seed)
    teaching, holding = spines.rows(learns), spines.rows(held)
    for more in manifests[1:]:
        teaching = teaching.joined(gather(more, recipe.scores, every, workers, partial(say, f"reading {more.name}")))
    taught: dict[str, Classifier] = {}
    scales: dict[str, ClinicalScale | None] = {}
    for candidate in preset.candidates:
        taught[candidate.name], scales[candidate.name] = teach_scores(
            candidate, preset, teaching, holding, folder, seed, init, taught, say
        )
    outliners: tuple[Outliner, ...] = ()
    if preset.outliners and not np.isnan(teaching.points).all():
        finder, *closer = preset.outliners
        outliners = (
            teach_vertebrae(finder, preset, teaching, holding, folder, seed, init.get(finder.name), say),
            *(
                teach_bodies(one, preset, manifests, holding.patients, folder, seed, init.get(one.name), workers, say)
                for one in closer
            ),
        )
    lost = losses_of(holding.examples, outliners, partial(say, "measuring heights"))
    fitted = [
        calibrate(candidate, taught[candidate.name], scales[candidate.name], recipe, teaching, holding, lost)
        for candidate in preset.candidates
    ]
    probabilities = {one.name: probabilities_of(one, recipe, holding, lost) for one in fitted}
    lines = {one.name: lines_of(one.facts, recipe.scores) for one in fitted}
    evidence: dict[str, Any] = {
        "data": {
            "manifest": manifest.name,
            "manifest_fingerprint": "+".join(one.fingerprint for one in manifests),
            "films_refused": len(spines.refused),
            "pairs_of_copies": copies,
            "split_fingerprint": hashlib.sha256(repr((learns, held)).encode()).hexdigest()[:16],
            "films_learned_from": len(teaching.examples),
            "films_held_out": len(held),
            "positive_learned_from": {
                score: int(np.nansum(teaching.answers[:, number])) for number, score in enumerate(recipe.scores)
            },
        },
        "held_out": answers_figures(holding.answers, probabilities, lines, recipe.scores, holding.patients),
    }
    networks: dict[str, Network] = {one.name: one.weights for one in fitted}
    networks |= {one.name: one.weights for one in outliners}
    made = provenance(preset_name, seed, networks)
    return Bundle(
        name=recipe.name,
        version=version,
        labels=(),
        candidates=tuple(fitted),
        coverage=COVERAGE,
        conformal_quantile=0.0,
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=made,
        evidence=evidence,
        card=spine_card(recipe, version, learned_from, made, evidence),
        outliners=outliners,
        scores=recipe.scores,
    )


def sign(recipe: Recipe, folder: Path, examined: Examined) -> None:
    """Write what was measured on sets nobody learned from into a bundle that was just made, and its card."""
    bundle = load(folder)
    evidence = {**bundle.evidence, **examined.of_bundle}
    card = spine_card(recipe, bundle.version, bundle.learned_from, bundle.provenance, evidence)
    amend(folder, evidence, card)


def settle_copies(spines: Spines, say: Tell) -> tuple[Spines, list[int], int]:
    """Spines without those whose copies carry another answer; the group of each, by content and patient; pairs found.

    Virtual films are not compared: no two of them are copies.
    """
    if not np.isnan(spines.points).all():
        return spines, join_groups(list(range(len(spines.examples))), spines.patients), 0
    copies = find_copies(spines.sketches, partial(say, "finding copies"))
    group = groups(len(spines.examples), copies)
    doubted = set(contradictions(group, [str(row.tolist()) for row in spines.answers]))
    kept = [row for row in range(len(group)) if row not in doubted]
    left = spines.rows(kept)
    return left, join_groups([group[row] for row in kept], left.patients), len(copies)


def teach_scores(
    candidate: Candidate,
    preset: Preset,
    teaching: Spines,
    holding: Spines,
    folder: Path,
    seed: int,
    init: Mapping[str, str],
    taught: Mapping[str, Classifier],
    say: Tell,
) -> tuple[Classifier, ClinicalScale | None]:
    """One network that answers the questions, and the scale of what it is told beside the film."""
    torch.manual_seed(seed)
    network: Classifier = build(candidate.network, teaching.answers.shape[1], candidate.options)
    pretrained = begin(network, candidate, preset, init, taught)
    if pretrained:
        freeze(network, candidate.frozen)
    scale = ClinicalScale.learn([one.clinical for one in teaching.examples]) if candidate.clinical else None

    def lesson(of: Spines, guided: bool) -> ScoreLesson:
        return ScoreLesson(
            of.grey[key_of(candidate.preprocess)],
            of.answers,
            candidate.preprocess,
            clinical=None if scale is None else told(of, scale),
            guide=of.measures(preset.guide) if guided and preset.guide else None,
            tone=preset.tone,
        )

    network = fit(
        network,
        lesson(teaching, guided=True),
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(holding, guided=False),
        pretrained=pretrained,
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    return network, scale


def begin(
    network: Classifier,
    candidate: Candidate,
    preset: Preset,
    init: Mapping[str, str],
    taught: Mapping[str, Classifier],
) -> bool:
    """Give a network its first weights; whether they were learned before.

    Those that `init` names for it; else those of the network it comes after; else those of the preset's first network,
    whose layers it shares: what `init` says of that one, or what the recipe says.
    """
    own = init.get(candidate.name)
    if own is None and candidate.after is not None and candidate.after in taught:
        begin_with(network, taught[candidate.after])
        return True
    source = own or init.get(preset.candidates[0].name, candidate.init)
    initialise(network, source)
    return source != "scratch"


def calibrate(
    candidate: Candidate,
    network: Classifier,
    clinical: ClinicalScale | None,
    recipe: Recipe,
    teaching: Spines,
    holding: Spines,
    lost: Array,
) -> BundledCandidate:
    """Probabilities and lines from the films held out, and how much their loss of height [N] weighs on the score of
    fracture; how far is far from those learned from."""
    logits, unseen = answers(network, holding, candidate.preprocess, clinical)
    some = list(range(0, len(teaching.examples), max(1, len(teaching.examples) // 600)))
    near = teaching.rows(some)
    _, features = answers(network, near, candidate.preprocess, clinical)
    facts: dict[str, Any] = {"scale": {}, "threshold": {}, "doubt": {}}
    for number, score in enumerate(recipe.scores):
        known = ~np.isnan(holding.answers[:, number])
        truth, own = holding.answers[known, number] == 1, logits[known, number]
        scale = rounded(fit_scale(own, truth))
        draw_lines(facts, score, scale, scaled(own, scale), truth)
        measured = known & ~np.isnan(lost)
        truth, own = holding.answers[measured, number] == 1, logits[measured, number]
        fitted = fit_beside(own, lost[measured], truth) if score == FRACTURE else None
        if fitted is not None:
            scale, weight = rounded(fitted[:2]), round(fitted[2], 5)
            by_heights = {"scale": {}, "threshold": {}, "doubt": {}, "weight": {score: weight}}
            draw_lines(by_heights, score, scale, scaled(own, scale, weight * lost[measured]), truth)
            facts["heights"] = by_heights
    return BundledCandidate(
        name=candidate.name,
        network=candidate.network,
        options=candidate.options,
        preprocessing=candidate.preprocess.to_dict(),
        temperature=1.0,
        weights=network,
        familiarity=fit_familiarity(features, unseen, near.patients).arrays(),
        facts=facts if clinical is None else {**facts, "clinical": clinical.to_dict()},
    )


def rounded(scale: tuple[float, float]) -> tuple[float, float]:
    """As a bundle keeps it, so that figures worked out here are those of a reading."""
    return round(scale[0], 5), round(scale[1], 5)


def draw_lines(
    facts: dict[str, Any], score: str, scale: tuple[float, float], probabilities: Array, truth: npt.NDArray[np.bool_]
) -> None:
    """Keep a score's scale, with the line and the bounds of doubt that its probabilities [N] on held-out films give."""
    facts["scale"][score] = list(scale)
    facts["threshold"][score] = round(fit_threshold(probabilities, truth), 5)
    facts["doubt"][score] = list(fit_doubt(probabilities, truth, COVERAGE))


def probabilities_of(one: BundledCandidate, recipe: Recipe, spines: Spines, lost: Array) -> Array:
    """Calibrated probabilities [N, S], as a reading gives them. lost: by film [N], NaN where not measured."""
    scale = ClinicalScale.from_dict(one.facts["clinical"]) if "clinical" in one.facts else None
    logits, _ = answers(one.weights, spines, Preprocess.from_dict(one.preprocessing), scale)
    return np.array(
        [
            [
                answer_of(float(own[number]), one.facts, score, None if np.isnan(loss) else float(loss))[0]
                for number, score in enumerate(recipe.scores)
            ]
            for own, loss in zip(logits, lost, strict=True)
        ]
    )


def losses_of(examples: Sequence[Example], finders: Sequence[Outliner], tell: Callable[[int, int], None]) -> Array:
    """The greatest loss of height on each film [N], measured as a reading does it; NaN where no body is graded."""
    lost = np.full(len(examples), np.nan)
    for row, example in enumerate(examples if finders else ()):
        film = read_radiograph(example.path.read_bytes(), example.path.name)
        loss = greatest_loss(find_vertebrae(film, finders, torch.device("cpu"))[0])
        lost[row] = np.nan if loss is None else loss
        tell(row + 1, len(examples))
    return lost


def told(spines: Spines, scale: ClinicalScale) -> npt.NDArray[np.float32]:
    """What a network is told of each person [N, 2 C]."""
    return np.stack([scale(one.clinical) for one in spines.examples])


@torch.inference_mode()
def answers(
    network: Classifier, spines: Spines, preprocess: Preprocess, scale: ClinicalScale | None
) -> tuple[Array, Array]:
    """Logits [N, S] and features [N, D], one film at a time, as reading does it."""
    logits, features = [], []
    known = told(spines, scale) if scale is not None else None
    for row, film in enumerate(spines.grey[key_of(preprocess)]):
        image = torch.from_numpy(preprocess.tensor(film.astype(np.float32) / 255))[None]
        beside: tuple[Tensor, ...] = () if known is None else (torch.from_numpy(known[row])[None],)
        output = network(image, *beside)
        logits.append(output.logits[0].numpy())
        features.append(output.features[0].numpy())
    return np.stack(logits), np.stack(features)


def teach_vertebrae(
    candidate: Candidate,
    preset: Preset,
    teaching: Spines,
    holding: Spines,
    folder: Path,
    seed: int,
    init: str | None,
    say: Tell,
) -> Outliner:
    """The network that finds the six points of each body, with the heights of intact ones."""

    def lesson(spines: Spines) -> VertebraLesson:
        known = np.flatnonzero(~np.isnan(spines.points).all((1, 2)))
        key = key_of(candidate.preprocess)
        return VertebraLesson(spines.grey[key][known], spines.shares[key][known], candidate.preprocess)

    torch.manual_seed(seed)
    network = initialise(build(candidate.network, len(OUTPUTS), candidate.options), init or candidate.init)
    network = fit(
        network,
        lesson(teaching),
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=lesson(holding),
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    return Outliner(
        candidate.name,
        candidate.network,
        candidate.options,
        candidate.preprocess.to_dict(),
        OUTPUTS,
        network,
        facts_of(teaching.norm()),
    )


def teach_bodies(
    candidate: Candidate,
    preset: Preset,
    manifests: Sequence[Manifest],
    held: Sequence[str],
    folder: Path,
    seed: int,
    init: str | None,
    workers: int,
    say: Tell,
) -> Outliner:
    """The network that looks closer at single bodies, of all levels alike. held: patients of the first manifest who
    teach nothing."""
    apart = set(held)
    first = gather_bodies(manifests[0], candidate.preprocess, workers, partial(say, "cutting out bodies"))
    out = [row for row, patient in enumerate(first.patients) if patient in apart]
    teaching = first.rows([row for row, patient in enumerate(first.patients) if patient not in apart])
    for more in manifests[1:]:
        told = partial(say, f"cutting out bodies of {more.name}")
        teaching = teaching.joined(gather_bodies(more, candidate.preprocess, workers, told))
    torch.manual_seed(seed)
    network = initialise(build(candidate.network, len(POINTS), candidate.options), init or candidate.init)
    network = fit(
        network,
        BodyLesson(teaching.evened(seed), candidate.preprocess),
        Schedule.of(candidate, preset),
        folder / candidate.name,
        seed,
        watch=BodyLesson(first.rows(out).evened(seed), candidate.preprocess),
        tell=lambda done, all_: say(candidate.name, done, all_),
    )
    return Outliner(
        candidate.name, candidate.network, candidate.options, candidate.preprocess.to_dict(), POINTS, network, {}
    )
