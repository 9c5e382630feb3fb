"""Reference values of hip density: the third National Health and Nutrition Examination Survey, 1988-94.

Looker et al., Osteoporosis International 1998; 8: 468. T-scores are told against white women of 20 to 29, for both
sexes (ISCD).
"""

from typing import Final

REFERENCE: Final = "NHANES III white female 20-29"
# Mean and spread of white women of 20 to 29, g/cm2. Other regions have no T-score.
YOUNG: Final = {"femoral_neck": (0.858, 0.120), "total_hip": (0.942, 0.122)}
# Femoral neck of white adults by age and sex, g/cm2: means in round figures, not the published table
# (docs/decisions/z-scores-are-approximate.md).
AGES: Final = (25, 35, 45, 55, 65, 75, 85)
NECK_BY_AGE: Final = {
    "F": (0.858, 0.838, 0.812, 0.762, 0.702, 0.647, 0.592),
    "M": (0.934, 0.890, 0.857, 0.832, 0.802, 0.766, 0.720),
}

CLASS_FROM_AGE = 50  # below it a Z-score is reported and no WHO class (ISCD)
LOW_FOR_AGE = -2.0  # a Z-score from here down is "below the expected range for age", above it "within" (ISCD)


def below_expected(z: float | None) -> bool:
    """Whether a Z-score, as it is reported with one decimal, is below the expected range for age (ISCD)."""
    return z is not None and round(z, 1) <= LOW_FOR_AGE
