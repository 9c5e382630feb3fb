"""Which course teaches a recipe, and what examines a bundle that it made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.bundle import Bundle
from recipes.recipe import Recipe
from recipes.view import RECIPE as VIEW
from training import (
    density_course,
    density_evaluation,
    evaluation,
    film_course,
    finder_course,
    limb_course,
    spine_course,
    spine_evaluation,
    view_course,
)
from training.examined import Examined


@dataclass(frozen=True)
class Course:
    """teach: from manifests to a bundle. examine: what a bundle answers to sets of films nobody taught it. sign: write
    that into a bundle that was just made. Both None where the bundle's own held-out films are all there is."""

    teach: Callable[..., Bundle]
    examine: Callable[..., Examined] | None = None
    sign: Callable[..., Any] | None = None


def course_of(recipe: Recipe) -> Course:
    """By what a recipe answers, and whether it finds limbs first."""
    if recipe.name == VIEW.name:
        return Course(view_course.teach)  # examined on real films too: see `learning.evaluate_views`
    if recipe.scores:
        return Course(spine_course.teach, spine_evaluation.examine, spine_course.sign)
    if recipe.measures:
        return Course(density_course.teach, density_evaluation.examine, density_course.sign)
    if not recipe.labels:
        return Course(finder_course.teach)
    if recipe.finder is None or recipe.shared:
        return Course(film_course.teach)
    return Course(limb_course.teach, evaluation.examine, limb_course.sign)
