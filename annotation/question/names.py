"""The names of the controls of a labelling configuration, under which answers come back, and what they offer."""

from typing import Final

FILM: Final = "film"
CLASS: Final = "class"
REGIONS: Final = "regions"  # polygons
BRUSH: Final = "brush"
POINTS: Final = "points"
GRADE: Final = "genant"
SURE: Final = "certainty"
REASON: Final = "reason"
REMARK: Final = "remark"

CANNOT_BE_JUDGED: Final = "cannot be judged"
YES, NO = "yes", "no"
GRADES: Final = ("0", "1", "2", "3")  # after Genant et al. 1993
CERTAINTIES: Final = ("sure", "fairly sure", "unsure")
REASONS: Final = (
    "other view or site",
    "exposure or sharpness",
    "implant, fracture or cast",
    "bone cut off",
    "something else",
)
SIDES: Final = {"R": "Right (R)", "L": "Left (L)"}
