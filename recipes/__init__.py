"""The published systems, one file each."""

from recipes import knee_resnet
from recipes.recipe import Candidate, Preset, Recipe

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (knee_resnet.RECIPE,)}


def by_name(name: str) -> Recipe:
    """A recipe. Raises ValueError that lists the known ones."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


__all__ = ["RECIPES", "Candidate", "Preset", "Recipe", "by_name"]
