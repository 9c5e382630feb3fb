"""What the networks make of a film, after calibration."""

from dataclasses import dataclass

Probabilities = dict[str, float]  # class name -> probability, in the label order of the bundle, summing to 1


@dataclass(frozen=True)
class Bmd:
    """Areal bone density of one region. A T-score never stands without its region and reference."""

    region: str
    abmd_g_cm2: float
    interval: tuple[float, float]
    t_score: float | None
    t_interval: tuple[float, float] | None
    reference: str | None


@dataclass(frozen=True)
class Estimate:
    """Calibrated probabilities, the conformal set that holds the truth at the bundle's stated rate, and density."""

    probabilities: Probabilities
    conformal_set: tuple[str, ...]
    bmd: Bmd | None = None

    @property
    def label(self) -> str:
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Difficulty:
    """How hard a case is, 0 (plain) to 1 (hard), and the named reasons an expert should look at it."""

    score: float
    hard: bool
    reasons: tuple[str, ...] = ()
