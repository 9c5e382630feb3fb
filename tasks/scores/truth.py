"""What a manifest's row says of yes/no questions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from core.example import Example
from core.labels import FRACTURE, OSTEOPOROSIS

if TYPE_CHECKING:
    from tasks.part import Part


def answers_of(part: "Part", example: Example) -> list[float]:
    """A row's answers [S]: `vertebral_fracture` from the column `fracture`, `osteoporosis` from the label, any other
    question from a column of its name; NaN where empty."""
    broken = example.others.get("fracture")
    known: dict[str, Any] = {
        FRACTURE: None if broken is None else bool(int(broken)),
        OSTEOPOROSIS: None if example.label is None else example.label == OSTEOPOROSIS,
    }
    said = [known.get(question, example.others.get(question)) for question in part.outputs]
    return [np.nan if one is None else float(one) for one in said]
