"""The proximal femur as the hip recipes see it: its landmarks, its regions, and the square around them."""

import numpy as np

from anatomy.joint import SIDES as SIDES, Joint, Points
from core.radiograph import Side
from imaging.crop import Box

# Where each lies: middle of the head; waist and base of the neck on its axis; tip of the greater and the lesser
# trochanter; a point on the shaft's axis below them.
LANDMARKS = ("head_centre", "neck_waist", "neck_base", "greater_trochanter", "lesser_trochanter", "shaft_upper")
# What must be seen of a femur. Close films of one hip often end just below the lesser trochanter.
NEEDED = LANDMARKS[:5]
REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")
OUTLINED = (*REGIONS, "femur")
UNION = "union"  # all four regions together

# Square of about 155 mm in an adult: the head's upper edge lies 0.4 of the distance from head to lesser trochanter
# above the head's centre, and total hip ends 20 mm (0.25) below the lesser trochanter.
SIDE = 2.0
MIDDLE = 0.49


def box_of(points: Points, side: Side) -> Box:
    """The square around one proximal femur; a right one is mirrored, so that all look like left ones.

    Raises KeyError where head centre or a trochanter is missing.
    """
    head, greater, lesser = (
        np.array(points[name]) for name in ("head_centre", "greater_trochanter", "lesser_trochanter")
    )
    length = float(np.linalg.norm(lesser - head))
    down = (lesser - head)[1]
    return Box((float((head[0] + greater[0]) / 2), float(head[1] + MIDDLE * down)), SIDE * length, mirrored=side == "R")


FEMUR = Joint(
    name="femur",
    called="proximal femur",
    many="femora",
    whole="from the head to below the lesser trochanter",
    landmarks=LANDMARKS,
    needed=NEEDED,
    unit="lesser_trochanter",
    unit_mm=78,
    box_of=box_of,
    alike=1.25,
    sided_by="the patient's right is taken to be on the picture's left",
)
