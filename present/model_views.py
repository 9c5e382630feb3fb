"""How often a bundle names the view of a film rightly, from its evidence."""

from collections.abc import Mapping
from typing import Any

from present.measured import Figure

SETS = {
    "virtual": "Virtual patients never learned from, scanner {}",
    "left_out": "Real films, their origin left out: {}",
    "pictures": "Drawn pictures that are no film: {}",
}


def views_told(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row a set of films: how many, the share named rightly, and how many surely named wrongly."""
    return [
        {
            "Films": title.format(name),
            "Number": str(one["films"]),
            "Right": str(Figure.of(name, one["share_right"])),
            "Surely wrong": str(one["surely_wrong"]),
        }
        for part, title in SETS.items()
        for name, one in evidence.get(part, {}).items()
    ]


def views_sentence(evidence: Mapping[str, Any]) -> str:
    """How many films were named rightly, virtual ones and real ones."""
    said = []
    for part, what in (("virtual", "films of virtual patients never learned from"), ("left_out", "real films")):
        found = evidence.get(part, {}).values()
        if found:
            said.append(f"{sum(one['right'] for one in found)} of {sum(one['films'] for one in found)} {what}")
    how = " (each origin left out of learning in turn)" if evidence.get("left_out") else ""
    return f"It names the view of {' and of '.join(said)}{how} rightly."
