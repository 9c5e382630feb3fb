"""Who is filmed: age, sex, size, how dense the bone is and what became of it later. No ancestry, no name.

Hip density follows the third National Health and Nutrition Examination Survey (Looker et al. 1998) in round figures:
women's femoral neck 0.858 (SD 0.120) g/cm2 at 20-29 falling to about 0.60 after 80, men's from 0.93 to about 0.72;
the total hip likewise from 0.942 (SD 0.122). Within one person neck and total hip agree with r of about 0.85.

The target: the published means at each age, and among people of 50 and more, a department's and so older than a
nation's, about what Looker et al. 1997 found by one region against young white women: osteoporosis in 13-18 % of women
and 1-4 % of men. By the lower of two regions, as a report is written, it is some points more.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.reference import AGES, NECK_BY_AGE, YOUNG

Sex = Literal["F", "M"]

# A little narrower than the published 0.11 to 0.12 and 0.13: one hip differs from the other (`simulation.loss`).
_SPREAD = {"F": 0.113, "M": 0.127}
# T-score of the total hip by that of the neck: intercept, slope, and the spread about the line that makes the two
# correlate with r of about 0.85. It is cut off where no cortex below the neck could make up for it.
_TOTAL_BY_NECK = (0.13, 1.02, 0.62)
_FARTHEST = 2.3


@dataclass(frozen=True)
class Patient:
    """One virtual person. neck_aim, total_aim: density of femoral neck and total hip, g/cm2, that the body is built
    for (`simulation.loss`). fracture_years: time to the first fracture after the film, or to the end of follow-up."""

    age_years: float
    sex: Sex
    height_cm: float
    bmi: float
    neck_aim: float
    total_aim: float
    prevalent_fracture: bool
    fracture_years: float
    incident_fracture: bool

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("age_years", self.age_years, 20, 100),
            ("height_cm", self.height_cm, 130, 215),
            ("bmi", self.bmi, 14, 55),
            ("neck_aim", self.neck_aim, 0.25, 1.5),
            ("total_aim", self.total_aim, 0.25, 1.7),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} is {value:.2f}, expected {low} to {high}: no body can be built for that")

    @property
    def size(self) -> float:
        """Linear size of the skeleton against the mean body, which stands 168 cm tall."""
        return (self.height_cm / 168.0) ** 0.8 * (1.02 if self.sex == "M" else 0.985)


def draw(rng: np.random.Generator) -> Patient:
    """A person as they come to a radiology department: older people, more women."""
    sex: Sex = "F" if rng.random() < 0.62 else "M"
    age = float(np.clip(rng.normal(64, 12.5), 40, 93))
    mean, spread = (162.0, 6.3) if sex == "F" else (175.5, 6.9)
    height = float(np.clip(rng.normal(mean - 0.08 * (age - 40), spread), 140, 200))
    bmi = float(np.clip(np.exp(rng.normal(np.log(26.3), 0.165)), 16.5, 46))
    z = float(np.clip(rng.normal() * 0.97 + 0.05 * (bmi - 26.6), -2.8, 3.0))
    neck = float(np.interp(age, AGES, NECK_BY_AGE[sex])) + _SPREAD[sex] * z
    neck = float(np.clip(neck, 0.36, 1.30))
    t_score = (neck - YOUNG["femoral_neck"][0]) / YOUNG["femoral_neck"][1]
    # Prevalent vertebral fracture: about 10 % at 65, odds x 2 a SD of density and x 1.8 a decade (Melton et al. 1993).
    odds = np.exp(-2.9 + np.log(2.0) * -(t_score + 1.2) + np.log(1.8) * (age - 65) / 10)
    prevalent = bool(rng.random() < odds / (1 + odds))
    # Hazard of a fragility fracture a year: 1.2 % at 65 and T -1, x 1.6 a SD, x 1.5 a decade, x 2 after a fracture,
    # a little less with weight (after Kanis et al. 2001, De Laet et al. 2005).
    hazard = 0.012 * 1.6 ** (-(t_score + 1)) * 1.5 ** ((age - 65) / 10) * (2.0 if prevalent else 1.0)
    hazard *= 0.985 ** (bmi - 26) * (1.0 if sex == "F" else 0.7)
    event, censored = rng.exponential(1 / hazard), min(rng.exponential(18.0), rng.uniform(4, 10))
    intercept, slope, spread = _TOTAL_BY_NECK
    total_t = intercept + slope * t_score + spread * float(np.clip(rng.normal(), -_FARTHEST, _FARTHEST))
    total = float(np.clip(YOUNG["total_hip"][0] + YOUNG["total_hip"][1] * total_t, 0.36, 1.60))
    years = float(min(event, censored))
    return Patient(age, sex, height, bmi, neck, total, prevalent, years, bool(event < censored))
