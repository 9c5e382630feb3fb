"""Trainings small enough for a test."""

from pathlib import Path
from typing import Any

from recipes.recipe import Recipe
from training.run import NetworkTrainer, Run


def a_run(recipe: Recipe, folder: Path, preset: str = "tiny", version: str = "0.0.1", **more: Any) -> Run:
    """A run that nobody watches."""
    return Run(recipe, preset, folder, 0, version, "films of a test", **more)


def a_trainer(recipe: Recipe, folder: Path, preset: str = "tiny", **more: Any) -> NetworkTrainer:
    """Who does a task's share of it."""
    return NetworkTrainer(a_run(recipe, folder, preset, **more), "films of a test")
