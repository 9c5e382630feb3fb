"""Answers to every development film from networks that had not seen it, and one network that has seen them all."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from core.settings import settings
from core.system.watch import Watch
from evidence.calibration import fit_temperature
from evidence.out_of_distribution import OutOfDistribution, bounded, distances
from models import engine
from models.initial import initialise
from models.networks import Classifier, build, freeze
from tasks.classes.head import regression, write_head
from tasks.classes.objective import ClassObjective
from tasks.forward import forward
from tasks.part import Candidate, Preset
from tasks.samples import Samples, grey_of
from training.continuation import Continuation
from training.data.given_split import TEST
from training.data.split import Split
from training.fit import Schedule, fit
from training.run_key import run_key

Tell = Callable[[str, int, int], None]  # what is being done, epochs done, epochs in all


@dataclass(frozen=True, eq=False)
class Fitted:
    """One candidate, taught on all development films.

    held_out: logits [N, K], each development film by the fold network that had not seen it; NaN for test films.
    test: logits [T, K] of the test films, by the final network; T in the order of the split's test rows.
    """

    candidate: Candidate
    network: Classifier
    temperature: float
    ood: OutOfDistribution
    held_out: npt.NDArray[np.floating]
    test: npt.NDArray[np.floating]


def cross_fit(
    candidate: Candidate,
    preset: Preset,
    data: Samples,
    labels: npt.NDArray[np.int64],
    parts: Split,
    label_count: int,
    folder: Path,
    seed: int,
    init: str,
    tell: Tell | None = None,
    how: Continuation | None = None,
    watch: Watch = lambda *_: None,
) -> Fitted:
    """Fit once a fold and once on all folds. A finished fold is kept in `folder`, under a key of everything it came
    from, and not fitted again. The head of a network that is wholly frozen is a regression on its features, which are
    computed once; but one that goes on from a bundle (`how`) goes on from its head as well."""
    pretrained = how is not None or init != "scratch"
    schedule = replace(Schedule.of(candidate, preset), gentle=how is not None)
    on = engine.device(settings().device)
    grey = data[grey_of(candidate.preprocess)]
    group = np.array(parts.group)
    features: list[npt.NDArray[np.floating]] = []

    def begun() -> Classifier:
        torch.manual_seed(seed)
        if how is not None:
            network: Classifier = how.begun(candidate)
            return network
        network = initialise(build(candidate.network, label_count, candidate.options), init, candidate.name)
        if init != "scratch":
            freeze(network, candidate.frozen)
        return network

    def taught(rows: list[int], part: str) -> Classifier:
        if pretrained and candidate.frozen == 1.0 and how is None:
            network = begun().eval()
            if not features:
                features.append(forward(network, grey, candidate.preprocess, on)[1])
            write_head(network.head, regression(features[0][rows], labels[rows], group[rows]))
            if tell is not None:
                tell(f"{candidate.name}, {part}", 1, 1)
            return network
        return fit(
            begun(),
            ClassObjective(
                grey[rows],
                labels[rows],
                label_count,
                candidate.preprocess,
                loss=preset.loss,
                balanced=preset.balanced,
            ),
            schedule,
            folder / candidate.name / part,
            seed,
            pretrained=pretrained,
            tell=None if tell is None else lambda done, total: tell(f"{candidate.name}, {part}", done, total),
            note=partial(watch, f"{candidate.name}, {part}"),
        )

    (folder / candidate.name).mkdir(parents=True, exist_ok=True)
    first = begun()
    held_out, apart = np.full((len(grey), label_count), np.nan), np.full(len(grey), np.nan)
    for fold in parts.folds:
        held, learns = parts.rows(fold), parts.rows(*(other for other in parts.folds if other != fold))
        of = [(grey[some], labels[some], group[some]) for some in (learns, held)]
        key = run_key(of, candidate, schedule, preset.loss, preset.balanced, seed, init, first)
        kept = folder / candidate.name / f"fold_{fold}_{key}.npz"
        if not kept.exists():
            network = taught(learns, f"fold {fold}")
            logits, unseen = forward(network, grey[held], candidate.preprocess, on)
            _, seen = forward(network, grey[learns], candidate.preprocess, on)
            draft = kept.with_suffix(".draft.npz")
            np.savez(draft, logits=logits, apart=distances(unseen, seen))
            draft.replace(kept)
        with np.load(kept) as fitted:
            held_out[held], apart[held] = fitted["logits"], fitted["apart"]
    rows = parts.rows(*parts.folds)
    network = taught(rows, "all folds")
    _, seen = forward(network, grey[rows], candidate.preprocess, on)
    return Fitted(
        candidate=candidate,
        network=network,
        temperature=fit_temperature(held_out[rows], labels[rows]),
        ood=bounded(seen, apart[rows], group[rows].tolist()),
        held_out=held_out,
        test=forward(network, grey[parts.rows(TEST)], candidate.preprocess, on)[0],
    )
