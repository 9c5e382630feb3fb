"""Training the networks that find landmarks: of joints, of the row of vertebrae, and of single bodies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anatomy.find import JOINTS
from anatomy.joint import SIDES, Joint, Points, Shape
from anatomy.vertebrae import facts_of
from core.example import Example
from core.radiograph import Side
from core.vertebra import LEVELS
from evidence.genant import Norm, heights_of
from models.bundle import Node
from models.dense import Dense
from tasks.enough import refuse_few
from tasks.landmarks.held_out import joint_figures
from tasks.landmarks.knee_objective import KneeObjective
from tasks.landmarks.objective import BodyObjective, LandmarkObjective, VertebraObjective
from tasks.node import node_of
from tasks.objective import Objective
from tasks.part import Candidate, Part
from tasks.samples import Samples, grey_of, points_of
from tasks.task import Learned, Trainer

BROKEN_TIMES = 3  # that each broken body is shown an epoch
LEAST = 5  # people with landmarks that anything is learned from
ENOUGH = 30  # joints, or intact spines, from which a fine-tuned network's shape is learned anew
INTACT_SHARE = 1.5  # intact bodies for each broken one shown, at most


def usable(part: Part, example: Example) -> bool:
    return bool(example.others.get("landmarks"))


def expects(part: Part) -> str:
    return "a column landmarks, as `simulate` writes it"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """At least `LEAST` people with landmarks; their places need not all be known."""
    refuse_few(part, "landmarks", examples, LEAST)


def says(part: Part, example: Example) -> Any:
    return None


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"inputs": [candidate.preprocess for candidate in candidates]}


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """The network that finds a joint, or vertebrae; nothing where no film has the vertebrae's points, which a recipe
    can do without."""
    (candidate,) = candidates
    joint = joint_of(part)
    if joint is not None:
        return learn_joint(part, candidate, joint, trainer, train, validation)
    if np.isnan(train["points"]).all():
        return Learned((), {}, {})
    if part.unit == "body":
        goals = tuple(_of_bodies(candidate, evened(samples, trainer.seed)) for samples in (train, validation))
        return Learned((_fitted(part, candidate, trainer, *goals),), {}, {})
    goals = tuple(_of_rows(candidate, samples) for samples in (train, validation))
    node = _fitted(part, candidate, trainer, *goals)
    whole = spines_of(train)
    if trainer.parent is not None and len(whole) < ENOUGH:
        node.facts.update(trainer.parent.networks[candidate.name].facts)
        said = f"heights of intact bodies are the parent's: of {len(whole)} intact spines all points are known, "
        return Learned((node,), {}, {"data": {"calibration": {part.task.name: f"{said}expected {ENOUGH}"}}})
    node.facts.update(facts_of(Norm.learn(whole)))
    return Learned((node,), {}, {})


def joint_of(part: Part) -> Joint | None:
    """The joint whose landmarks a part answers with; None where it is not about a joint."""
    return next((joint for joint in JOINTS.values() if joint.maps == part.outputs), None)


def _of_rows(candidate: Candidate, samples: Samples) -> Objective:
    known = np.flatnonzero(~np.isnan(samples["points"]).all((1, 2)))
    inputs = candidate.preprocess
    return VertebraObjective(
        samples[grey_of(inputs)][known], samples[points_of(inputs)][known], inputs, samples["known"][known]
    )


def _of_bodies(candidate: Candidate, samples: Samples) -> Objective:
    return BodyObjective(samples["crops"], samples["points"], candidate.preprocess)


def _fitted(part: Part, candidate: Candidate, trainer: Trainer, goal: Any, validation: Objective | None) -> Node:
    network: Dense
    network, pretrained = trainer.begin(candidate, len(part.outputs))
    network = trainer.fit(network, candidate, goal, validation, pretrained=pretrained)
    return node_of(part, candidate, network)


def evened(bodies: Samples, seed: int) -> Samples:
    """Each broken body several times, and not many more intact ones than that; all where none is broken."""
    broken, intact = np.flatnonzero(bodies["broken"]), np.flatnonzero(~bodies["broken"])
    if not len(broken):
        return bodies
    shown = np.repeat(broken, BROKEN_TIMES)
    most = min(len(intact), round(INTACT_SHARE * len(shown)))
    kept = np.random.default_rng(seed).choice(intact, most, replace=False)
    return bodies.rows(np.sort(np.concatenate([shown, kept])))


def norm(samples: Samples) -> Norm:
    """Heights of intact bodies."""
    return Norm.learn(spines_of(samples))


def spines_of(samples: Samples) -> list[dict[str, npt.NDArray[np.float64]]]:
    """Heights [3] by level of each spine without a fracture whose points are all known."""
    spines = []
    for example, points in zip(samples.examples, samples["points"], strict=True):
        if example.others.get("fracture") == 0 and not np.isnan(points).any():
            bodies: npt.NDArray[np.float64] = points.reshape(len(LEVELS), 6, 2)
            spines.append({level: heights_of(body) for level, body in zip(LEVELS, bodies, strict=True)})
    return spines


def learn_joint(
    part: Part, candidate: Candidate, joint: Joint, trainer: Trainer, train: Samples, validation: Samples
) -> Learned:
    """The network that finds a joint, with the shape that its landmarks have."""

    def objective(samples: Samples) -> Objective:
        if joint.one_by_one:
            return KneeObjective(samples["squares"], samples["points"], candidate.preprocess, samples["known"])
        films, points, inputs = samples["squares"], samples["points"], candidate.preprocess
        return LandmarkObjective(films, points, inputs, joint.groups, known=samples["known"])

    made = train.fresh
    goal: Any = objective(train) if made is None else lambda epoch: objective(made(epoch))
    node = _fitted(part, candidate, trainer, goal, objective(validation))
    limbs = [limb for samples in (train, validation) for limb in limbs_of(samples, joint)]
    data: dict[str, Any] = {"films": len(train) + len(validation), "films_held_out": len(validation)}
    if trainer.parent is not None and len(limbs) < ENOUGH:
        node.facts["shape"] = trainer.parent.networks[candidate.name].facts["shape"]
        said = f"the shape of a joint is the parent's: {len(limbs)} joints have all landmarks, expected {ENOUGH}"
        data["calibration"] = {part.task.name: said}
    else:
        node.facts["shape"] = Shape.learn(joint, limbs).to_dict()
    held = joint_figures(node, joint, validation, trainer.device)
    return Learned((node,), {}, {"held_out": held, "data": data})


def limbs_of(samples: Samples, joint: Joint) -> list[tuple[Points, Side]]:
    """Landmarks and side of every joint all of whose needed landmarks are on its film."""
    found: list[tuple[Points, Side]] = []
    for points in samples["points"]:
        for side in SIDES:
            needed = points[joint.numbers(side)]
            if not np.isnan(needed).any():
                places = {name: (float(x), float(y)) for name, (x, y) in zip(joint.needed, needed, strict=True)}
                found.append((places, side))
    return found
