"""The joints that are found, each by a network of its own: hips and knees."""

from collections.abc import Callable

import torch

from anatomy.femur import FEMUR
from anatomy.hips import find_hips
from anatomy.joint import Joint
from anatomy.knee import KNEE
from anatomy.knees import find_knees
from anatomy.limb import Limb
from core.radiograph import Radiograph
from models.bundle import Outliner

JOINTS: dict[str, Joint] = {"hip": FEMUR, "knee": KNEE}  # by site
FIND: dict[str, Callable[[Radiograph, Outliner, torch.device], list[Limb]]] = {"hip": find_hips, "knee": find_knees}


def find_limbs(film: Radiograph, finder: Outliner, on: torch.device) -> list[Limb]:
    """Every femur, or every knee, on a film, right before left; none where the finder is not sure of one."""
    site = next(site for site, joint in JOINTS.items() if joint.maps == finder.outputs)
    return FIND[site](film, finder, on)
