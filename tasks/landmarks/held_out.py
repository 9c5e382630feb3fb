"""How well a finder of joints does on validation films."""

from typing import Any

import numpy as np
import torch

from anatomy.find import find_limbs
from anatomy.joint import SIDES, Joint
from core.radiograph import Radiograph
from models.bundle import Node
from tasks.samples import Samples


def joint_figures(finder: Node, joint: Joint, samples: Samples, on: torch.device) -> dict[str, Any]:
    """How far landmarks are off, as a share of the joint's unit (from a femur's head to its lesser trochanter, across
    a tibia's plateau), and how many joints are told wrongly to be, or not to be, on a film, as a reading finds them."""
    off, missed, invented, there = [], 0, 0, 0
    for film, truth, said in zip(samples["squares"], samples["points"], samples["known"], strict=True):
        seen = Radiograph(film.astype(np.float32) / 255, case_id="")
        found = {limb.side: limb for limb in find_limbs(seen, finder, on)}
        for side in SIDES:
            numbers = joint.numbers(side)
            known = ~np.isnan(truth[numbers]).any()
            there += int(known)
            missed += int(known and side not in found)
            invented += int(side in found and np.isnan(truth[numbers]).all() and said[numbers].all())
            if known and side in found:
                places = np.array([found[side].points[name] for name in joint.needed]) / film.shape
                one, other = truth[numbers[0]], truth[numbers[joint.needed.index(joint.unit)]]
                gap = np.linalg.norm(places - truth[numbers], axis=1)
                off.append(gap / np.linalg.norm(other - one))
    table = np.array(off).reshape(-1, len(joint.needed))

    def quantile(share: float) -> dict[str, float | None]:
        return {
            name: round(float(np.quantile(table[:, number], share)), 4) if len(table) else None
            for number, name in enumerate(joint.needed)
        }

    return {
        "joints": joint.many,
        "shape_checked": True,
        "limbs": there,
        "missed": missed,
        "invented": invented,
        "median_error": quantile(0.5),
        "largest_error_in_95_of_100": quantile(0.95),
    }
