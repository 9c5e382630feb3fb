"""A recipe whose films are few: every film is answered by networks that had not seen it, and a test part."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from core.example import Example
from core.settings import settings
from evidence.calibration import calibrated, conformal_quantile
from evidence.copies import contradictions, find_copies, groups
from evidence.difficulty import hard_from
from evidence.statistics.baselines import both_weightings
from evidence.statistics.metrics import classification
from models import registry
from models.bundle import Bundle, Node, by_name
from tasks import CLASSES
from tasks.classes.learn import labels_of
from tasks.node import node_of
from tasks.part import Part
from tasks.samples import Samples
from tasks.task import COVERAGE
from training.crossfit import Fitted, cross_fit
from training.data import shared_limbs
from training.data.given_split import TEST, part_of
from training.data.manifest import Manifest
from training.data.preflight import check_kept
from training.data.split import Split, join_groups, split
from training.provenance import INTENDED_USE, provenance
from training.run import Run

Array = npt.NDArray[np.floating]


def train(run: Run, manifests: Sequence[Manifest]) -> Bundle:
    """Calibration and conformal bound come from the folds; the test part only ever gives figures.

    Raises ValueError in one sentence for a manifest or weights that cannot be used.
    """
    recipe, preset, manifest, say = run.recipe, run.preset, manifests[0], run.say
    (part,) = (one for one in recipe.own if one.task == CLASSES)
    candidates = part.candidates[run.preset_name]
    finder = registry.find(recipe.finder, settings().weights) if recipe.finder else None

    def usable(example: Example) -> bool:
        return part.task.learn.usable(part, example)

    inputs = [candidate.preprocess for candidate in candidates]
    films = shared_limbs.gather(manifest, usable, inputs, partial(say, "reading films"), finder)
    copies = find_copies(films.sketches, partial(say, "finding copies"))
    content = groups(len(films), copies)
    doubted = set(contradictions(content, [example.label for example in films.examples]))
    rows = [row for row in range(len(films)) if row not in doubted]
    kept = films.rows(rows)
    group = join_groups([content[row] for row in rows], [example.patient for example in kept.examples])
    wanted = len({example.path for example in manifest.examples if usable(example)})
    check_kept(manifest, wanted, wanted - len(films.refused), list(films.refused.values()))
    said = [part_of(example) == TEST for example in kept.examples] if any(e.split for e in kept.examples) else None
    parts = split([example.label or "" for example in kept.examples], group, preset.folds, run.seed, test=said)
    truth = labels_of(part, kept)
    fitted = [
        cross_fit(
            candidate,
            preset,
            kept,
            truth,
            parts,
            len(part.outputs),
            run.folder / parts.fingerprint,
            run.seed,
            run.init.get(candidate.name, candidate.init),
            say,
            run.how,
            run.watch,
        )
        for candidate in candidates
    ]
    evidence = {
        "data": {
            "manifest": manifest.name,
            "manifest_fingerprint": manifest.fingerprint,
            "split_fingerprint": parts.fingerprint,
            "films_in_manifest": len(manifest.examples),
            "films_refused": len(films.refused),
            "pairs_of_copies": len(copies),
            "films_left_out_because_their_copies_carry_another_label": len(
                {films.examples[row].path for row in doubted}
            ),
            "distinct_films_used": len(set(group)),
            "folds": preset.folds,
        },
        **score(fitted, kept, truth, parts, part.outputs),
    }
    return _bundle(run, part, fitted, truth, parts, evidence)


def _bundle(
    run: Run,
    part: Part,
    fitted: Sequence[Fitted],
    truth: npt.NDArray[np.int64],
    parts: Split,
    evidence: dict[str, Any],
) -> Bundle:
    rows = parts.rows(*parts.folds)
    nodes: list[Node] = []
    for one in fitted:
        nodes.append(node_of(part, one.candidate, one.network, {"temperature": one.temperature}, one.ood))
    held = joint(fitted, "held_out")[rows]
    bound = conformal_quantile(held, truth[rows], COVERAGE)
    return Bundle(
        name=run.recipe.name,
        version=run.version,
        networks=by_name(*nodes),
        learned_from=run.learned_from,
        intended_use=INTENDED_USE,
        provenance=provenance(run.preset_name, run.seed, {one.candidate.name: one.network for one in fitted}),
        evidence=evidence,
        card="",
        facts={part.task.name: {"coverage": COVERAGE, "conformal_quantile": bound, "hard_from": hard_from(held)}},
        parent=run.how.record if run.how else {},
    )


def joint(fitted: Sequence[Fitted], which: str) -> Array:
    """Mean of the candidates' calibrated probabilities [N, K], as reading joins them; `which`: `held_out` or `test`."""
    return np.mean([calibrated(getattr(one, which), one.temperature) for one in fitted], axis=0)


def score(
    fitted: Sequence[Fitted], data: Samples, truth: npt.NDArray[np.int64], parts: Split, labels: Sequence[str]
) -> dict[str, Any]:
    """Figures with 95 % intervals for the joint answer, each candidate and each baseline."""
    test, rows = parts.rows(TEST), parts.rows(*parts.folds)

    def figures(probabilities: Array, on: list[int]) -> dict[str, Any]:
        first, whole = by_film(probabilities, [str(data.examples[row].path) for row in on])
        rows = [on[number] for number in first]
        return classification(truth[rows], whole, labels, [parts.group[row] for row in rows])

    trivial = _baselines(data, truth, parts, rows, len(labels))
    return {
        "test": {
            "joint": figures(joint(fitted, "test"), test),
            **{one.candidate.name: figures(calibrated(one.test, one.temperature), test) for one in fitted},
        },
        "cross_validation": {
            "joint": figures(joint(fitted, "held_out")[rows], rows),
            **{one.candidate.name: figures(calibrated(one.held_out[rows], one.temperature), rows) for one in fitted},
            **{name: figures(answer, rows) for name, answer in trivial.items()},
        },
    }


def by_film(probabilities: Array, films: Sequence[str]) -> tuple[npt.NDArray[np.intp], Array]:
    """Each film's first row, and the mean answer [F, K] of its rows, as a reading joins the limbs of one."""
    _, first, film = np.unique(films, return_index=True, return_inverse=True)
    whole = np.zeros((len(first), probabilities.shape[1]))
    np.add.at(whole, film, probabilities)
    return first, whole / whole.sum(1, keepdims=True)


def _baselines(
    data: Samples, truth: npt.NDArray[np.int64], parts: Split, rows: list[int], count: int
) -> dict[str, Array]:
    """The commonest class; a regression on size, brightness and contrast; one on age, where every film has one."""
    known, part = truth[rows], [parts.part[row] for row in rows]
    commonest = np.bincount(known, minlength=count) / len(known)
    found = {
        "commonest class": np.tile(commonest, (len(rows), 1)),
        **both_weightings("size and contrast only", data["trivial"][rows], known, part, count),
    }
    ages = [data.examples[row].clinical.age_years for row in rows]
    if all(age is not None for age in ages):
        found |= both_weightings("age only", np.array(ages, float)[:, None], known, part, count)
    return found
