"""From X-rays to another kind of film: what fine-tuning on a few patients brings, and how much of a network to teach.

    python -m bench.spine_transfer [--bundle FOLDER] [--data MANIFEST|virtual] [--films 400] [--epochs 10] [--out DIR]

The network that sees the film alone is taken from a bundle of spine_vertex and met with vertebral assessments from a
densitometer (`vfa`: narrow scanning beam, coarse pixels), or with the films of a manifest. Three in ten patients,
stratified by their answers, teach; the others answer: as it comes, its head taught alone, its last blocks, all of it,
and the same network from nothing. Writes a section of DIR/spine_vertex.md. A killed run goes on where it was.

Published (VERTE-X, J. Bone Miner. Res. 2025; 40: 628): after fine-tuning on DXA-VFA, AUROC .924 for vertebral fracture
and .867 for osteoporosis.
"""

import argparse
import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
import torch
from sklearn.model_selection import train_test_split

from bench.section import write_section
from core.settings import ROOT, settings
from evidence.statistics import delong
from imaging.preprocess import Preprocess
from models import registry
from models.bundle import Node
from models.classifier import Classifier
from models.networks import build, freeze
from recipes import by_name
from tasks import SCORES
from tasks.forward import forward
from tasks.part import Candidate, Preset
from tasks.samples import Samples, grey_of
from tasks.scores.learn import known_columns, truth_of
from tasks.scores.objective import ScoreObjective
from training.cohorts.virtual import VIEWS, Cohort, made
from training.data.films import gather
from training.data.manifest import Manifest, read_manifest
from training.fit import Schedule, Tell, fit

RECIPE = "spine_vertex"
SEED = VIEWS + 700  # patients whom nobody learned from
TAUGHT = 0.3  # share of the patients
FEWEST = 4  # patients with the same answers, to be parted by them
TITLE = "Transfer to films of another kind"
PUBLISHED = {"vertebral_fracture": ".924", "osteoporosis": ".867"}


@dataclass(frozen=True)
class Arm:
    """One way to meet the new films. frozen: share of the layers kept as they come; None: nothing comes along.

    rate: learning rate; None: nothing is taught.
    """

    name: str
    said: str
    frozen: float | None
    rate: float | None


ARMS = (
    Arm("as_it_comes", "as it comes", 1.0, None),
    Arm("head", "its head taught alone", 1.0, 1e-3),
    Arm("last_blocks", "its last blocks taught (three tenths of the layers)", 0.7, 5e-4),
    Arm("all", "all of it taught", 0.0, 5e-4),
    Arm("nothing", "the same network taught from nothing", None, 2e-3),
)
AS_IT_COMES = ARMS[0].name


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bundle", type=Path, help="folder of the bundle; the recipe's own unless told")
    words.add_argument("--data", default="virtual", help="a manifest, or `virtual` for simulated vfa films")
    words.add_argument("--films", type=int, default=400, help="how many virtual films")
    words.add_argument("--size", type=int, default=768, help="long side of virtual films, px")
    words.add_argument("--epochs", type=int, default=10)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--runs", type=Path, default=ROOT / "runs/spine_transfer")
    words.add_argument("--out", type=Path, default=ROOT / "docs/evidence")
    asked = words.parse_args()
    folder = asked.bundle or registry.find(by_name(RECIPE).bundle or RECIPE, settings().weights)
    manifest = films(asked.data, asked.films, asked.size, asked.workers)
    table = study(folder, manifest, asked.epochs, asked.seed, asked.workers, asked.runs)
    source = (
        f"{asked.films} virtual patients on scanner vfa, whom no network has met" if asked.data == "virtual"
        else f"the manifest {manifest.name}"
    )  # fmt: skip
    said = f"python -m bench.spine_transfer --data {'virtual' if asked.data == 'virtual' else 'MANIFEST'}"
    virtual = f" --films {asked.films} --size {asked.size}" if asked.data == "virtual" else ""
    write_section(
        asked.out / f"{RECIPE}.md",
        TITLE,
        [
            f"Written by `{said}{virtual} --epochs {asked.epochs} --seed {asked.seed}`; films: {source} (manifest "
            f"{manifest.fingerprint}); bundle {table.bundle}.",
            "",
            *table.lines(),
        ],
    )
    print(f"wrote {asked.out / f'{RECIPE}.md'}")


def films(data: str, count: int, size: int, workers: int) -> Manifest:
    """A manifest's films, or virtual ones as a densitometer takes them."""
    if data != "virtual":
        return read_manifest(Path(data))
    cohort = Cohort("spine_lateral", "vfa", SEED, count, size)
    root = settings().home / "virtual"
    # Another number of films, or another size, is another cohort; its folder must not be taken for this one.
    clock = Clock("films made")
    return made(cohort, root / f"transfer_{size}_{count}", workers, clock)


@dataclass(frozen=True, eq=False)
class Table:
    """What each arm answered for the patients who taught nothing: scores [N, S] by arm, the truth [N, S]."""

    bundle: str
    scores: tuple[str, ...]
    taught: int
    truth: npt.NDArray[np.floating]
    answered: dict[str, npt.NDArray[np.floating]]

    def lines(self) -> list[str]:
        """As Markdown."""
        found = [
            f"{self.taught} films taught (three tenths of the patients, stratified by their answers), "
            f"{len(self.truth)} answered. AUROC with its 95 % interval (DeLong); p against the network as it comes.",
            "",
        ]
        for number, score in enumerate(self.scores):
            known = ~np.isnan(self.truth[:, number])
            positive = self.truth[known, number] == 1
            found += [
                f"### {score.replace('_', ' ').capitalize()} ({positive.sum()} of {len(positive)} films)",
                "",
                "| the network | AUROC | more than as it comes | p |",
                "|---|---|---|---|",
            ]
            first = self.answered[AS_IT_COMES][known, number]
            for arm in ARMS:
                own = self.answered[arm.name][known, number]
                more = delong.compare(positive, first, own)
                compared = arm.name != AS_IT_COMES
                found.append(
                    f"| {arm.said} | {_say(vars(delong.auc(positive, own)))} | "
                    f"{_say(vars(more.figure)) if compared else ''} | {_p(more.p) if compared else ''} |"
                )
            found += [f"| published, on real films | {PUBLISHED.get(score, '')} | | |", ""]
        return found


def study(folder: Path, manifest: Manifest, epochs: int, seed: int, workers: int, runs: Path) -> Table:
    """Every arm taught on three tenths of the patients, and asked about the others."""
    bundle, recipe = registry.at(folder), by_name(RECIPE)
    part = recipe.part(SCORES)
    assert part is not None
    source = bundle.ensemble(SCORES.name).nodes[0]
    inputs = Preprocess.from_dict(source.preprocessing)
    candidate = Candidate(source.name, source.network, inputs, source.options)
    spines = gather(manifest, partial(SCORES.learn.usable, part), [inputs], False, workers, Clock("films read"))
    truth = truth_of(part, spines)
    taught, asked = parted(spines.patients, truth, seed)
    teaching, asking = spines.rows(taught), spines.rows(asked)
    preset = replace(recipe.presets["demo"], epochs=epochs)
    named = repr((manifest.fingerprint, bundle.provenance, bundle.version, epochs, seed, taught))
    root = runs / hashlib.sha256(named.encode()).hexdigest()[:12]
    clock = Clock("epochs taught")
    answered = {}
    for place, arm in enumerate(ARMS):
        kept = root / f"{arm.name}.npy"
        if not kept.exists():
            tell = partial(_taught, clock, place - 1, len(ARMS) - 1, epochs)
            network = teach(arm, source, candidate, preset, teaching, truth[taught], root / arm.name, seed, tell)
            logits, _ = forward(network, asking[grey_of(inputs)], inputs, torch.device("cpu"))
            root.mkdir(parents=True, exist_ok=True)
            draft = kept.with_suffix(".part.npy")
            np.save(draft, logits)
            draft.replace(kept)  # whole or not at all
        answered[arm.name] = np.load(kept)
    return Table(f"{bundle.name} {bundle.version}", part.outputs, len(taught), truth[asked], answered)


def teach(
    arm: Arm,
    source: Node,
    candidate: Candidate,
    preset: Preset,
    teaching: Samples,
    truth: npt.NDArray[np.floating],
    folder: Path,
    seed: int,
    tell: Tell,
) -> Classifier:
    """The bundle's network after meeting the new films in one way."""
    if arm.rate is None:
        same: Classifier = copy.deepcopy(source.weights).eval()  # type: ignore[assignment]  # of scores: a classifier
        return same
    torch.manual_seed(seed)
    if arm.frozen is None:
        network: Classifier = build(candidate.network, truth.shape[1], candidate.options)
    else:
        network = copy.deepcopy(source.weights)  # type: ignore[assignment]
        for weights in network.parameters():
            weights.requires_grad_(True)
        freeze(network, arm.frozen)
    lesson = ScoreObjective(
        teaching[grey_of(candidate.preprocess)],
        truth,
        candidate.preprocess,
        guide=known_columns(teaching, preset.guide) if preset.guide else None,
        tone=preset.tone,
    )
    schedule = replace(Schedule.of(candidate, preset), learning_rate=arm.rate)
    return fit(network, lesson, schedule, folder, seed, pretrained=arm.frozen is not None, tell=tell)


def parted(patients: Sequence[str], answers: npt.NDArray[np.floating], seed: int) -> tuple[list[int], list[int]]:
    """Rows that teach and rows that answer: patients apart, with the same mix of answers on both sides.

    Raises ValueError for too few patients to part.
    """
    apart = sorted(set(patients))
    if len(apart) < 8:
        raise ValueError(f"found films of {len(apart)} patients, expected at least 8 to teach on some and test others")
    mix = [repr(_most(patients, answers, person)) for person in apart]
    rare = {kind for kind in mix if mix.count(kind) < FEWEST}  # too few to stand on both sides in their share
    common = max(set(mix) - rare, key=mix.count, default="")
    mix = [common if kind in rare else kind for kind in mix]
    taught, _ = train_test_split(apart, train_size=TAUGHT, stratify=mix, random_state=seed)
    teaches = set(taught)
    rows = range(len(patients))
    return (
        [row for row in rows if patients[row] in teaches],
        [row for row in rows if patients[row] not in teaches],
    )


def _most(patients: Sequence[str], answers: npt.NDArray[np.floating], person: str) -> list[float]:
    """A person's answers: yes where any film of theirs says so, -1 where none says anything."""
    own = [said for said, one in zip(answers, patients, strict=True) if one == person]
    return np.nan_to_num(np.stack(own), nan=-1).max(0).tolist()


class Clock:
    """How far something is, and when it should end, on one line."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.first: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = perf_counter()
        self.first = start, before = self.first or (now, done)
        left = f", {(now - start) / (done - before) * (total - done) / 60:.1f} min left" if done > before else ""
        print(f"{self.what}: {done} of {total}{left}    ", end="\n" if done == total else "\r", flush=True)


def _taught(clock: Clock, arms_done: int, arms: int, epochs: int, done: int, _: int) -> None:
    clock(arms_done * epochs + done, arms * epochs)


def _say(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _p(value: float | None) -> str:
    return "not defined" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


if __name__ == "__main__":
    main()
