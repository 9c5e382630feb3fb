"""Which module shows which task: `tasks.<task>.show`, so that a new task needs no line here."""

from importlib import import_module
from typing import cast

from evidence.record import Evidence
from evidence.shown import Show


def show_of(task: str) -> Show:
    """How a task's evidence is shown. Raises ValueError for a task that says nothing of it."""
    try:
        return cast(Show, import_module(f"tasks.{task}.show"))
    except ModuleNotFoundError as fault:
        raise ValueError(
            f"found evidence of the task {task!r}, expected tasks/{task}/show.py to say how it is shown"
        ) from fault


def shows_of(evidence: Evidence) -> list[Show]:
    """How each task of a model is shown, the one that it answers with first."""
    return [show_of(task) for task in evidence.tasks]
