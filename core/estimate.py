"""What the networks make of a film, after calibration."""

from dataclasses import dataclass, field

# Class name -> probability, in the label order of the bundle, summing to 1. Of a recipe that answers scores: score name
# -> probability of yes, each an independent sigmoid, so that several may be near 1 at once.
Probabilities = dict[str, float]


@dataclass(frozen=True)
class Bmd:
    """Areal bone density of one region. A T-score never stands without its region and reference, nor does a Z-score."""

    region: str
    abmd_g_cm2: float
    interval: tuple[float, float]
    t_score: float | None
    t_interval: tuple[float, float] | None
    reference: str | None
    z_score: float | None = None
    z_reference: str | None = None


@dataclass(frozen=True)
class Score:
    """The answer to one question of yes or no: its probability, and the bound from which on the answer is yes.

    doubt: the probabilities between which, ends included, neither answer can be ruled out at the bundle's stated rate.
    """

    probability: float
    threshold: float
    doubt: tuple[float, float] | None = None

    @property
    def positive(self) -> bool:
        return self.probability >= self.threshold

    @property
    def undecided(self) -> bool:
        return self.doubt is not None and self.doubt[0] <= self.probability <= self.doubt[1]


@dataclass(frozen=True)
class Estimate:
    """Calibrated probabilities, the conformal set that holds the truth at the bundle's stated rate, and density.

    densities: of every region measured; bmd: the one that decides the class. measured_label: the class by its T-score,
    which is the answer where there is one. Without probabilities there is no class (people under 50).
    scores: answers to questions of yes or no, each with a probability of its own: they may be true together, and do not
    add up to 1. Where there are any, `probabilities` and `conformal_set` are empty: use one or the other.
    """

    probabilities: Probabilities
    conformal_set: tuple[str, ...]
    bmd: Bmd | None = None
    densities: tuple[Bmd, ...] = ()
    measured_label: str | None = None
    scores: dict[str, Score] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scores and self.probabilities:
            raise ValueError(
                f"found probabilities of {', '.join(self.probabilities)} beside scores of {', '.join(self.scores)}, "
                "expected classes, which add up to 1, or scores, which need not; give one of the two"
            )

    @property
    def label(self) -> str | None:
        if self.measured_label is not None or not self.probabilities:
            return self.measured_label
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Difficulty:
    """How hard a case is, 0 (plain) to 1 (hard), and the named reasons an expert should look at it."""

    score: float
    hard: bool
    reasons: tuple[str, ...] = ()
