"""The regions of a limb, outlined on its film."""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from anatomy.femur import REGIONS
from core.finding import Finding
from core.radiograph import Mask
from core.regions import Region, Regions
from imaging.crop import lay_back
from imaging.outline import outline_of
from models.bundle import Ensemble
from tasks.case import Case
from tasks.masks.measure import MaskPrediction
from tasks.masks.outlines import masks_of, outline_limb
from tasks.part import Part
from tasks.task import Predictions


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> MaskPrediction:
    """The regions as the first network draws them; as each does where every network is to answer."""
    limb = case.limb
    assert limb is not None, "regions are outlined on limbs"
    nodes = ensemble.nodes if case.thorough else ensemble.nodes[:1]
    size = (case.film.height, case.film.width)
    drawn = {node.name: outline_limb(case.crop, node, case.on) for node in nodes}
    regions = {name: {region: one.laid(region, limb.box, size) for region in one.maps} for name, one in drawn.items()}
    case.clock.lap("outline")

    def within() -> Mask:
        return np.asarray(lay_back(np.ones((8, 8), np.float32), limb.box, size) > 0.5)

    plain = cache(partial(masks_of, case.crop, nodes[0], case.on))
    return MaskPrediction(regions, drawn[nodes[0].name].steady, plain, within, case.film.spacing_mm)


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """The regions on the film as uploaded, and whether each was found and stays where it is."""
    said: MaskPrediction = predictions[part.task.name]
    first = ensemble.nodes[0]
    masks = {name: mask for name, mask in said.regions[first.name].items() if mask.any()}
    regions = [Region(name, mask, outline_of(mask), round(said.steady[name], 4)) for name, mask in masks.items()]
    bounds = first.facts.get("steady_from", {})
    steady = all(said.steady[name] >= bounds.get(name, 0) for name in masks)
    missing = (set(part.outputs) & set(REGIONS)) - masks.keys()
    return replace(found, regions=Regions(tuple(regions)), steady=found.steady and steady and not missing)
