"""The published systems, one file each; and the finder that the hip recipes begin with."""

from recipes import hip_finder, hip_regions, hip_vit, knee_resnet
from recipes.recipe import Candidate, Preset, Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (hip_vit.RECIPE, hip_regions.RECIPE, knee_resnet.RECIPE)
}
LEARNERS = (hip_finder.RECIPE.name, *RECIPES)  # whatever can be trained


def by_name(name: str) -> Recipe:
    """A recipe that reads films. Raises ValueError that lists the known ones."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


def learner(name: str) -> Recipe:
    """A recipe that can be trained: one that reads films, or the finder."""
    return hip_finder.RECIPE if name == hip_finder.RECIPE.name else by_name(name)


__all__ = ["LEARNERS", "RECIPES", "Candidate", "Preset", "Recipe", "by_name", "learner"]
