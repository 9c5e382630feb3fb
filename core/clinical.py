"""What is known of the person besides the film."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Sex = Literal["F", "M"]
_SEX: dict[str, Sex] = {"f": "F", "female": "F", "m": "M", "male": "M"}


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
        return Clinical(**{name: getattr(other, name) if mine is None else mine for name, mine in vars(self).items()})

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> "Clinical":
        """From a table's row, by the column names of a manifest; empty is unknown.

        Raises ValueError naming the column and what it held.
        """

        def number(column: str) -> float | None:
            text = _text(row.get(column))
            try:
                return None if text is None else float(text)
            except ValueError:
                raise ValueError(f"{column} is {text!r}, expected a number or nothing") from None

        sex = _text(row.get("sex"))
        if sex is not None and sex.lower() not in _SEX:
            raise ValueError(f"sex is {sex!r}, expected F, M or nothing")
        return cls(
            age_years=number("age_years"),
            sex=None if sex is None else _SEX[sex.lower()],
            bmi=number("bmi"),
            height_cm=number("height_cm"),
            weight_kg=number("weight_kg"),
        )


def _text(value: object) -> str | None:
    """A cell's text; None for an empty one, in whatever way the table's reader says so."""
    text = "" if value is None or value != value else str(value).strip()
    return text or None
