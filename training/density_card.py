"""The model card of a bundle that is being made, as `training.card`."""

from collections.abc import Mapping
from typing import Any

from core.model_facts import ModelFacts
from recipes.recipe import Recipe
from report import card


def density_card(
    recipe: Recipe, version: str, learned_from: str, provenance: Mapping[str, Any], evidence: Mapping[str, Any]
) -> str:
    """README.md of a bundle, in Hugging Face's form."""
    facts = ModelFacts(
        recipe.name, version, recipe.title, recipe.paper, learned_from=learned_from, provenance=provenance,
        simplifications=recipe.simplifications, labels=recipe.labels,
    )  # fmt: skip
    return card.model_card(facts, evidence)
