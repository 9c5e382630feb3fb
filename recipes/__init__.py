"""The published systems, one file each; and what they begin with: the finder of hips, and the network of views."""

from recipes import hip_bmd, hip_finder, hip_regions, hip_vit, knee_finder, knee_resnet, spine_vertex, view
from recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (hip_vit.RECIPE, hip_regions.RECIPE, knee_resnet.RECIPE, hip_bmd.RECIPE, spine_vertex.RECIPE)
}
BEFORE = {
    recipe.name: recipe for recipe in (view.RECIPE, hip_finder.RECIPE, knee_finder.RECIPE)
}  # what recipes begin with
LEARNERS = (*BEFORE, *RECIPES)  # whatever can be trained


def by_name(name: str) -> Recipe:
    """A recipe that reads films. Raises ValueError that lists the known ones."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


def learner(name: str) -> Recipe:
    """A recipe that can be trained: one that reads films, or one that others begin with."""
    return BEFORE.get(name) or by_name(name)


__all__ = ["LEARNERS", "RECIPES", "Recipe", "by_name", "learner"]
