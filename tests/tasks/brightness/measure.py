"""How far predicted brightness is off."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evidence.versus import Paired
from tasks.task import Truth


def compare(prediction: float, part: Any, truth: Truth) -> tuple[float, float]:
    return prediction, float(truth.example.others["brightness"])


def figures(rows: Sequence[tuple[float, float]], part: Any, ensemble: Any) -> dict[str, Any]:
    said, true = np.array(rows).T
    return {"brightness": {"mean_error": round(float(np.abs(said - true).mean()), 4)}}


def extras(rows: Sequence[tuple[float, float]], part: Any) -> dict[str, Any]:
    return {}


def paired(first: Sequence[Any], second: Sequence[Any], part: Any, ensembles: Any) -> Paired:
    losses = tuple(np.array([abs(said - true) for said, true in rows]) for rows in (first, second))
    return Paired("Mean error", (losses[0], losses[1]), ())
