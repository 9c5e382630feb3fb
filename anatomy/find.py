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
from core.refusal import Code, Notice, NoticeCode, Refused
from models.bundle import Node

JOINTS: dict[str, Joint] = {"hip": FEMUR, "knee": KNEE}  # by site
FIND: dict[str, Callable[[Radiograph, Node, torch.device], list[Limb]]] = {"hip": find_hips, "knee": find_knees}


def find_limbs(film: Radiograph, finder: Node, on: torch.device) -> list[Limb]:
    """Every femur, or every knee, on a film, right before left; none where the finder is not sure of one."""
    site = next(site for site, joint in JOINTS.items() if joint.maps == finder.outputs)
    return FIND[site](film, finder, on)


def sided(film: Radiograph, site: str, shows: str, limbs: list[Limb]) -> tuple[list[Limb], list[Notice]]:
    """The limbs that were found, each to be read on its own, and what to remark on their sides.

    shows: what was expected of the film, in words. Raises Refused where there is none: an answer about a bone that is
    not there would be worse than none.
    """
    joint = JOINTS[site]
    if not limbs:
        raise Refused(
            Code.REGION_NOT_FOUND,
            f"No {joint.called} was found with certainty, expected one or two on {shows}; "
            f"check that the film shows an adult's {site} from in front, whole {joint.whole}, without metal; a child's "
            "has growth plates, and is not read.",
        )
    if film.side in ("R", "L"):
        if len(limbs) == 1 and limbs[0].side != film.side:
            return limbs, [
                Notice(
                    NoticeCode.SIDE_CONTRADICTED,
                    f"The film is marked {film.side}, but the bone looks like the other side's; the film may be "
                    "mirrored or marked wrongly. It is named by what the bone looks like.",
                )
            ]
        return limbs, []
    if not all(limb.side_sure for limb in limbs):
        return limbs, [
            Notice(
                NoticeCode.SIDE_UNCERTAIN,
                "Nothing on the film says which side is which, and the bone does not show it clearly; name the side "
                "yourself before the answer is used.",
            )
        ]
    return limbs, [
        Notice(
            NoticeCode.SIDE_BY_CONVENTION,
            f"Nothing on the film says which side is which; {joint.sided_by}.",
        )
    ]
