"""A challenger against the champion on the same films, and whether it may take its place.

The rule, in one sentence: a challenger reads if its primary figure is better with the whole 95 % interval of the paired
difference on the better side, no other figure that is watched is significantly worse, and neither is the primary figure
in any subgroup of 20 patients or more (one-sided, 5 %, by Holm's correction).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.figure import Figure
from evidence.statistics.paired import holm, mean_difference, worse

Array = npt.NDArray[np.floating]
ENOUGH = 20  # patients, from which a subgroup is judged
ALPHA = 0.05
RULE = (
    "A challenger reads if its primary figure is better with the whole 95 % interval of the paired difference on the "
    "better side, no other watched figure is significantly worse, and neither is the primary figure in any subgroup of "
    f"{ENOUGH} patients or more (one-sided, 5 %, by Holm's correction)."
)
BANDS = (
    (0, 50, "under 50"),
    (50, 60, "50 to 59"),
    (60, 70, "60 to 69"),
    (70, 80, "70 to 79"),
    (80, 200, "80 and over"),
)


@dataclass(frozen=True)
class Measure:
    """One figure of both. first: the champion's; second: the challenger's; difference: second less first, paired, with
    its interval. p: of no difference, where a test gives one. better: whether `more` or `less` of it is better; None
    where neither is, as of a rate that should meet its promise."""

    title: str
    first: float | None
    second: float | None
    difference: Figure
    p: float | None = None
    better: str | None = None
    how: str = ""

    @property
    def is_worse(self) -> bool:
        """Whether the second is significantly worse: by its test where there is one, else by its interval."""
        value, low, high = self.difference.value, self.difference.low, self.difference.high
        if value is None or self.better is None or value == 0:
            return False
        wrong = value < 0 if self.better == "more" else value > 0
        if self.p is not None:
            return wrong and self.p < ALPHA
        return wrong and low is not None and high is not None and (high < 0 if self.better == "more" else low > 0)


@dataclass(frozen=True, eq=False)
class Paired:
    """What a task makes of two models' answers to the same units.

    primary: what its losses are called. losses: the champion's and the challenger's, [N] each, less is better, NaN
    where the truth is not known. measures: everything else, of which those with `better` are watched.
    """

    primary: str
    losses: tuple[Array, Array]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Subgroup:
    """One subgroup: the primary loss of both. p: corrected, of a challenger that is not worse; None where too few."""

    about: str
    name: str
    units: int
    patients: int
    first: float
    second: float
    difference: Figure
    p: float | None = None


@dataclass(frozen=True)
class Comparison:
    """primary: the figure that decides. takes: whether the challenger may read. reasons: why, or why not. tasks: the
    measures of each task. subgroups: by the primary figure."""

    units: int
    patients: int
    primary: Measure
    takes: bool
    reasons: tuple[str, ...]
    tasks: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    subgroups: tuple[Subgroup, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def short(self) -> dict[str, Any]:
        """What the log keeps."""
        return {"units": self.units, "patients": self.patients, "primary": asdict(self.primary), "takes": self.takes}


def weigh(
    paired: Mapping[str, Paired], patients: Sequence[Hashable], about: Mapping[str, Sequence[str | None]]
) -> Comparison:
    """Weigh a challenger. paired: by task, the one that decides last. patients [N]: whose each unit is. about: by name
    of the attribute (scanner, sex), each unit's value, None where not known."""
    *_, deciding = paired.values()
    first, second = deciding.losses
    known = np.isfinite(first) & np.isfinite(second)
    primary = Measure(
        deciding.primary,
        float(first[known].mean()) if known.any() else None,
        float(second[known].mean()) if known.any() else None,
        mean_difference(first, second, patients),
        better="less",
        how="paired bootstrap by patient",
    )
    reasons = []
    low, high = primary.difference.low, primary.difference.high
    gains = low is not None and high is not None and high < 0
    if not gains:
        reasons.append(
            f"{primary.title} is not surely better: {primary.first:.4f} by the champion, {primary.second:.4f} by the "
            f"challenger, difference {primary.difference.text(4, signed=True)}"
            if primary.first is not None and primary.second is not None
            else f"{primary.title} is not known of any film"
        )
    for task, one in paired.items():
        reasons += [f"{task}: {measure.title} is worse" for measure in one.measures if measure.is_worse]
        if one is not deciding and worse(*one.losses, patients) < ALPHA:
            reasons.append(f"{task}: {one.primary} is worse")
    groups = subgroups(first, second, patients, about)
    reasons += [
        f"{primary.title} is worse in {one.about} {one.name}" for one in groups if one.p is not None and one.p < ALPHA
    ]
    takes = not reasons
    if takes:
        reasons.append(f"{primary.title} is better by {-(primary.difference.value or 0):.4f}, and nothing is worse")
    measures = {task: one.measures for task, one in paired.items()}
    count = len(set(map(str, patients)))
    return Comparison(int(known.sum()), count, primary, takes, tuple(reasons), measures, groups)


def subgroups(
    first: Array, second: Array, patients: Sequence[Hashable], about: Mapping[str, Sequence[str | None]]
) -> tuple[Subgroup, ...]:
    """Of each value that an attribute has, where it has several."""
    found: list[tuple[Subgroup, float | None]] = []
    known = np.isfinite(first) & np.isfinite(second)
    for attribute, values in about.items():
        named = np.array([value or "" for value in values])
        kinds = sorted(set(named[known].tolist()) - {""})
        for kind in kinds if len(kinds) > 1 else ():
            rows = np.flatnonzero(known & (named == kind))
            whose = [patients[row] for row in rows]
            count = len(set(map(str, whose)))
            one, other = first[rows], second[rows]
            more = mean_difference(one, other, whose)
            p = worse(one, other, whose) if count >= ENOUGH else None
            found.append((Subgroup(attribute, kind, len(rows), count, float(one.mean()), float(other.mean()), more), p))
    judged = [p for _, p in found if p is not None]
    corrected = iter(holm(judged))
    return tuple(replace(one, p=None if p is None else next(corrected)) for one, p in found)


def age_band(years: float | None) -> str | None:
    """The band of an age; None where it is not known."""
    if years is None:
        return None
    return next((name for low, high, name in BANDS if low <= years < high), None)
