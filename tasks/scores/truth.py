"""What a manifest's row says of yes/no questions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from core.example import Example
from core.labels import FRACTURE, OSTEOPOROSIS

if TYPE_CHECKING:
    from tasks.part import Part


def answers_of(part: "Part", example: Example) -> list[float]:
    """A row's answers [S]; NaN where empty.

    `vertebral_fracture` is the column `fracture`, `osteoporosis` the label or, where that is empty, the column of its
    name, any other question such a column.
    """
    broken = example.others.get("fracture")
    known: dict[str, Any] = {FRACTURE: None if broken is None else bool(int(broken))}
    if example.label is not None:
        known[OSTEOPOROSIS] = example.label == OSTEOPOROSIS
    said = [known.get(question, example.others.get(question)) for question in part.outputs]
    return [np.nan if one is None else float(one) for one in said]
