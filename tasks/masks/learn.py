"""Training the networks that outline regions, and how steady their outlines are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from anatomy.limb import MIDDLE, ROOM
from core.example import Example
from core.radiograph import Radiograph
from evidence.statistics.overlap import overlap
from models.bundle import Node
from tasks.enough import refuse_few, refuse_unknown
from tasks.masks.objective import MaskObjective
from tasks.masks.outlines import outline_limb
from tasks.node import node_of
from tasks.part import Candidate, Part
from tasks.samples import Samples
from tasks.task import Learned, Trainer

LEAST = 5  # people with masks that anything is learned from
ENOUGH = 40  # validation limbs from which the bounds of steadiness of a fine-tuned network are learned anew
MOST = 400  # validation limbs that are outlined: five looks each take their time


def usable(part: Part, example: Example) -> bool:
    return any(example.others.get(f"mask_{region}") for region in part.outputs)


def expects(part: Part) -> str:
    return f"columns mask_<region>; regions are {', '.join(part.outputs)}"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """At least `LEAST` people with masks, and each region on one of them unless the network knows it already."""
    refuse_few(part, "masks", examples, LEAST)
    refuse_unknown(part, "mask_", examples, lambda one, name: bool(one.others.get(f"mask_{name}")), begun)


def says(part: Part, example: Example) -> Any:
    return None


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {}


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """One network a candidate, from the limbs that have masks; the one that overlaps best on validation limbs reads."""
    nodes = [learn_one(part, candidate, trainer, train, validation) for candidate in candidates]
    nodes.sort(key=lambda node: -node.facts["held_out_iou"]["mean"])
    evidence: dict[str, Any] = {"outlines_held_out": {node.name: node.facts["held_out_iou"] for node in nodes}}
    if trainer.parent is not None:
        held = int(np.count_nonzero(validation["known"]))
        whose = "fitted on" if held >= ENOUGH else "the parent's: a fit takes"
        said = f"bounds of steadiness {whose} {max(held, ENOUGH)} validation limbs with masks; there are {held}"
        evidence["data"] = {"calibration": {part.task.name: said}}
    return Learned(tuple(nodes), {}, evidence)


def learn_one(part: Part, candidate: Candidate, trainer: Trainer, train: Samples, validation: Samples) -> Node:
    """One network that draws the regions."""
    network, pretrained = trainer.begin(candidate, len(part.outputs))
    goal = partial(objective, part, candidate)
    network = trainer.fit(
        network,
        candidate,
        goal(train) if train.fresh is None else _each_epoch(goal, train.fresh),
        goal(validation) if trainer.parent is None or validation["known"].any() else None,
        pretrained=pretrained,
    )
    plain = node_of(part, candidate, network)
    tell = partial(trainer.say, f"{candidate.name} on validation limbs")
    if trainer.parent is None:
        return replace(plain, facts=steadiness(plain, validation, trainer.device, tell))
    facts = dict(trainer.parent.networks[candidate.name].facts)
    if validation["known"].any():
        own = steadiness(plain, validation, trainer.device, tell)
        facts |= own if own["held_out_iou"]["limbs"] >= ENOUGH else {"held_out_iou": own["held_out_iou"]}
    return replace(plain, facts=facts)


def _each_epoch(
    goal: Callable[[Samples], MaskObjective], made: Callable[[int], Samples]
) -> Callable[[int], MaskObjective]:
    return lambda epoch: goal(made(epoch))


def objective(part: Part, candidate: Candidate, samples: Samples) -> MaskObjective:
    """The limbs that have masks. Raises ValueError where none has."""
    outlined = np.flatnonzero(samples["known"] & known_to(part))
    if not outlined.size:
        raise ValueError(f"found no mask among the limbs to learn from, expected for some of them {expects(part)}")
    crops, masks = samples["crops"][outlined], samples["masks"][outlined]
    known = samples["known"][outlined]
    return MaskObjective(crops, masks, len(part.outputs), candidate.preprocess, 1 / ROOM, known)


def known_to(part: Part) -> np.uint8:
    """The bits of a part's regions."""
    return np.uint8((1 << len(part.outputs)) - 1)


def steadiness(
    node: Node, samples: Samples, on: torch.device, tell: Callable[[int, int], None], most: int = MOST
) -> dict[str, Any]:
    """How well the regions of validation limbs are drawn, and how steady an outline usually is: one limb in twenty has
    a region below its bound in `steady_from`, shared out evenly among the regions. `held_out_iou` leaves out regions
    that no validation limb knows."""
    outlined = np.flatnonzero(samples["known"])[:most]
    overlaps, steady = [], []
    for done, row in enumerate(outlined, start=1):
        film = Radiograph(samples["crops"][row][MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        drawn = outline_limb(film, node, on)
        truth, known = samples["masks"][row][MIDDLE, MIDDLE], int(samples["known"][row])
        overlaps.append(
            [
                overlap(((truth >> number) & 1).astype(bool), drawn.mask(name), None).iou
                if known >> number & 1
                else np.nan
                for number, name in enumerate(node.outputs)
            ]
        )
        steady.append([drawn.steady[name] for name in node.outputs])
        tell(done, len(outlined))
    table = np.array(overlaps)
    told = ~np.isnan(table)
    iou = {
        name: round(float(table[told[:, at], at].mean()), 4)
        for at, name in enumerate(node.outputs)
        if told[:, at].any()
    }
    bounds = np.quantile(steady, 0.05 / len(node.outputs), axis=0).round(4).tolist()
    return {
        "held_out_iou": {**iou, "mean": round(float(table[told].mean()), 4), "limbs": len(outlined)},
        "steady_from": dict(zip(node.outputs, bounds, strict=True)),
    }
