"""Bone density of one femur: what the network measures on its crop, and what is reported of it."""

from dataclasses import dataclass

import numpy as np
import torch

from core.clinical import Clinical
from core.estimate import Estimate
from core.radiograph import Pixels, Radiograph
from core.refusal import Code, Notice, Refused
from evidence.densitometry import CLASS_FROM_AGE, Residuals, class_probabilities, deciding, report
from imaging.crop import lay_back
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Bundle
from recipes.hips import Limb

DENSEST = 8.0  # g/cm2, above any bone a ray meets in a hip
# Head's centre to lesser trochanter as it lies on the film, mm: adults' 60 to 95, magnified up to 1.35 times.
LIKELY_MM = (48.0, 135.0)


@dataclass(frozen=True, eq=False)
class Density:
    """estimate: of one limb, its densities among it. map: bone mineral in g/cm2 on the film [H, W]."""

    estimate: Estimate
    map: Pixels
    notices: tuple[Notice, ...]


def scaled(film: Radiograph, limb: Limb) -> None:
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


def measure(
    film: Radiograph, crop: Radiograph, limb: Limb, bundle: Bundle, person: Clinical, on: torch.device
) -> Density:
    """The densities of one limb. A person under 50 gets a Z-score and no class (ISCD)."""
    densitometer = bundle.densitometers[0]
    inputs = Preprocess.from_dict(densitometer.preprocessing)
    residuals = Residuals.from_dict(densitometer.outputs, densitometer.facts)
    found = engine.measure(densitometer, inputs.grey(crop), on)
    told = report(residuals, found.abmd, found.spread, person)
    over_crop = inputs.back(found.projection / DENSEST, crop) * DENSEST
    over_film = lay_back(over_crop, limb.box, (film.height, film.width))
    if person.age_years is not None and person.age_years < CLASS_FROM_AGE:
        neck = next(one for one in told if one.region == "femoral_neck")
        return Density(Estimate({}, (), neck, told), over_film, _without_class(person))
    label, shares, kept = class_probabilities(residuals, found.abmd, found.spread, bundle.labels)
    return Density(Estimate(shares, kept, deciding(told), told, label), over_film, ())


def _without_class(person: Clinical) -> tuple[Notice, ...]:
    given = (
        "a Z-score stands in its place."
        if person.sex is not None
        else "a Z-score would stand in its place, but needs the sex, which is not known."
    )
    return (Notice("under_50", f"The person is under {CLASS_FROM_AGE}: there is no WHO class (ISCD); {given}"),)
