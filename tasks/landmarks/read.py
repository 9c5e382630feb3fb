"""Landmarks on a film: the joints that others read, or the vertebral bodies, measured and graded."""

from dataclasses import replace

from anatomy.find import JOINTS, find_limbs
from anatomy.vertebrae import FEWEST, as_region, find_row, look_closer_at, measured, norm_of
from core.finding import Finding
from core.refusal import Code, Refused
from core.regions import Regions
from core.vertebra import OUTPUTS
from models.bundle import Ensemble
from tasks.case import Case
from tasks.landmarks.measure import LandmarkPrediction
from tasks.part import Part
from tasks.task import Predictions


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> LandmarkPrediction:
    """The joints on a film; or its vertebrae, by a first look at the film and, in a part about bodies, a closer one."""
    (node,) = ensemble.nodes
    if part.unit == "body":
        first: LandmarkPrediction = before[part.task.name]
        row, norm = look_closer_at(case.film, first.row, node, case.on), first.norm
    elif part.outputs == OUTPUTS:
        row, norm = find_row(case.film, node, case.on), norm_of(node)
    else:
        return LandmarkPrediction(joints=tuple(find_limbs(case.film, node, case.on)))
    case.clock.lap("outline")
    return LandmarkPrediction(tuple(measured(case.film, row, norm)), row=row, norm=norm)


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """Joints as squares, vertebrae as outlines with their heights and grades."""
    said: LandmarkPrediction = predictions[part.task.name]
    if said.row is None:
        called = next(joint.called for joint in JOINTS.values() if joint.maps == part.outputs)
        return replace(found, regions=Regions(tuple(limb.square(called, case.film) for limb in said.joints)))
    regions = [as_region(body, case.film) for body in reversed(said.bodies)]
    shown = Regions(tuple(region for region in regions if region.mask.any()))
    return replace(found, regions=shown, vertebrae=said.bodies, seen=bool(said.bodies))


def refuse_without_row(case: Case, said: LandmarkPrediction) -> None:
    """Raises Refused for a film that shows no row of vertebrae and does not say that it is a spine."""
    if len(said.bodies) < FEWEST and case.film.site is None:
        raise Refused(
            Code.REGION_NOT_FOUND,
            f"No row of vertebral bodies was found with certainty, expected {FEWEST} or more on {case.shows}; "
            "check that the film shows the spine from the side.",
        )
