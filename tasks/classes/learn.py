"""Training and calibrating the networks that name a class, and what their joint answer is worth."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from anatomy.femur import OUTLINED
from anatomy.limb import MIDDLE, ROOM
from core.example import Example, ManifestError
from core.radiograph import Radiograph
from evidence.calibration import conformal_quantile, fit_temperature, fit_temperature_and_bias
from evidence.difficulty import hard_from
from evidence.statistics.metrics import classification
from evidence.statistics.pooling import fit_pool
from imaging.matting import matted
from models.bundle import Ensemble, Node
from tasks.classes.objective import ClassObjective
from tasks.classes.read import decode
from tasks.enough import people
from tasks.forward import forward
from tasks.masks.outlines import masks_of, region_mask
from tasks.node import known_by, near, node_of
from tasks.part import Candidate, Part
from tasks.samples import Samples, grey_of
from tasks.task import COVERAGE, Learned, Trainer

Array = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]
LEAST = 5  # people of each class that anything is learned from
ENOUGH = 20  # validation rows from which a fine-tuned bundle's temperature and prediction sets are fitted anew
ENOUGH_TO_WEIGH = 100  # and from which also what is added for each class, and how much each network counts


def usable(part: Part, example: Example) -> bool:
    return example.label in part.outputs


def expects(part: Part) -> str:
    return f"a column label with {', '.join(part.outputs)}"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """At least `LEAST` people of each class, whose films stand in both parts of a split."""
    of = {label: people([one for one in examples if one.label == label]) for label in part.outputs}
    if sum(map(bool, of.values())) < 2:
        named = next((label for label, count in of.items() if count), "no class")
        raise ManifestError(
            f"every row says {named}, expected two or more of {', '.join(part.outputs)}; add films of the others"
        )
    few = {label: count for label, count in of.items() if count < LEAST}
    if few:
        raise ManifestError(
            f"found {' and '.join(f'{count} people labelled {label}' for label, count in few.items())}, expected at "
            f"least {LEAST} of each class; add films of {'that class' if len(few) == 1 else 'those classes'}"
        )


def says(part: Part, example: Example) -> Any:
    return example.label


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"inputs": [candidate.preprocess for candidate in candidates]} if part.unit == "film" else {}


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
    if fits(trainer, validation) < 2:
        for node in nodes:
            weight = trainer.parent.networks[node.name].facts.get("weight") if trainer.parent else None
            node.facts.update({} if weight is None else {"weight": weight})
    elif len(nodes) > 1:
        for node, weight in zip(nodes, fit_pool(list(own.values()), truth), strict=True):
            node.facts.update({} if weight is None else {"weight": weight})
    own, joint = decode(logits, Ensemble(tuple(nodes)))
    group = np.unique(validation.patients, return_inverse=True)[1].tolist()
    held = {
        name: classification(truth, answer, part.outputs, group) for name, answer in {"joint": joint, **own}.items()
    }
    facts: dict[str, Any] = {
        "coverage": COVERAGE,
        "conformal_quantile": conformal_quantile(joint, truth, COVERAGE),
        "hard_from": hard_from(joint),
    }
    if trainer.parent is not None and not fits(trainer, validation):
        facts = dict(trainer.parent.facts[part.task.name])
    counted = np.bincount(labels_of(part, train), minlength=len(part.outputs)).tolist()
    data: dict[str, Any] = {"classes_learned_from": counted}
    if trainer.parent is not None:
        data["calibration"] = {part.task.name: calibration_in_words(trainer, validation)}
    return Learned(tuple(nodes), facts, {"held_out": held, "data": data})


def fits(trainer: Trainer, validation: Samples) -> int:
    """What the validation rows are enough for: 2 for all that is fitted; of a bundle that is fine-tuned, 1 for its
    temperature and sets alone, and 0 for nothing, so that all stays as the parent had it."""
    if trainer.parent is None:
        return 2
    return int(len(validation) >= ENOUGH) + int(len(validation) >= ENOUGH_TO_WEIGH)


def calibration_in_words(trainer: Trainer, validation: Samples) -> str:
    """What was fitted on the expert's own films, and what is the parent's, for the card."""
    rows = f"{len(validation)} validation rows"
    return (
        f"all of it is the parent's: {rows}, expected {ENOUGH} for temperature and sets",
        f"temperature and sets fitted on {rows}; ensemble weights are the parent's, a fit takes {ENOUGH_TO_WEIGH}",
        f"temperature, bias of each class, ensemble weights and sets fitted on {rows}",
    )[fits(trainer, validation)]


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
    temperature = 1.0
    bias: Array = np.zeros(len(part.outputs))
    match fits(trainer, validation):
        case 2:
            temperature, bias = fit_temperature_and_bias(logits, labels_of(part, validation))
        case 1:
            temperature = fit_temperature(logits, labels_of(part, validation))
        case 0 if trainer.parent is not None:
            temperature = trainer.parent.networks[candidate.name].facts["temperature"]
    with torch.no_grad():  # the bias joins the last layer's own
        network.head.bias += torch.from_numpy(bias.astype(np.float32))
    shown = near(train)
    _, features = forward(network, as_read(shown, candidate), candidate.preprocess, trainer.device)
    ood = known_by(candidate, trainer.parent, features, unseen, shown.patients)
    node = node_of(part, candidate, network, {"temperature": temperature}, ood)
    trainer.say(f"{candidate.name}, calibrating", 1, 1)
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
        known=samples["known"] if guided and preset.placed and not candidate.region else None,
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
