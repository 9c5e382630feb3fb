"""What is known of the person, as numbers for a network: standardised, and a missing value imputed and flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.clinical import Clinical
from tasks.scores.measure import known_of

KNOWN = ("age_years", "sex", "bmi")

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ClinicalScale:
    """Mean and spread of each of `KNOWN` among the people learned from; the same object serves training and reading.

    A missing value becomes the mean of those learned from, 0 after standardising, and its flag is 1: the network can
    tell "not known" from "as the mean".
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def __call__(self, person: Clinical) -> Values:
        """Age, sex and BMI standardised, then a flag for each that is missing: float32 [6]."""
        values = np.array(known_of(person))
        missing = np.isnan(values)
        scaled = (np.where(missing, self.mean, values) - self.mean) / np.array(self.spread)
        return np.concatenate([scaled, missing], dtype=np.float32)

    @classmethod
    def learn(cls, people: Sequence[Clinical]) -> "ClinicalScale":
        """From the people learned from. Raises ValueError for a value that nobody has."""
        table = np.array([np.array(known_of(person)) for person in people])
        unknown = [name for name, column in zip(KNOWN, table.T, strict=True) if np.isnan(column).all()]
        if unknown:
            raise ValueError(
                f"found no {' and no '.join(unknown)} in the manifest, which a network beside the film is told; "
                f"expected columns {', '.join(KNOWN)}"
            )
        spread = np.nanstd(table, 0)
        return cls(
            tuple(np.nanmean(table, 0).round(4).tolist()), tuple(np.where(spread > 0, spread, 1.0).round(4).tolist())
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as a bundle keeps them."""
        return {"known": list(KNOWN), "mean": list(self.mean), "spread": list(self.spread)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ClinicalScale":
        return cls(tuple(values["mean"]), tuple(values["spread"]))
