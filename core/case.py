"""A film with an expert's answer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LabeledCase:
    """What came back from an expert: who (pseudonym), when, and what. `outlines` are percent polygons by region."""

    case_id: str
    label: str | None
    annotator: str
    answered_at: datetime
    recipe: str
    side: str | None = None
    outlines: dict[str, tuple[tuple[float, float], ...]] | None = None
    remark: str | None = None
