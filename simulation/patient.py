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

Sex = Literal["F", "M"]

NECK_REFERENCE = (0.858, 0.120)  # g/cm2, white women 20-29, NHANES III, for both sexes
TOTAL_REFERENCE = (0.942, 0.122)
REFERENCES = {"femoral_neck": NECK_REFERENCE, "total_hip": TOTAL_REFERENCE}

_AGES = (25, 35, 45, 55, 65, 75, 85)
_NECK_MEAN = {
    "F": (0.858, 0.838, 0.812, 0.762, 0.702, 0.647, 0.592),
    "M": (0.934, 0.890, 0.857, 0.832, 0.802, 0.766, 0.720),
}
# Narrower than the published 0.11 to 0.12 and 0.13: the shape of the femur adds a spread of 0.04 when it is measured.
_SPREAD = {"F": 0.109, "M": 0.124}


@dataclass(frozen=True)
class Quality:
    """What is left of the bone against a young adult's, part by part: 1 is young, each with scatter of its own.

    below_neck: thickness of the cortex below the neck's base against that of neck and head.
    """

    cortex_thickness: float
    cortex_density: float
    groups: dict[str, float]
    roughness: float
    below_neck: float = 1.0


@dataclass(frozen=True)
class Patient:
    """One virtual person. neck_aim: femoral neck density g/cm2 at which the body is built; the virtual DXA measures
    what came out. fracture_years: time to the first fracture after the film, or to the end of follow-up."""

    age_years: float
    sex: Sex
    height_cm: float
    bmi: float
    neck_aim: float
    prevalent_fracture: bool
    fracture_years: float
    incident_fracture: bool

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("age_years", self.age_years, 20, 100),
            ("height_cm", self.height_cm, 130, 215),
            ("bmi", self.bmi, 14, 55),
            ("neck_aim", self.neck_aim, 0.25, 1.5),
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
    neck = float(np.interp(age, _AGES, _NECK_MEAN[sex])) + _SPREAD[sex] * z
    neck = float(np.clip(neck, 0.36, 1.30))
    t_score = (neck - NECK_REFERENCE[0]) / NECK_REFERENCE[1]
    # Prevalent vertebral fracture: about 10 % at 65, odds x 2 a SD of density and x 1.8 a decade (Melton et al. 1993).
    odds = np.exp(-2.9 + np.log(2.0) * -(t_score + 1.2) + np.log(1.8) * (age - 65) / 10)
    prevalent = bool(rng.random() < odds / (1 + odds))
    # Hazard of a fragility fracture a year: 1.2 % at 65 and T -1, x 1.6 a SD, x 1.5 a decade, x 2 after a fracture,
    # a little less with weight (after Kanis et al. 2001, De Laet et al. 2005).
    hazard = 0.012 * 1.6 ** (-(t_score + 1)) * 1.5 ** ((age - 65) / 10) * (2.0 if prevalent else 1.0)
    hazard *= 0.985 ** (bmi - 26) * (1.0 if sex == "F" else 0.7)
    event, censored = rng.exponential(1 / hazard), min(rng.exponential(18.0), rng.uniform(4, 10))
    return Patient(age, sex, height, bmi, neck, prevalent, float(min(event, censored)), bool(event < censored))


# How readily each part goes (1 = as the mean): the secondary groups before the principal ones (Singh et al. 1970).
READINESS = {
    "cortex": 0.80,
    "porosity": 0.12,
    "plain": 1.20,
    "principal_compressive": 0.60,
    "principal_tensile": 1.00,
    "secondary_compressive": 1.55,
    "secondary_tensile": 1.60,
    "greater_trochanter": 1.60,
}
SCATTER = {"cortex": 0.13, "porosity": 0.02, "plain": 0.20, "greater_trochanter": 0.36}
GROUP_SCATTER = 0.24
# Neck and total hip of one person are not one number: they correlate with r of about 0.85 where both are measured. The
# cortex below the neck, most of what the total hip weighs, has a mean and a spread (of the logarithm) of its own, and
# goes a little more slowly; without that the total hip would be spread wider than the neck, which it is not.
BELOW_NECK = (0.03, 0.20)
SLOWER_BELOW_NECK = 0.2


def quality(patient: Patient, shares: dict[str, float], rng: np.random.Generator) -> Quality:
    """How the loss is spread over the parts, so that the femoral neck comes to the patient's aim.

    shares: g/cm2 that each part (keys of READINESS but porosity) gives to the young neck's density; their sum is the
    young neck's. Each part falls by exp(-loss x readiness + scatter); the one loss that meets the aim is solved for.
    """
    noise = {part: float(rng.normal(0, SCATTER.get(part, GROUP_SCATTER))) for part in READINESS}

    def factors(loss: float) -> dict[str, float]:
        return {part: float(np.exp(np.clip(-loss * READINESS[part] + noise[part], -4, 1.2))) for part in READINESS}

    def neck(loss: float) -> float:
        f = factors(loss)
        return sum(share * f[part] * (f["porosity"] if part == "cortex" else 1.0) for part, share in shares.items())

    low, high = -2.5, 6.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if neck(middle) > patient.neck_aim else (low, middle)
    lost = (low + high) / 2
    f = factors(lost)
    groups = {part: value for part, value in f.items() if part not in ("cortex", "porosity")}
    roughness = float(np.clip(0.85 * groups["plain"] ** -0.22 * np.exp(rng.normal(0, 0.12)), 0.5, 1.9))
    below_neck = float(np.exp(np.clip(rng.normal(*BELOW_NECK) + SLOWER_BELOW_NECK * (lost - 0.3), -0.5, 0.5)))
    return Quality(f["cortex"], min(f["porosity"], 1.06), groups, roughness, below_neck)
