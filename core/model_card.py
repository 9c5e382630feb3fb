"""What a person should know of a bundle before believing it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure: its name in the field's words, the value, its 95 % interval, and on what it was measured.

    name: such as `accuracy` or `auc_osteoporosis`; value and interval in the figure's own unit, mostly 0..1.
    measured_on: the part held out, in words; n: how many films that was.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    n: int | None = None
    measured_on: str = ""


@dataclass(frozen=True)
class ModelCard:
    """One bundle on disk, for people: what it is, what it learned from, how good it was found to be and on what."""

    name: str
    version: str
    title: str
    recipe: str
    labels: tuple[str, ...]
    learned_from: str
    intended_use: str
    candidates: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    caveats: tuple[str, ...] = ()  # why a figure is low, what the data lacks: one sentence each
    coverage: float | None = None  # the rate at which its conformal sets hold the truth
    megabytes: float | None = None
