"""One answer for a film whose limbs share one label: each limb is read on its own, and the film's answer joins them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.reading import Reading
from evidence.calibration import conformal_set


def join(readings: Sequence[Reading], quantile: float) -> list[Reading]:
    """The same readings, each carrying the film's answer: the mean of the probabilities of the limbs that were read.

    quantile: the bundle's conformal quantile. A limb that was refused has no voice; where none was read, nothing is
    joined.
    """
    read = [one for one in readings if one.estimate is not None]
    if not read:
        return list(readings)
    told = [one.estimate.probabilities for one in read if one.estimate is not None]
    joint = {label: float(np.mean([one[label] for one in told])) for label in told[0]}
    ranked = conformal_set(joint, quantile)
    film: dict[str, Any] = {
        "label": max(joint, key=lambda label: joint[label]),
        "probabilities": {label: round(value, 6) for label, value in joint.items()},
        "set": list(ranked),
        "sides": [one.side for one in read],
    }
    return [replace(one, film=film) for one in readings]
