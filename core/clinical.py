"""What is known of the person besides the film."""

from dataclasses import dataclass
from typing import Literal

Sex = Literal["F", "M"]


@dataclass(frozen=True)
class Clinical:
    """Clinical variables. A missing one is None, never 0: a network must be able to tell unknown from nought."""

    age_years: float | None = None
    sex: Sex | None = None
    bmi: float | None = None  # kg/m2
    height_cm: float | None = None
    weight_kg: float | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("age_years", 0, 120),
            ("bmi", 8, 100),
            ("height_cm", 40, 260),
            ("weight_kg", 2, 400),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} is {value}, expected {low} to {high}; leave it out if it is not known")

    def or_else(self, other: "Clinical") -> "Clinical":
        """These values, and the other's where one is missing here."""
        return Clinical(
            **{name: getattr(other, name) if mine is None else mine for name, mine in vars(self).items()}
        )
