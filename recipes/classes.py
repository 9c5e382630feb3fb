"""The class of one limb or film: outlines, networks, calibration, explanation, and how hard it is."""

import numpy as np

from core.estimate import Estimate
from core.radiograph import Mask, Pixels
from core.regions import Regions
from evidence.calibration import calibrated, conformal_set
from evidence.difficulty import judge
from evidence.explanation import grad_cam
from evidence.pooling import pooled
from imaging.preprocess import Preprocess
from models import engine
from recipes.finding import Case, Finding, strangeness
from recipes.limbs import JOINTS
from recipes.outlines import masks_of, outline_limb, shown_to


def find_class(case: Case) -> Finding:
    """Every candidate's own answer and what they add up to; one without a voice is shown and not heard. Raises Refused
    for a film unlike all that was learned from."""
    bundle, crop = case.bundle, case.crop
    regions, steady = outlined(case)
    case.clock.lap("outline")

    masks: dict[str, Mask] = {}
    if case.outliner is not None and any(one.region for one in bundle.candidates):
        masks = masks_of(crop, case.outliner, case.on)
    inputs = {one.name: shown_to(one, crop, masks) for one in bundle.candidates}
    answers = {one.name: engine.answer(one, inputs[one.name], case.on) for one in bundle.candidates}
    case.clock.lap("network")

    own = {
        one.name: dict(
            zip(bundle.labels, map(float, calibrated(answers[one.name].logits, one.temperature)), strict=True)
        )
        for one in bundle.candidates
    }
    told = [np.array([answer[label] for label in bundle.labels]) for answer in own.values()]
    joint = dict(zip(bundle.labels, map(float, pooled(told, [one.voice for one in bundle.candidates])), strict=True))
    heard = {one.name: own[one.name] for one in bundle.candidates if one.voice != 0}
    estimate = Estimate(joint, conformal_set(joint, bundle.conformal_quantile))
    distance, unusual = strangeness(case, answers)
    difficulty = judge(joint, estimate.conformal_set, list(heard.values()), distance, unusual, case.notices, steady)
    case.clock.lap("calibrate")

    whole = [one for one in bundle.candidates if one.region is None and one.name in heard]
    heat: Pixels | None = None
    label = max(joint, key=joint.__getitem__)
    if whole:  # a network that saw one region cut out has no map of the film to show
        surest = max(whole, key=lambda one: own[one.name][label])
        # The map of the class that is shown, which need not be this network's own first choice.
        maps, gradients = engine.explain(surest, inputs[surest.name], case.on, bundle.labels.index(label))
        heat = case.over_film(Preprocess.from_dict(surest.preprocessing).back(grad_cam(maps, gradients), crop))
    case.clock.lap("explain")
    return Finding(
        estimate,
        difficulty,
        case.notices,
        candidates=own,
        regions=regions,
        explanation=heat,
        explains=None if heat is None else label,
        seen=case.limb is not None,
    )


def outlined(case: Case) -> tuple[Regions, bool]:
    """A limb's regions on its film, and whether each was found and stays where it is. Where
    nothing draws them, the one region is the square that is read."""
    if case.limb is None:
        return Regions(), True
    if case.outliner is None:
        return Regions((case.limb.square(JOINTS[case.recipe.site].called, case.film),)), True
    drawn = outline_limb(case.crop, case.outliner, case.on)
    regions = drawn.on_film(case.limb, case.film, case.recipe.regions)
    bounds = case.outliner.facts.get("steady_from", {})
    steady = all(drawn.steady[one.name] >= bounds.get(one.name, 0) for one in regions)
    return regions, steady and set(case.recipe.regions) <= {one.name for one in regions}
