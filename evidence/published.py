"""What a study has published of its model, to stand beside our own figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedSet:
    """Figures of one set: accuracy, and by class what the paper names (`auc`, `sensitivity`, `ppv`, ...)."""

    accuracy: float | None = None
    classes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """One study. network: ours that is like the study's. regions: by region and figure, auc: by question, as printed.
    repeatability: as printed."""

    source: str
    network: str = ""
    sets: Mapping[str, PublishedSet] = field(default_factory=dict)
    regions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    auc: Mapping[str, str] = field(default_factory=dict)
    repeatability: str = ""
