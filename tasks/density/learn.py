"""Training the network that measures bone density, stage by stage, and how far its answers are off."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from anatomy.limb import MIDDLE, ROOM
from core.example import Example, ManifestError
from core.radiograph import Radiograph
from evidence.densitometry import Residuals
from evidence.statistics.agreement import agreement
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node
from models.networks import Decomposer
from tasks.density.objective import DensityObjective
from tasks.enough import refuse_few, refuse_unknown
from tasks.node import node_of
from tasks.part import Candidate, Part, Stage
from tasks.samples import Samples
from tasks.task import COVERAGE, Learned, Trainer

Array = npt.NDArray[np.floating]
LEAST = 5  # people with densities that anything is learned from
ENOUGH = 20  # validation limbs with all densities, below which a fine-tuned network keeps its parent's correction
PROJECTIONS = ("projection_all_bone", "projection_proximal_femur")  # the manifest's columns, in the order of channels


def usable(part: Part, example: Example) -> bool:
    return any(example.others.get(column) is not None for column in columns(part))


def expects(part: Part) -> str:
    return f"columns {', '.join(columns(part))} in g/cm2"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """At least `LEAST` people with a density, and each region on one of them unless the network knows it already."""
    refuse_few(part, "densities", examples, LEAST)
    refuse_unknown(part, "abmd_", examples, lambda one, name: one.others.get(f"abmd_{name}") is not None, begun)


def says(part: Part, example: Example) -> Any:
    return [example.others.get(column) for column in columns(part)]


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"columns": PROJECTIONS, "projection_px": round(candidates[0].preprocess.size[0] * ROOM)}


def columns(part: Part) -> tuple[str, ...]:
    """The manifest's columns of densities."""
    return tuple(f"abmd_{region}" for region in part.outputs)


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """The network, with what its answers are off by on validation limbs. Raises ManifestError where no limb has a
    projection, or none a density."""
    (candidate,) = candidates
    if np.isnan(train.columns(columns(part))).all():
        raise ManifestError(f"found no density of any limb to learn from, expected {expects(part)}")
    if trainer.parent is None and np.isnan(train["projections"][:, :, 0, 0]).all():
        raise ManifestError(
            f"found no projection of any limb to learn from, expected columns {' and '.join(PROJECTIONS)} with float32 "
            ".npy files in g/cm2, or ct with a CT of each person"
        )
    network = learn_stages(part, candidate, trainer, train, validation)
    plain = node_of(part, candidate, network)
    tell = partial(trainer.say, "validation limbs")
    known = int(np.isfinite(validation.columns(columns(part))).all(1).sum())
    if trainer.parent is None or known >= ENOUGH:
        node, value = settle(part, plain, validation, trainer.device, tell)
    else:
        node = replace(plain, facts=dict(trainer.parent.networks[candidate.name].facts))
        value = Residuals.from_dict(part.outputs, node.facts).settled(
            *answers(plain, validation, trainer.device, tell)
        )[0]
    evidence: dict[str, Any] = {"held_out": agreements(part, validation, value)}
    if trainer.parent is not None:
        whose = "fitted on" if known >= ENOUGH else f"the parent's: a fit takes {ENOUGH} validation limbs, there are"
        said = f"correction and intervals {whose} {known} whose densities are all known"
        evidence["data"] = {"calibration": {part.task.name: said}}
    return Learned((node,), {"coverage": COVERAGE}, evidence)


def agreements(part: Part, samples: Samples, value: Array) -> dict[str, dict[str, Any]]:
    """How well densities [N, R] agree with the limbs' own, by region."""
    truth = samples.columns(columns(part))
    return {region: agreement(truth[:, at], value[:, at], samples.patients) for at, region in enumerate(part.outputs)}


def learn_stages(part: Part, candidate: Candidate, trainer: Trainer, train: Samples, validation: Samples) -> Decomposer:
    """One network through every stage of the preset. Stages without a target's projection, or of no epochs, are passed
    over."""
    network: Decomposer = trainer.begin(candidate, len(part.outputs))[0]
    known = train.columns(columns(part))
    if trainer.parent is None:
        network.scale_density(np.nanmean(known, 0), np.maximum(np.nanstd(known, 0), 0.02))
    for number, stage in enumerate(stage for stage in trainer.preset.stages if stage.epochs):
        channel = PROJECTIONS.index(stage.target)
        if not stage.density and np.isnan(train["projections"][:, channel, 0, 0]).all():
            continue
        torch.manual_seed(trainer.seed * 101 + number)  # the discriminators' first weights
        network = trainer.fit(
            network.train(),  # the stage before left it in evaluation mode
            candidate,
            objective(part, candidate, stage, trainer.preset.tone, train),
            objective(part, candidate, stage, trainer.preset.tone, validation),
            stage=stage.name,
            epochs=stage.epochs,
            seed=trainer.seed + number,
        )
    return network


def objective(part: Part, candidate: Candidate, stage: Stage, tone: float, samples: Samples) -> DensityObjective:
    """What one stage is trained for."""
    return DensityObjective(
        samples["crops"],
        samples["projections"][:, PROJECTIONS.index(stage.target)],
        samples.columns(columns(part)),
        candidate.preprocess,
        1 / ROOM,
        stage,
        tone,
    )


def settle(
    part: Part, plain: Node, samples: Samples, on: torch.device, tell: Callable[[int, int], None]
) -> tuple[Node, Array]:
    """The network with what its answers are off by on these limbs, and the densities [N, R] it tells of them."""
    answer, spread = answers(plain, samples, on, tell)
    residuals = Residuals.learn(part.outputs, samples.columns(columns(part)), answer, spread, COVERAGE)
    return replace(plain, facts=residuals.to_dict()), residuals.settled(answer, spread)[0]


def answers(
    node: Node, samples: Samples, on: torch.device, tell: Callable[[int, int], None] | None = None
) -> tuple[Array, Array]:
    """Densities and the spread of looks [N, R], each limb as a reading shows it."""
    inputs = Preprocess.from_dict(node.preprocessing)
    found = []
    for done, crop in enumerate(samples["crops"], start=1):
        film = Radiograph(crop[MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        found.append(engine.measure(node, inputs.grey(film), on))
        if tell is not None:
            tell(done, len(samples))
    return np.stack([one.abmd for one in found]), np.stack([one.spread for one in found])
