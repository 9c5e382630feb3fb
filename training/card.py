"""The model card of a bundle that is being made, under the name by which the courses know it.

`learning.train` writes the card of every bundle itself; this stays until no course asks for one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.model_facts import ModelFacts
from report import card


def model_card(
    title: str,
    name: str,
    version: str,
    labels: Sequence[str],
    learned_from: str,
    intended_use: str,
    provenance: Mapping[str, Any],
    evidence: Mapping[str, Any],
    limits: Sequence[str],
) -> str:
    """README.md of a bundle, in Hugging Face's form."""
    facts = ModelFacts(
        name, version, title, labels=tuple(labels), learned_from=learned_from, provenance=provenance,
        simplifications=tuple(limits),
    )  # fmt: skip
    return card.model_card(facts, evidence)
