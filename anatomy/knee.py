"""The knee joint as the knee recipes see it: its landmarks and the square around them."""

import numpy as np

from anatomy.joint import Joint, Points
from core.radiograph import Side
from imaging.crop import Box

# Edges of the tibial plateau and lowest points of both condyles, both epicondyles, and the head of the fibula, which
# tells a right knee from a left one.
LANDMARKS = (
    *("medial_plateau", "lateral_plateau", "medial_condyle", "lateral_condyle"),
    *("medial_epicondyle", "lateral_epicondyle", "fibular_head"),
)
NEEDED = LANDMARKS[:4]

# A knee looks nearly the same turned over, and a film of one leg does not say by its place which leg it is. So the
# network is asked for the landmarks of one knee by where they lie on the picture; the fibula then names the knee.
PICTURED = (
    *("plateau_to_the_left", "plateau_to_the_right", "condyle_to_the_left", "condyle_to_the_right"),
    *("epicondyle_to_the_left", "epicondyle_to_the_right", "fibular_head"),
)
TURNED_OVER = (1, 0, 3, 2, 5, 4, 6)  # of PICTURED, on the film turned over

# Square of about 130 mm in an adult, the joint line in its middle: 75 mm of plateau with the epicondyles above and the
# head of the fibula below.
SIDE = 1.75


def pictured(side: Side) -> tuple[int, ...]:
    """The places in LANDMARKS of what PICTURED names, for a knee of that side seen from in front."""
    return TURNED_OVER if side == "R" else tuple(range(len(LANDMARKS)))


def box_of(points: Points, side: Side) -> Box:
    """The square around one knee joint; a right one is mirrored. Raises KeyError where an edge of the plateau is
    missing."""
    medial, lateral = (np.array(points[name]) for name in ("medial_plateau", "lateral_plateau"))
    x, y = (medial + lateral) / 2
    return Box((float(x), float(y)), SIDE * float(np.linalg.norm(lateral - medial)), mirrored=side == "R")


KNEE = Joint(
    name="knee",
    called="knee joint",
    many="knees",
    whole="from the condyles to below the tibial plateau",
    landmarks=LANDMARKS,
    needed=NEEDED,
    unit="lateral_plateau",
    unit_mm=75,
    box_of=box_of,
    alike=2.7,
    sided_by="the fibula is taken to lie at the outer side of a knee that is seen from in front",
    one_by_one=PICTURED,
)
