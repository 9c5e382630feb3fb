"""The Basic Application Level Confidentiality Profile (PS3.15 Annex E, table E.1-1, edition 2026c) as data.

`profile.csv` holds the table's facts: tag, action, and by which of the two options taken here the tag is kept.
Actions: X remove; Z empty; D put a dummy; U replace the UID; with a slash, what the attribute's type allows.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

Action = Literal["X", "Z", "D", "U"]
# Where the table leaves the choice to the attribute's type in its object, take what is valid in every object.
_SAFEST: Final[dict[str, Action]] = {"X/Z": "Z", "Z/D": "D", "X/D": "D", "X/Z/D": "D", "X/Z/U*": "X"}


@dataclass(frozen=True)
class Rule:
    """What the profile does to one tag, and which option keeps it (`device`, `patient`, or none)."""

    action: Action
    kept_by: Literal["device", "patient", ""]


@cache
def rules() -> dict[int, Rule]:
    """By tag number."""
    table: dict[int, Rule] = {}
    with Path(__file__).with_suffix(".csv").open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            table[int(row["tag"], 16)] = Rule(_SAFEST.get(row["action"], row["action"]), row["kept_by"])  # type: ignore[arg-type]
    return table
