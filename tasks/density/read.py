"""Bone density of one femur: what the network measures on its crop, and what is reported of it."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from anatomy.limb import Limb
from core.clinical import Clinical
from core.estimate import Bmd, Estimate
from core.finding import Finding
from core.labels import CLASSES
from core.radiograph import Pixels, Radiograph
from core.reference import CLASS_FROM_AGE, LOW_FOR_AGE, below_expected
from core.refusal import Code, Notice, NoticeCode, Refused
from evidence.densitometry import Residuals, class_probabilities, deciding, report
from evidence.difficulty import judge
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Ensemble, Node
from tasks.case import Case
from tasks.density.measure import DensityPrediction
from tasks.part import Part
from tasks.task import Predictions

COARSE = 16  # blocks a side
DENSEST = 8.0  # g/cm2, above any bone a ray meets in a hip
# Head's centre to lesser trochanter as it lies on the film, mm: adults' 60 to 95, magnified up to 1.35 times.
LIKELY_MM = (48.0, 135.0)


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> DensityPrediction:
    """The densities of one limb."""
    (node,) = ensemble.nodes
    grey = Preprocess.from_dict(node.preprocessing).grey(case.crop)
    found = engine.measure(node, grey, case.on)
    case.clock.lap("network")
    return decode(found, node, grey)


def decode(found: engine.Measurement, node: Node, shown: Pixels) -> DensityPrediction:
    """Densities calibrated by what the network's answers were off by on limbs held out, and the class they name."""
    residuals = Residuals.from_dict(node.outputs, node.facts)
    low, high = residuals.interval(found.abmd, found.spread)
    label, shares, kept = class_probabilities(residuals, found.abmd, found.spread, CLASSES)
    value = residuals.settled(found.abmd, found.spread)[0]
    return DensityPrediction(found.abmd, found.spread, value, low, high, label, shares, kept, found.projection, shown)


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """Densities with intervals, and the class that the T-score names; a person under 50 gets a Z-score and no class
    (ISCD). Raises Refused where the size of a pixel is not known, or cannot be."""
    assert case.limb is not None, "density is measured on limbs"
    check_scale(case.film, case.limb)
    said: DensityPrediction = predictions[part.task.name]
    (node,) = ensemble.nodes
    told = report(Residuals.from_dict(node.outputs, node.facts), said.abmd, said.spread, case.person)
    notices = tuple(one for one in found.notices if one.code != NoticeCode.UNDER_50)
    if case.person.age_years is not None and case.person.age_years < CLASS_FROM_AGE:
        neck = next(one for one in told if one.region == "femoral_neck")
        estimate, notices = Estimate({}, (), neck, told), (*notices, _without_class(case.person), *_low_for_age(neck))
    else:
        estimate = Estimate(said.shares, said.kept, deciding(told), told, said.label)
    difficulty = judge(estimate.probabilities, estimate.conformal_set, [], 0.0, 1.0, notices, found.steady)
    inputs = Preprocess.from_dict(node.preprocessing)
    over_film = case.over_film(inputs.back(said.projection / DENSEST, case.crop) * DENSEST)
    return replace(
        found,
        estimate=estimate,
        difficulty=difficulty,
        notices=notices,
        density=over_film,
        embedding=coarse(said.projection),
    )


def coarse(projection: Pixels) -> npt.NDArray[np.float32]:
    """The projection [h, w] as COARSE x COARSE means, flat: what two films are compared by, as a network that
    decomposes a film has no last layer whose features say what it shows."""
    rows, columns = (np.array_split(np.arange(length), COARSE) for length in projection.shape)
    means = [[projection[np.ix_(row, column)].mean() for column in columns] for row in rows]
    return np.array(means, np.float32).ravel()


def check_scale(film: Radiograph, limb: Limb) -> None:
    """Raises Refused where the size of a pixel is not known, or makes this femur a giant's or a child's."""
    if film.spacing_mm is None:
        raise Refused(
            Code.MISSING_SPACING,
            "The film does not say how large a pixel is, which a density per cm2 cannot do without; send the DICOM "
            "file, or give the edge of a pixel in mm, measured on a marker of known size.",
        )
    down, across = film.spacing_mm
    head, lesser = (np.array(limb.points[name]) for name in ("head_centre", "lesser_trochanter"))
    length = float(np.hypot(*((lesser - head) * (across, down))))
    if not LIKELY_MM[0] <= length <= LIKELY_MM[1]:
        raise Refused(
            Code.MISSING_SPACING,
            f"With pixels of {across:.3g} mm the femur measures {length:.0f} mm from its head's centre to the lesser "
            f"trochanter, expected {LIKELY_MM[0]:.0f} to {LIKELY_MM[1]:.0f} mm on the film; check the size of a pixel.",
        )


def _low_for_age(neck: Bmd) -> tuple[Notice, ...]:
    """What a Z-score this low is called (ISCD)."""
    if not below_expected(neck.z_score):
        return ()
    return (
        Notice(
            NoticeCode.BELOW_EXPECTED,
            f"The Z-score is {LOW_FOR_AGE:.1f} or lower: bone density is below the expected range for age (ISCD); look "
            "for a cause of bone loss.",
        ),
    )


def _without_class(person: Clinical) -> Notice:
    given = (
        "a Z-score stands in its place."
        if person.sex is not None
        else "a Z-score would stand in its place, but needs the sex, which is not known."
    )
    return Notice(NoticeCode.UNDER_50, f"The person is under {CLASS_FROM_AGE}: there is no WHO class (ISCD); {given}")
