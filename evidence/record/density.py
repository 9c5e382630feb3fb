"""Figures of the task `density`: areal bone density by region, in g/cm2."""

from evidence.figure import Figure
from evidence.record.base import Counts, Record
from evidence.record.classes import ClassSummary


class Agreement(Record):
    """One region: answers against the truth. limits: half width of the limits of agreement. truth, answer: for plots,
    left out of bundles."""

    limbs: int
    patients: int | None = None
    r: Figure | None = None
    rmse: Figure | None = None
    bias: Figure | None = None
    limits: Figure | None = None
    slope: Figure | None = None
    coverage: Figure | None = None
    interval_width: float | None = None
    truth: list[float] = []
    answer: list[float] = []


class Spread(Record):
    """Median, and the 5th and 95th percentile."""

    median: float
    low: float
    high: float


class Projections(Record):
    """Virtual projections against the true ones: structural similarity and correlation of pixels."""

    limbs: int
    likeness: Spread | None = None
    r: Spread | None = None


class DensityFigures(Counts):
    """One set of films. classes: by the lower T-score, where every density of a limb is known. regions_by_body: by the
    kind of bones that simulated patients have, where there are several."""

    regions: dict[str, Agreement] = {}
    promised_coverage: float | None = None
    classes: ClassSummary | dict[str, float] = {}
    projections: Projections | None = None
    regions_by_body: dict[str, dict[str, Agreement]] = {}

    @property
    def by_t_score(self) -> ClassSummary | None:
        return self.classes if isinstance(self.classes, ClassSummary) else None


class Repeatability(Record):
    """The same patients positioned again: RMS coefficient of variation, least significant change in g/cm2."""

    persons: int
    repeats: int | None = None
    cv_percent: Figure
    least_significant_change: Figure


class Step(Record):
    """How far answers move at one JPEG quality or dose, and how far they are off; None where no hip was found."""

    step: float
    found: int | None = None
    moved: float | None
    rmse: float | None


class RegionAgain(Record):
    poses: Repeatability
    jpeg: list[Step]
    dose: list[Step]


class Again(Record):
    """Simulated patients imaged again and again on one scanner, by region."""

    persons: int
    not_found: int | None = None
    regions: dict[str, RegionAgain]
