"""A model in a sentence: what stands beside its answers, and its line in a list."""

from collections.abc import Mapping
from typing import Any

from core.model_facts import ModelFacts, ModelSummary
from evidence.record import Evidence
from report.shows import shows_of

NOT_MEASURED = "This model has not been evaluated."


def summary(facts: ModelFacts, evidence: Evidence | Mapping[str, Any]) -> ModelSummary:
    """What stands beside every answer of a model."""
    known = evidence if isinstance(evidence, Evidence) else Evidence.from_plain(evidence)
    said = next((said for show in shows_of(known) if (said := show.sentence(facts, known))), NOT_MEASURED)
    return ModelSummary(facts.name, facts.version, facts.coverage, facts.weights, said)


def summary_of(description: Mapping[str, Any]) -> ModelSummary:
    """The same, from what a bundle says of itself as plain values."""
    return summary(ModelFacts.of(description), description.get("evidence") or {})


def shelf_line(description: Mapping[str, Any]) -> str:
    """A bundle on one line, for the command line."""
    one = summary_of(description)
    return f"{one.name}@{one.version}  {one.measured}  Training data: {description.get('learned_from', '')}"
