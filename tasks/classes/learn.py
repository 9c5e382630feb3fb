"""Training and calibrating the networks that name a class, and what their joint answer is worth."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from anatomy.femur import OUTLINED
from anatomy.limb import MIDDLE, ROOM
from core.example import Example
from core.radiograph import Radiograph
from evidence.calibration import conformal_quantile, fit_temperature_and_bias
from evidence.difficulty import hard_from
from evidence.out_of_distribution import fit_out_of_distribution
from evidence.statistics.metrics import classification
from evidence.statistics.pooling import fit_pool
from imaging.matting import matted
from models.bundle import Ensemble, Node
from tasks.classes.objective import ClassObjective
from tasks.classes.read import decode
from tasks.forward import forward
from tasks.masks.outlines import masks_of, region_mask
from tasks.node import near, node_of
from tasks.part import Candidate, Part
from tasks.samples import Samples, grey_of
from tasks.task import COVERAGE, Learned, Trainer

Array = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]


def usable(part: Part, example: Example) -> bool:
    return example.label in part.outputs


def expects(part: Part) -> str:
    return f"a column label with {', '.join(part.outputs)}"


def says(part: Part, example: Example) -> Any:
    return example.label


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {}


def labels_of(part: Part, samples: Samples) -> npt.NDArray[np.int64]:
    """The number of each row's class."""
    return np.array([part.outputs.index(example.label or "") for example in samples.examples], np.int64)


def labelled(part: Part, samples: Samples) -> Samples:
    """The rows that name a class; samples that are made as training goes name theirs too."""
    return samples.rows([row for row, example in enumerate(samples.examples) if usable(part, example)])


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """One network a candidate, and how much each counts in the ensemble. Raises ValueError where the films to learn
    from show one class alone."""
    train, validation = labelled(part, train), labelled(part, validation)
    refuse_one_class(part, train)
    if any(candidate.region for candidate in candidates):
        train, validation = (with_regions(one, candidates, before, trainer) for one in (train, validation))
    nodes, logits = [], {}
    for candidate in candidates:
        node, logits[candidate.name] = learn_one(part, candidate, trainer, train, validation)
        nodes.append(node)
    truth = labels_of(part, validation)
    own, _ = decode(logits, Ensemble(tuple(nodes)))
    if len(nodes) > 1:
        for node, weight in zip(nodes, fit_pool(list(own.values()), truth), strict=True):
            node.facts.update({} if weight is None else {"weight": weight})
    own, joint = decode(logits, Ensemble(tuple(nodes)))
    group = np.unique(validation.patients, return_inverse=True)[1].tolist()
    held = {
        name: classification(truth, answer, part.outputs, group) for name, answer in {"joint": joint, **own}.items()
    }
    facts = {
        "coverage": COVERAGE,
        "conformal_quantile": conformal_quantile(joint, truth, COVERAGE),
        "hard_from": hard_from(joint),
    }
    counted = np.bincount(labels_of(part, train), minlength=len(part.outputs)).tolist()
    return Learned(tuple(nodes), facts, {"held_out": held, "data": {"classes_learned_from": counted}})


def refuse_one_class(part: Part, samples: Samples) -> None:
    """Raises ValueError where the rows name fewer than two classes: nothing could be told apart."""
    named = sorted({example.label or "" for example in samples.examples})
    if len(named) < 2:
        raise ValueError(
            f"the films to learn from name {' and '.join(named) or 'no class'}, expected two or more of "
            f"{', '.join(part.outputs)}; add films of the others"
        )


def learn_one(
    part: Part, candidate: Candidate, trainer: Trainer, train: Samples, validation: Samples
) -> tuple[Node, Array]:
    """One network, calibrated, and its logits [N, K] on the validation films."""
    network, pretrained = trainer.begin(candidate, len(part.outputs))
    goal = partial(objective, part, candidate, trainer)
    fresh: Callable[[int], ClassObjective] | None = None
    if train.fresh is not None and not candidate.region:
        made = train.fresh

        def fresh(epoch: int) -> ClassObjective:
            return goal(labelled(part, made(epoch)), guided=True)

    network = trainer.fit(
        network,
        candidate,
        fresh or goal(train, guided=True),
        goal(validation, guided=False),
        pretrained=pretrained,
    )
    trainer.say(f"{candidate.name}, calibrating", 0, 1)
    logits, unseen = forward(network, as_read(validation, candidate), candidate.preprocess, trainer.device)
    temperature, bias = fit_temperature_and_bias(logits, labels_of(part, validation))
    with torch.no_grad():  # the bias joins the last layer's own
        network.head.bias += torch.from_numpy(bias.astype(np.float32))
    shown = near(train)
    _, features = forward(network, as_read(shown, candidate), candidate.preprocess, trainer.device)
    ood = fit_out_of_distribution(features, unseen, shown.patients)
    node = node_of(part, candidate, network, {"temperature": temperature}, ood)
    return node, logits + bias.astype(np.float32)


def objective(part: Part, candidate: Candidate, trainer: Trainer, samples: Samples, guided: bool) -> ClassObjective:
    """What a candidate is trained for. guided: with the auxiliary targets, which only training films are asked for."""
    preset = trainer.preset
    guide = samples.columns(preset.guide) if guided and preset.guide else None
    return ClassObjective(
        films_of(samples, candidate),
        labels_of(part, samples),
        len(part.outputs),
        candidate.preprocess,
        zoom=1.0 if candidate.region or "crops" not in samples.arrays else 1 / ROOM,
        loss=preset.loss,
        balanced=preset.balanced,
        # A manifest without the measures teaches by its labels alone.
        guide=None if guide is None or np.isnan(guide).all(0).any() else guide,
        masks=samples["masks"] if guided and preset.placed and not candidate.region else None,
        regions=len(OUTLINED),
        tone=preset.tone,
        vendors="crops" in samples.arrays,
        matted=candidate.region is not None,
    )


def films_of(samples: Samples, candidate: Candidate) -> Bytes:
    """What a candidate learns from: its region's films, crops with room around, or films through its preprocessing."""
    if candidate.region:
        return samples[f"region {candidate.name}"]
    return samples["crops"] if "crops" in samples.arrays else samples[grey_of(candidate.preprocess)]


def as_read(samples: Samples, candidate: Candidate) -> Bytes:
    """The same as a reading shows it to the network: crops without the room around them."""
    films = films_of(samples, candidate)
    if candidate.region or "crops" not in samples.arrays:
        return films
    inputs = candidate.preprocess
    shown = [inputs.grey(Radiograph(crop[MIDDLE, MIDDLE].astype(np.float32) / 255, "")) for crop in films]
    return np.stack([np.round(one * 255).astype(np.uint8) for one in shown])


def with_regions(
    samples: Samples, candidates: Sequence[Candidate], before: tuple[Node, ...], trainer: Trainer
) -> Samples:
    """The samples with each limb's regions as a reading would cut them out, an array a candidate."""
    outliner = next(node for node in before if node.task == "masks")
    cutting = [candidate for candidate in candidates if candidate.region]
    shown: dict[str, list[Bytes]] = {candidate.name: [] for candidate in cutting}
    for done, loose in enumerate(samples["crops"], start=1):
        film = Radiograph(loose[MIDDLE, MIDDLE].astype(np.float32) / 255, "")
        masks = masks_of(film, outliner, trainer.device)
        for candidate in cutting:
            grey = matted(film, region_mask(masks, candidate.region or ""), candidate.preprocess.size[0])
            shown[candidate.name].append(np.round(grey * 255).astype(np.uint8))
        trainer.say("cutting regions out", done, len(samples))
    for name, films in shown.items():
        samples = samples.with_array(f"region {name}", np.stack(films))
    return samples
