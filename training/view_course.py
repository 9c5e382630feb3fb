"""The view network, from virtual films, real films at hand and pictures that are none, to a bundle."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import binomtest

from core.radiograph import Pixels
from core.settings import settings
from evidence.calibration import calibrated, conformal_quantile, fit_temperature
from evidence.out_of_distribution import OutOfDistribution, bounded, distances
from evidence.statistics.metrics import classification
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Node, by_name, load
from models.initial import initialise
from models.networks import Classifier, build
from recipes.seen import Seen, seen_from
from recipes.view import OTHER, VIEWS
from tasks.forward import forward
from tasks.node import node_of
from tasks.task import COVERAGE
from training.cohorts import negatives as strangers, views
from training.cohorts.views import REAL, RealSource, ViewFilms
from training.data.manifest import Manifest
from training.data.split import one_held_out
from training.device import device
from training.fit import Schedule, fit
from training.provenance import INTENDED_USE, provenance
from training.run import Run
from training.view_objective import ViewObjective, as_seen, finer

Tell = Callable[[str, int, int], None]
PICTURES = 960  # that are no film, to learn from; others test
ENOUGH = 160  # a real source of fewer films is shown as often as that
TUNING = 8  # epochs with real films, after those without
RECALLED = 3  # one in so many virtual films and pictures is shown again among the real ones
KNOWN_FILMS = 600  # kept in the bundle to measure distances to
TESTED = 100  # films of one test cohort at most
EVERY = "all"  # real films, none left out


def train(run: Run, manifests: Sequence[Manifest]) -> Bundle:
    """manifests: films with a column `view`. One network learns from them and from pictures that are no film; from it
    one goes on with all real films at hand, and one for each origin with all but those, which then answers them.

    The temperature is fitted on these answers: how sure the network says it is, is to hold in another hospital, and on
    virtual films it is surer. Raises ValueError in one sentence for a manifest that cannot be used.
    """
    recipe, preset, folder, seed, init, say = run.recipe, run.preset, run.folder, run.seed, run.init, run.say
    (part,) = recipe.own
    (candidate,) = part.candidates[run.preset_name]
    inputs, wide = candidate.preprocess, finer(candidate.preprocess)
    made = []
    for manifest in manifests:
        read = partial(views.of_manifest, manifest, wide, True, seed, partial(say, f"films of {manifest.name}"))
        made.append(views.kept(folder / "films", f"{manifest.name}_{manifest.fingerprint}", wide, read))
    say("pictures that are no film", 0, 1)
    base = made[0].joined(*made[1:], views.pictures(PICTURES, seed, wide))
    at_hand: dict[RealSource, ViewFilms] = {}
    for source in REAL:
        say(f"real films: {source.name}", 0, 1)
        films = _of_source(source, wide, folder / "films")
        if len(films.labels):
            at_hand[source] = films

    learns, held = one_held_out(base.group, seed)
    torch.manual_seed(seed)
    weights = init.get(candidate.name, "scratch")
    network = initialise(build(candidate.network, len(VIEWS), candidate.options), weights, candidate.name)
    schedule = Schedule.of(candidate, preset)
    first = _fitted(network, base.rows(learns), schedule, wide, folder, "virtual", seed, say)
    recalled = base.rows(learns[::RECALLED])
    tuning = replace(schedule, epochs=TUNING, learning_rate=schedule.learning_rate / 2)

    networks = {}
    for left in (EVERY, *dict.fromkeys(one.origin for one in at_hand)):
        real = [films for one, films in at_hand.items() if one.learned_from and one.origin != left]
        networks[left] = first
        if real:
            films = _repeated(recalled.joined(*real))
            phase = "all real films" if left == EVERY else f"without {left}"
            networks[left] = _fitted(deepcopy(first), films, tuning, wide, folder, phase, seed, say)

    taught = base.rows(learns).joined(*(films for one, films in at_hand.items() if one.learned_from))
    known = [row for row, label in enumerate(taught.labels) if VIEWS[label] != OTHER]
    unseen = {one: answers(networks[one.origin], as_seen(films.grey), inputs) for one, films in at_hand.items()}
    # What each network learned from, as it sees it: without its own origin's films, if one is left out.
    banks = {}
    for left, taught_to in networks.items():
        rows = [row for row in known if taught.source[row] not in _names_of(left)]
        others = taught.rows(rows)
        banks[left] = answers(taught_to, as_seen(others.rows(_drawn(others, range(len(rows)), seed)).grey), inputs)[1]
    # How far films lie that it did not learn from: real ones by the network that never saw their origin.
    real_apart = {
        one: distances(unseen[one][1][films.labels != VIEWS.index(OTHER)], banks[one.origin])
        for one, films in at_hand.items()
    }
    asked = as_seen(base.grey[[row for row in held if VIEWS[base.labels[row]] != OTHER]])

    def far_from(left: str) -> OutOfDistribution:
        virtual = distances(answers(networks[left], asked, inputs)[1], banks[left])
        return bounded(
            banks[left], np.concatenate([virtual, *(far for one, far in real_apart.items() if one.origin != left)])
        )

    ood = far_from(EVERY)
    truth = base.labels[held]
    logits, _ = answers(networks[EVERY], as_seen(base.grey[held]), inputs)
    temperature = fit_temperature(*(_distinct(at_hand, unseen) if at_hand else (logits, truth)))
    node = node_of(part, candidate, networks[EVERY], {"temperature": temperature}, ood)
    left_out = {}
    for source, films in at_hand.items():
        far = far_from(source.origin)
        left_out[source.name] = told(heard(*unseen[source], temperature, far), films)
    groups = np.unique(np.array(base.group)[held], return_inverse=True)[1].tolist()
    bound = conformal_quantile(calibrated(logits, temperature), truth, COVERAGE)
    evidence = {
        "data": {
            "films_and_pictures": len(base.labels) + sum(len(films.labels) for films in at_hand.values()),
            **{f"virtual_films_of_{view}": int((base.labels == number).sum()) for number, view in enumerate(VIEWS)},
            "real_films_learned_from": sum(len(films.labels) for one, films in at_hand.items() if one.learned_from),
            "held_out": len(held),
        },
        "held_out": classification(truth, calibrated(logits, temperature), VIEWS, groups),
        "left_out": left_out,
    }
    origin = run.learned_from or _origin([one for one in at_hand if one.learned_from])
    return Bundle(
        name=recipe.name,
        version=run.version,
        networks=by_name(node),
        learned_from=origin,
        intended_use=INTENDED_USE,
        provenance=provenance(run.preset_name, run.seed, {node.name: node.weights}),
        evidence=evidence,
        card="",
        facts={part.task.name: {"coverage": COVERAGE, "conformal_quantile": bound}},
    )


def _of_source(source: RealSource, inputs: Preprocess, folder: Path) -> ViewFilms:
    files = views.files_of(source, settings().data)
    name = f"{source.name} {views.fingerprint(files)}"
    return views.kept(folder, name, inputs, partial(views.real, source, settings().data, inputs))


def _fitted(
    network: Classifier,
    films: ViewFilms,
    schedule: Schedule,
    wide: Preprocess,
    folder: Path,
    part: str,
    seed: int,
    say: Tell,
) -> Classifier:
    told_apart = films.grey.tobytes() + films.labels.tobytes() + repr(schedule).encode()
    fingerprint = hashlib.sha256(told_apart).hexdigest()[:12]
    return fit(
        network,
        ViewObjective(films.grey, films.labels, len(VIEWS), wide),
        schedule,
        folder / f"{part.replace(' ', '_')}_{fingerprint}",
        seed,
        tell=lambda done, total: say(part, done, total),
    )


def _drawn(films: ViewFilms, some: Sequence[int], seed: int) -> npt.NDArray[np.int64]:
    """Rows to measure distances to, as many of each view: real films of a view are few beside virtual ones."""
    rows = np.asarray(some, np.int64)
    random, views_of = np.random.default_rng(seed), films.labels[rows]
    each = KNOWN_FILMS // max(1, len(np.unique(views_of)))
    real = np.isin([films.source[row] for row in rows], [one.name for one in REAL])
    order = np.lexsort((random.random(len(rows)), ~real))  # real films first
    return np.concatenate([rows[order][views_of[order] == view][:each] for view in np.unique(views_of)])


def answers(network: Classifier, films: npt.NDArray[np.uint8], inputs: Preprocess) -> tuple[Pixels, Pixels]:
    """Logits [N, K] and features [N, D], each film as a reading shows it, on the device that readings run on."""
    return forward(network, films, inputs, device())


def _names_of(origin: str) -> set[str]:
    return {one.name for one in REAL if one.origin == origin}


def _distinct(
    at_hand: Mapping[RealSource, ViewFilms], unseen: Mapping[RealSource, tuple[Pixels, Pixels]]
) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """Logits and views of real films, copies once, by networks that never saw their origin; each source is heard
    as much as any other."""
    logits, labels = [], []
    for source, films in at_hand.items():
        firsts = np.unique(films.group, return_index=True)[1]
        rows = np.tile(firsts, max(1, round(ENOUGH / len(firsts))))
        logits.append(unseen[source][0][rows])
        labels.append(films.labels[rows])
    return np.concatenate(logits), np.concatenate(labels)


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


def seen_by(node: Node, films: ViewFilms) -> list[Seen]:
    """What the network says of each film, as a reading would hear it."""
    logits, features = answers(_classifier(node), films.grey, Preprocess.from_dict(node.preprocessing))
    return heard(logits, features, node.facts["temperature"], OutOfDistribution.from_arrays(node.ood))


def _classifier(node: Node) -> Classifier:
    assert isinstance(node.weights, Classifier)
    return node.weights


def heard(logits: Pixels, features: Pixels, temperature: float, ood: OutOfDistribution) -> list[Seen]:
    """From logits [N, K] and features [N, D]."""
    return [seen_from(*row, temperature, ood) for row in zip(logits, features, strict=True)]


def told(seen: Sequence[Seen], films: ViewFilms) -> dict[str, Any]:
    """Counts of one set of films: how many there are, are told rightly, with certainty rightly and wrongly, and what
    each view was taken for. `right` counts distinct films, copies once, for its interval."""
    truth = [VIEWS[label] for label in films.labels]
    right = [one.name == view for one, view in zip(seen, truth, strict=True)]
    distinct = {group: all(ok for ok, other in zip(right, films.group, strict=True) if other == group)
               for group in dict.fromkeys(films.group)}  # fmt: skip
    of = dict(zip(films.group, truth, strict=True))
    taken_for: dict[str, Counter[str]] = {view: Counter() for view in dict.fromkeys(truth)}
    for one, view in zip(seen, truth, strict=True):
        taken_for[view][one.name] += 1
    return {
        "films": len(truth),
        "distinct": len(distinct),
        "right": sum(right),
        "share_right": _share(list(distinct.values())),
        "by_view": {view: _share([ok for group, ok in distinct.items() if of[group] == view]) for view in taken_for},
        "surely_right": sum(ok and one.sure for ok, one in zip(right, seen, strict=True)),
        "surely_wrong": sum(not ok and one.sure for ok, one in zip(right, seen, strict=True)),
        "by_distance_alone": sum(one.strange for one in seen),
        "taken_for": {view: dict(counts) for view, counts in taken_for.items()},
    }


def _share(right: Sequence[bool]) -> dict[str, float]:
    interval = binomtest(sum(right), len(right)).proportion_ci(method="wilson")
    value = sum(right) / len(right)
    return {"value": round(value, 4), "low": round(float(interval.low), 4), "high": round(float(interval.high), 4)}


def measure(folder: Path, sets: Mapping[str, Sequence[Manifest]], say: Tell) -> dict[str, Any]:
    """What the bundle in `folder` says of virtual films by scanner, of real films by source, and of pictures that are
    none and that no network learned from."""
    bundle = load(folder)
    (node,) = bundle.networks.values()
    inputs = Preprocess.from_dict(node.preprocessing)
    looks = settings().home / "views"
    found: dict[str, Any] = {"virtual": {}, "real": {}, "left_out": bundle.evidence.get("left_out", {})}
    every: list[ViewFilms] = []
    for name, manifests in sets.items():
        parts = [
            views.kept(
                looks,
                f"{manifest.name}_{manifest.fingerprint}",
                inputs,
                partial(
                    views.of_manifest, manifest, inputs, False, 0, partial(say, f"films of {manifest.name}"), TESTED
                ),
            )
            for manifest in manifests
        ]
        films = parts[0].joined(*parts[1:])
        every.append(films)
        found["virtual"][name] = told(seen_by(node, films), films)
    for source in REAL:
        films = _of_source(source, inputs, looks)
        if len(films.labels):
            say(f"real films: {source.name}", 1, 1)
            found["real"][source.name] = {
                **told(seen_by(node, films), films),
                "learned_from": bool(source.learned_from),
                "refused_before": len(views.files_of(source, settings().data)) - len(films.labels),
            }
    other = views.pictures(400, 90_000, inputs)
    found["pictures"] = {
        kind: told(seen_by(node, part), part)
        for number, kind in enumerate(strangers.KINDS)
        for part in [other.rows(range(number, len(other.labels), len(strangers.KINDS)))]
    }
    if every:
        films = every[0].joined(*every[1:])
        logits, _ = answers(_classifier(node), films.grey, inputs)
        group = np.unique(films.group, return_inverse=True)[1].tolist()
        found["test"] = {
            "joint": classification(films.labels, calibrated(logits, node.facts["temperature"]), VIEWS, group)
        }
    return found


def _origin(sources: Sequence[RealSource]) -> str:
    virtual = "virtual patients on scanners alpha and vfa, and drawn pictures that are no film"
    if not sources:
        return f"{virtual}; no film of a person"
    return f"{virtual}; and real films, with their terms: " + "; ".join(
        f"{source.name}: {source.learned_from}" for source in sources
    )
