"""From an areal bone density in g/cm2 to what is reported: T-score, Z-score, WHO class, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.clinical import Clinical
from core.estimate import Bmd, Probabilities
from core.labels import NORMAL, OSTEOPENIA, OSTEOPOROSIS
from core.reference import AGES, CLASS_FROM_AGE, NECK_BY_AGE, REFERENCE, YOUNG

Array = npt.NDArray[np.floating]

# Z-scores take the spread of young white women at every age and for both sexes
# (docs/decisions/z-scores-are-approximate.md).
OWN_AGE = "NHANES III white, own age and sex, approximate: means in round figures, SD 0.120 of young women"


def t_score(region: str, abmd: float) -> float | None:
    """Standard deviations from a young white woman's mean; None for a region without a reference."""
    if region not in YOUNG:
        return None
    mean, spread = YOUNG[region]
    return (abmd - mean) / spread


def z_score(region: str, abmd: float, person: Clinical) -> float | None:
    """Standard deviations from the mean of one's own age and sex; None where either, or a reference, is not known."""
    if region != "femoral_neck" or person.age_years is None or person.sex is None:
        return None
    mean = float(np.interp(person.age_years, AGES, NECK_BY_AGE[person.sex]))
    return (abmd - mean) / YOUNG[region][1]


def who_class(lowest_t: float) -> str:
    """WHO's classes: osteoporosis from -2.5 down, normal from -1.0 up."""
    return NORMAL if lowest_t >= -1.0 else OSTEOPENIA if lowest_t > -2.5 else OSTEOPOROSIS


def lowest_t(densities: Array, regions: Sequence[str]) -> Array:
    """The lower T-score [...] of the regions that have a reference, from densities [..., R] in g/cm2; NaN where one of
    them is not known."""
    scores = [
        (densities[..., at] - YOUNG[region][0]) / YOUNG[region][1]
        for at, region in enumerate(regions)
        if region in YOUNG
    ]
    return np.asarray(np.min(scores, 0))


@dataclass(frozen=True, eq=False)
class Residuals:
    """What a network's densities were off by on limbs held out, each in units of that limb's own doubt.

    regions: their names, R. line [R, 2]: slope and intercept that bring answers to the truth. doubt [R]: g/cm2 that an
    answer is off by when all looks at the film agree; the spread of the looks is added in squares. units [N, R]:
    (truth - answer) / doubt. reach [R]: the split-conformal bound of their size at `coverage` (Lei et al., JASA 2018).
    """

    regions: tuple[str, ...]
    line: Array
    doubt: Array
    units: Array
    reach: Array
    coverage: float

    @classmethod
    def learn(cls, regions: Sequence[str], truth: Array, answer: Array, spread: Array, coverage: float) -> "Residuals":
        """From truth, answers and the spread of looks [N, R] of limbs nobody learned from. Rows with a truth unknown
        (NaN) do not count. Raises ValueError for fewer than 20."""
        known = np.isfinite(truth).all(1)
        if known.sum() < 20:
            raise ValueError(
                f"found {int(known.sum())} limbs held out whose densities are all known, expected at least 20 to say "
                f"how sure an answer is; the columns are {', '.join(f'abmd_{name}' for name in regions)}"
            )
        truth, answer, spread = truth[known], answer[known], spread[known]
        line = np.array([_line(answer[:, at], truth[:, at]) for at in range(len(regions))])
        off = truth - (answer * line[:, 0] + line[:, 1])
        doubt = np.sqrt((off**2).mean(0))
        units = off / np.hypot(doubt, spread)
        rank = min(int(np.ceil((len(units) + 1) * coverage)), len(units))
        return cls(tuple(regions), line, doubt, units, np.sort(np.abs(units), axis=0)[rank - 1], coverage)

    def settled(self, answer: Array, spread: Array) -> tuple[Array, Array]:
        """Densities and their doubts [..., R] in g/cm2."""
        return answer * self.line[:, 0] + self.line[:, 1], np.hypot(self.doubt, spread)

    def interval(self, answer: Array, spread: Array) -> tuple[Array, Array]:
        """The lower and the upper end [..., R]: between them lies the truth at the stated rate."""
        value, doubt = self.settled(answer, spread)
        return value - self.reach * doubt, value + self.reach * doubt

    def to_dict(self, most: int = 400) -> dict[str, Any]:
        """Plain values; of many limbs every n-th, which serves the classes' probabilities as well."""
        return {
            "line": self.line.round(5).tolist(),
            "doubt": self.doubt.round(5).tolist(),
            "units": self.units[:: max(1, len(self.units) // most)].round(3).tolist(),
            "reach": self.reach.round(4).tolist(),
            "coverage": self.coverage,
        }

    @classmethod
    def from_dict(cls, regions: Sequence[str], values: Mapping[str, Any]) -> "Residuals":
        line, doubt, units, reach = (np.array(values[name]) for name in ("line", "doubt", "units", "reach"))
        return cls(tuple(regions), line, doubt, units, reach, values["coverage"])


def _line(answer: Array, truth: Array) -> tuple[float, float]:
    """Slope and intercept from answers to the truth [N]; the slope within reason, however little an answer says."""
    varied = float(((answer - answer.mean()) ** 2).sum())
    slope = float(((answer - answer.mean()) * (truth - truth.mean())).sum()) / max(varied, 1e-9)
    slope = min(max(slope, 0.5), 2.0)
    return slope, float(truth.mean() - slope * answer.mean())


def report(residuals: Residuals, answer: Array, spread: Array, person: Clinical) -> tuple[Bmd, ...]:
    """What is said of each region of one limb; answer, spread [R]. Under 50 Z-scores stand in place of T-scores."""
    young = person.age_years is not None and person.age_years < CLASS_FROM_AGE
    value, _ = residuals.settled(answer, spread)
    low, high = residuals.interval(answer, spread)
    told = []
    for at, region in enumerate(residuals.regions):
        ends = (float(low[at]), float(high[at]))
        t = None if young else t_score(region, float(value[at]))
        z = z_score(region, float(value[at]), person) if young else None
        t_ends = None if t is None else tuple(round(float(t_score(region, end) or 0.0), 2) for end in ends)
        told.append(
            Bmd(
                region=region,
                abmd_g_cm2=round(float(value[at]), 4),
                interval=(round(ends[0], 4), round(ends[1], 4)),
                t_score=None if t is None else round(t, 2),
                t_interval=None if t_ends is None else (t_ends[0], t_ends[1]),
                reference=None if t is None else REFERENCE,
                z_score=None if z is None else round(z, 2),
                z_reference=None if z is None else OWN_AGE,
            )
        )
    return tuple(told)


def deciding(told: Sequence[Bmd]) -> Bmd:
    """The region by which the class is named: the lower T-score of femoral neck and total hip."""
    return min((one for one in told if one.t_score is not None), key=lambda one: one.t_score or 0.0)


def class_probabilities(
    residuals: Residuals, answer: Array, spread: Array, labels: Sequence[str]
) -> tuple[str, Probabilities, tuple[str, ...]]:
    """The class by the lower T-score, how likely each is, and those that cannot be ruled out.

    Every error that was made on a limb held out, of all regions together, is laid upon this answer: the share of them
    that ends in a class is its probability. The set holds each class with more than half of what the interval leaves
    out, and the answer's own.
    """
    value, doubt = residuals.settled(answer, spread)
    label = who_class(float(lowest_t(value, residuals.regions)))
    imagined = value + residuals.units * doubt
    drawn = [who_class(float(one)) for one in lowest_t(imagined, residuals.regions)]
    # One imagined limb in the answer's own class: with few limbs no class is ever impossible by chance alone.
    count = {name: drawn.count(name) + (1.0 if name == label else 0.0) for name in labels}
    shares = {name: value / sum(count.values()) for name, value in count.items()}
    rest = (1 - residuals.coverage) / 2
    kept = tuple(name for name in sorted(shares, key=lambda one: -shares[one]) if shares[name] > rest or name == label)
    return label, shares, kept
