"""What a bundle says of itself, with what its recipe adds: title, paper, how it differs from it, units of landmarks."""

from collections.abc import Mapping
from typing import Any

from anatomy.find import JOINTS
from core.model_facts import ModelFacts
from recipes import LEARNERS, learner
from recipes.recipe import BEGUN
from tasks import SCORES


def facts_of(description: Mapping[str, Any], recipe_name: str | None = None) -> ModelFacts:
    """Facts of a bundle, from its config as plain values, and of its recipe, or the one that is named. Of a name that
    no recipe has, the config's alone."""
    name = recipe_name or description["name"]
    if name not in LEARNERS:
        return ModelFacts.of(description)
    recipe = learner(name)
    description = {**description, "name": name, "labels": recipe.labels, "scores": recipe.outputs(SCORES)}
    unit = ""
    if recipe.site in JOINTS:
        joint = JOINTS[recipe.site]
        origin, other = (name.replace("_", " ") for name in (joint.needed[0], joint.unit))
        unit = f"the distance from {origin} to {other}, about {joint.unit_mm} mm in an adult"
    differs = recipe.simplifications
    if description.get("parent"):
        differs = tuple(one.removesuffix(BEGUN) for one in differs)
    return ModelFacts.of(description, recipe.title, recipe.paper, differs, unit)
