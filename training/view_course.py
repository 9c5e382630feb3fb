"""The view network, from virtual films, real films at hand and pictures that are none, to a bundle."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import binomtest

from core.settings import settings
from evidence.calibration import calibrated, conformal_quantile, fit_temperature
from evidence.familiarity import Familiarity, fit_familiarity
from evidence.metrics import classification
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Candidate, amend, load
from models.initial import initialise
from models.networks import Classifier, build
from recipes.recipe import Preset, Recipe
from recipes.view import OTHER, VIEWS, Seen, seen_from
from training import views
from training.about import INTENDED_USE, provenance
from training.assemble import COVERAGE
from training.fit import Schedule, answers, fit
from training.lesson import ClassLesson
from training.manifest import Manifest
from training.split import one_held_out
from training.views import REAL, RealSource, ViewFilms

Tell = Callable[[str, int, int], None]
PICTURES = 960  # that are no film, to learn from; others test
ENOUGH = 160  # a real source of fewer films is shown as often as that
KNOWN_FILMS = 600  # kept in the bundle to measure distances to


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
    """manifests: films with a column `view`. Each real source at hand is first left out and answered by a network that
    never saw it, then learned from with the rest.

    Raises ValueError in one sentence for a manifest that cannot be used.
    """
    preset = recipe.presets[preset_name]
    (candidate,) = preset.candidates
    inputs = candidate.preprocess
    made = []
    for manifest in manifests:
        kept = folder / "films" / f"{manifest.name}_{manifest.fingerprint}.npz"
        if not kept.exists():
            tell = partial(say, f"films of {manifest.name}")
            views.of_manifest(manifest, inputs, True, seed, tell).save(kept)
        made.append(ViewFilms.load(kept))
    say("pictures that are no film", 0, 1)
    base = made[0].joined(*made[1:], views.pictures(PICTURES, seed, inputs))
    at_hand = {}
    for source in REAL:
        kept = folder / "films" / f"{re.sub('[^a-z]+', '_', source.name.lower())}.npz"
        if source.learned_from and not kept.exists():
            say(f"real films: {source.name}", 0, 1)
            films, _ = views.real(source, settings().data, inputs)
            if films is not None:
                films.save(kept)
        if source.learned_from and kept.exists():
            at_hand[source] = ViewFilms.load(kept)
    taught = partial(_taught, recipe, preset, folder, seed, init.get(candidate.name, candidate.init), say)

    every = base.joined(*at_hand.values())
    one, held, logits = taught(every, "all sources")
    truth = every.labels[held]
    groups = np.unique(np.array(every.group)[held], return_inverse=True)[1].tolist()
    left_out = {}
    for source, films in at_hand.items():
        rest = [other for name, other in at_hand.items() if name is not source]
        without, _, _ = taught(base.joined(*rest), f"without {source.name}")
        left_out[source.name] = told(seen_by(without, films), films)
    evidence = {
        "data": {
            "films_and_pictures": len(every.labels),
            **{f"films_of_{view}": int((every.labels == number).sum()) for number, view in enumerate(VIEWS)},
            "held_out_to_calibrate": len(held),
        },
        "held_out": classification(truth, calibrated(logits, one.temperature), VIEWS, groups),
        "left_out": left_out,
    }
    origin = learned_from or _origin(list(at_hand))
    return Bundle(
        name=recipe.name,
        version=version,
        labels=VIEWS,
        candidates=(one,),
        coverage=COVERAGE,
        conformal_quantile=conformal_quantile(calibrated(logits, one.temperature), truth, COVERAGE),
        learned_from=origin,
        intended_use=INTENDED_USE,
        provenance=provenance(preset_name, seed, {one.name: one.weights}),
        evidence=evidence,
        card=_card(recipe, version, origin, evidence),
    )


def _taught(
    recipe: Recipe, preset: Preset, folder: Path, seed: int, init: str, say: Tell, films: ViewFilms, part: str
) -> tuple[Candidate, list[int], np.ndarray]:
    """One network on four fifths of the groups; the rest, and its logits there."""
    (candidate,) = preset.candidates
    learns, held = one_held_out(films.group, seed)
    teaching = _repeated(films.rows(learns))
    grey = teaching.grey.copy()
    grey[1::2] = grey[1::2, :, ::-1]  # a view is the same view mirrored
    torch.manual_seed(seed)
    network: Classifier = initialise(build(candidate.network, len(VIEWS), candidate.options), init)
    fingerprint = hashlib.sha256(grey.tobytes() + teaching.labels.tobytes()).hexdigest()[:12]
    network = fit(
        network,
        ClassLesson(grey, teaching.labels, len(VIEWS), candidate.preprocess, vendors=True),
        Schedule.of(candidate, preset),
        folder / f"{part.replace(' ', '_')}_{fingerprint}",
        seed,
        pretrained=init != "scratch",
        tell=lambda done, total: say(part, done, total),
    )
    logits, _ = answers(network, films.grey[held], candidate.preprocess)
    known = [row for row in learns if VIEWS[films.labels[row]] != OTHER]
    some = np.random.default_rng(seed).permutation(known)[:KNOWN_FILMS]
    _, features = answers(network, films.grey[some], candidate.preprocess)
    fold = np.unique([films.group[row] for row in some], return_inverse=True)[1] % 5
    return (
        Candidate(
            name=candidate.name,
            network=candidate.network,
            options=candidate.options,
            preprocessing=candidate.preprocess.to_dict(),
            temperature=fit_temperature(logits, films.labels[held]),
            weights=network,
            familiarity=fit_familiarity(features, fold.astype(str).tolist()).arrays(),
        ),
        held,
        logits,
    )


def _repeated(films: ViewFilms) -> ViewFilms:
    """Real sources of few films are named often enough to be heard; every time they are varied otherwise."""
    counts = Counter(films.source)
    real = {source.name for source in REAL}
    rows = [
        row
        for row, source in enumerate(films.source)
        for _ in range(max(1, round(ENOUGH / counts[source])) if source in real else 1)
    ]
    return films.rows(rows)


def seen_by(one: Candidate, films: ViewFilms) -> list[Seen]:
    """What the network says of each film, as a reading would hear it."""
    logits, features = answers(one.weights, films.grey, Preprocess.from_dict(one.preprocessing))
    familiarity = Familiarity.from_arrays(one.familiarity)
    return [seen_from(*row, one.temperature, familiarity) for row in zip(logits, features, strict=True)]


def told(seen: Sequence[Seen], films: ViewFilms) -> dict[str, Any]:
    """Counts of one set of films: how many there are, are told rightly, with certainty rightly and wrongly, and what
    each view was taken for. `right` counts distinct films, copies once, for its interval."""
    truth = [VIEWS[label] for label in films.labels]
    right = [one.name == view for one, view in zip(seen, truth, strict=True)]
    distinct = {group: all(ok for ok, other in zip(right, films.group, strict=True) if other == group)
               for group in dict.fromkeys(films.group)}  # fmt: skip
    interval = binomtest(sum(distinct.values()), len(distinct)).proportion_ci(method="wilson")
    taken_for: dict[str, Counter[str]] = {view: Counter() for view in dict.fromkeys(truth)}
    for one, view in zip(seen, truth, strict=True):
        taken_for[view][one.name] += 1
    return {
        "films": len(truth),
        "distinct": len(distinct),
        "right": sum(right),
        "share_right": {
            "value": round(sum(distinct.values()) / len(distinct), 4),
            "low": round(float(interval.low), 4),
            "high": round(float(interval.high), 4),
        },
        "surely_right": sum(ok and one.sure for ok, one in zip(right, seen, strict=True)),
        "surely_wrong": sum(not ok and one.sure for ok, one in zip(right, seen, strict=True)),
        "by_distance_alone": sum(one.strange for one in seen),
        "taken_for": {view: dict(counts) for view, counts in taken_for.items()},
    }


def measure(folder: Path, sets: Mapping[str, Sequence[Manifest]], say: Tell) -> dict[str, Any]:
    """What the bundle in `folder` says of virtual films by scanner, of real films by source, and of pictures that are
    none and that no network learned from."""
    bundle = load(folder)
    (one,) = bundle.candidates
    inputs = Preprocess.from_dict(one.preprocessing)
    found: dict[str, Any] = {"virtual": {}, "real": {}, "left_out": bundle.evidence.get("left_out", {})}
    every: list[ViewFilms] = []
    for name, manifests in sets.items():
        parts = [views.of_manifest(one, inputs, False, 0, partial(say, f"films of {one.name}")) for one in manifests]
        films = parts[0].joined(*parts[1:])
        every.append(films)
        found["virtual"][name] = told(seen_by(one, films), films)
    for source in REAL:
        films_of, refused = views.real(source, settings().data, inputs)
        if films_of is not None:
            say(f"real films: {source.name}", 1, 1)
            found["real"][source.name] = {
                **told(seen_by(one, films_of), films_of),
                "learned_from": bool(source.learned_from),
                "refused_before": len(refused),
            }
    other = views.pictures(400, 90_000, inputs)
    found["pictures"] = told(seen_by(one, other), other)
    if every:
        films = every[0].joined(*every[1:])
        logits, _ = answers(one.weights, films.grey, inputs)
        group = np.unique(films.group, return_inverse=True)[1].tolist()
        found["test"] = {"joint": classification(films.labels, calibrated(logits, one.temperature), VIEWS, group)}
    return found


def sign(recipe: Recipe, folder: Path, found: dict[str, Any]) -> None:
    """Write what was measured into a bundle that was just made, and its card."""
    bundle = load(folder)
    evidence = {**bundle.evidence, **found}
    amend(folder, evidence, _card(recipe, bundle.version, bundle.learned_from, evidence))


def _origin(sources: Sequence[RealSource]) -> str:
    virtual = "virtual patients on scanners alpha and vfa, and drawn pictures that are no film"
    if not sources:
        return f"{virtual}; no film of a person"
    return f"{virtual}; and real films whose terms are stated: " + "; ".join(
        f"{source.name}: {source.learned_from}" for source in sources
    )


def _card(recipe: Recipe, version: str, origin: str, evidence: Mapping[str, Any]) -> str:
    lines = [
        "---", "license: apache-2.0", "library_name: transformers", "pipeline_tag: image-classification",
        "tags: [radiograph, view, research]", "---",
        f"# {recipe.title} ({recipe.name} {version})", "",
        f"**Not a medical device.** {INTENDED_USE}", "",
        f"Views, in order: {', '.join(VIEWS)}. Learned from: {origin}.", "",
        "Real films without stated terms (hips, knee crops, DICOM test files) taught nothing; they only measure.", "",
    ]  # fmt: skip
    for title, key in (("Virtual persons nobody learned from, by scanner", "virtual"),
                       ("Real sources, each by a network that never saw it", "left_out"),
                       ("Real films, by the network that ships", "real")):  # fmt: skip
        if evidence.get(key):
            lines += [f"## {title}", "", *table(evidence[key]), ""]
    return "\n".join(lines)


def table(sets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Sets as a table in Markdown."""
    return [
        "| set | films | told rightly | share of distinct films (95 % interval) | surely wrong | taken for |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name}{', learned from' if one.get('learned_from') else ''} | {one['films']} | {one['right']} | "
            "{value:.3f} ({low:.3f} to {high:.3f}) | ".format(**one["share_right"])
            + f"{one['surely_wrong']} | {_mistaken(one['taken_for'])} |"
            for name, one in sets.items()
        ),
    ]


def _mistaken(taken_for: Mapping[str, Mapping[str, int]]) -> str:
    wrong = [
        f"{count} {view} for {name}"
        for view, counts in taken_for.items()
        for name, count in counts.items()
        if name != view
    ]
    return ", ".join(wrong) or "what they are"
