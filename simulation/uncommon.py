"""What few people have, and how large a share of a cohort is to have it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from simulation.patient import Patient

SERVES = {"implants": "hip_ap", "dysplasia": "hip_ap", "fractures": "spine_lateral"}


@dataclass(frozen=True)
class Uncommon:
    """Shares, 0 to 1, of the people who have: metal in one hip (`simulation.implant`), a shallow socket, a broken
    vertebra, the last besides those who have one by their density and age. The others' films are the same whatever the
    shares.
    """

    implants: float = 0.0
    dysplasia: float = 0.0
    fractures: float = 0.0

    @classmethod
    def of(cls, told: Mapping[str, object]) -> "Uncommon":
        """As `cohort.json` tells of it, beside other things."""
        return cls(**{what: float(str(told[what])) for what in SERVES if what in told})

    def check(self, view: str) -> None:
        """Raises ValueError for what is no share, and for what that view does not show."""
        for what, share in asdict(self).items():
            if not 0 <= share <= 1:
                raise ValueError(f"a share of {share:g} people with {what} was asked for, expected 0 to 1")
            if share and view != SERVES[what]:
                raise ValueError(f"{what} was asked for, but {view} has none; {what} serves {SERVES[what]}")

    def asked(self) -> dict[str, float]:
        """Those that are above 0, by name."""
        return {what: share for what, share in asdict(self).items() if share}

    def drawn(self, patient: Patient, seed: int, index: int) -> tuple[Patient, dict[str, np.random.Generator]]:
        """The person, and for a hip who draws the metal (`surgeon`) and the socket (`birth`), if they have one.

        Each has a generator of its own, so that nothing else of a film turns on it.
        """
        if np.random.default_rng([seed, index, 5]).random() < self.fractures:
            patient = replace(patient, prevalent_fracture=True)
        surgeon, birth = np.random.default_rng([seed, index, 3]), np.random.default_rng([seed, index, 4])
        special = {"surgeon": surgeon} if surgeon.random() < self.implants else {}
        special |= {"birth": birth} if birth.random() < self.dysplasia else {}
        return patient, special


NONE = Uncommon()
