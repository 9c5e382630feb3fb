"""The class of one limb or film: networks, calibration, explanation, and how hard it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from anatomy.femur import NEEDED
from core.estimate import Estimate
from core.finding import Finding
from core.radiograph import Mask, Pixels
from core.reference import CLASS_FROM_AGE
from core.refusal import Notice, NoticeCode
from evidence.calibration import calibrated, conformal_set
from evidence.difficulty import HARD_FROM, judge
from evidence.explanation import grad_cam
from evidence.statistics.pooling import pooled
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Ensemble, Node
from tasks.case import Case
from tasks.classes.measure import ClassPrediction
from tasks.distance import distance_of, embedding_of
from tasks.masks.outlines import shown_to
from tasks.part import Part
from tasks.task import Predictions

Array = npt.NDArray[np.floating]
WITHOUT_CLASS = Notice(
    NoticeCode.UNDER_50,
    f"The person is under {CLASS_FROM_AGE}: there is no WHO class (ISCD). A Z-score would stand in its place, but "
    "needs a density, which this model does not measure.",
)


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> ClassPrediction:
    """Every network's own answer and the ensemble's. Networks of regions are shown what the part of masks drew."""
    masks: Mapping[str, Mask] = {}
    if any("region" in node.facts for node in ensemble.nodes):
        masks = before["masks"].plain()
    answers = {node.name: engine.answer(node, shown_to(node, case.crop, masks), case.on) for node in ensemble.nodes}
    case.clock.lap("network")
    own, joint = decode({name: one.logits for name, one in answers.items()}, ensemble)
    return ClassPrediction(part.outputs, own, joint, {name: one.features for name, one in answers.items()})


def decode(logits: Mapping[str, Array], ensemble: Ensemble) -> tuple[dict[str, Array], Array]:
    """Calibrated probabilities [..., K] by network, and the ensemble's, from logits [..., K]."""
    own = {
        node.name: calibrated(
            np.asarray(logits[node.name]) + np.asarray(node.facts.get("bias", 0.0)), node.facts.get("temperature", 1.0)
        )
        for node in ensemble.nodes
    }
    return own, pooled(list(own.values()), [node.facts.get("weight") for node in ensemble.nodes])


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """The class with its conformal set, each network's own answer and why. Members with weight 0 are reported but do
    not affect the ensemble. Raises Refused for a film unlike all that was learned from."""
    said: ClassPrediction = predictions[part.task.name]
    distance, unusual = distance_of(case, ensemble, said.features)
    joint = probabilities(part.outputs, said.joint)
    candidates = {name: probabilities(part.outputs, one) for name, one in said.own.items()}
    estimate = Estimate(joint, conformal_set(joint, ensemble.facts["conformal_quantile"]))
    members = [node for node in ensemble.nodes if node.facts.get("weight") != 0]
    heard = [candidates[node.name] for node in members]
    if has_no_class(case):
        notices = (*(one for one in found.notices if one.code != NoticeCode.UNDER_50), WITHOUT_CLASS)
        return replace(
            found,
            estimate=Estimate({}, ()),
            difficulty=judge({}, (), [], distance, unusual, notices, found.steady),
            notices=notices,
            embedding=embedding_of(ensemble, said.features),
        )
    bound = ensemble.facts.get("hard_from", HARD_FROM)
    difficulty = judge(joint, estimate.conformal_set, heard, distance, unusual, found.notices, found.steady, bound)
    case.clock.lap("calibrate")
    heat = explained(case, members, part.outputs, candidates, estimate.label)
    case.clock.lap("explain")
    return replace(
        found,
        estimate=estimate,
        difficulty=difficulty,
        candidates=candidates,
        explanation=heat,
        explains=None if heat is None else estimate.label,
        embedding=embedding_of(ensemble, said.features),
    )


def has_no_class(case: Case) -> bool:
    """Whether it is the hip of a person too young for a WHO class (ISCD). Knees keep theirs: their classes are those of
    an ultrasound of the heel, and both knees are joined to one answer."""
    is_hip = case.limb is not None and case.limb.points.keys() >= set(NEEDED)
    return is_hip and case.person.age_years is not None and case.person.age_years < CLASS_FROM_AGE


def probabilities(labels: Sequence[str], values: Array) -> dict[str, float]:
    """By class, in the bundle's order."""
    return dict(zip(labels, map(float, values), strict=True))


def explained(
    case: Case,
    members: Sequence[Node],
    labels: Sequence[str],
    candidates: Mapping[str, Mapping[str, float]],
    label: str | None,
) -> Pixels | None:
    """Why the class that is shown: a map over the film [H, W] by the member that is surest of it.

    None where every member saw one region cut out: such a network has no map of the film to show.
    """
    whole = [node for node in members if "region" not in node.facts]
    if not whole or label is None:
        return None
    surest = max(whole, key=lambda node: candidates[node.name][label])
    inputs = Preprocess.from_dict(surest.preprocessing)
    maps, gradients = engine.explain(surest, inputs(case.crop), case.on, list(labels).index(label))
    return case.over_film(inputs.back(grad_cam(maps, gradients), case.crop))
