"""The evidence of one bundle: what it was trained on, and its figures by set of films."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.record.base import EvidenceError
from evidence.record.classes import ENSEMBLE, ClassFigures, ClassSummary
from evidence.record.density import DensityFigures
from evidence.record.landmarks import LandmarkFigures
from evidence.record.masks import MaskFigures
from evidence.record.scores import ScoreFigures
from evidence.record.views import ViewFigures

SCHEMA = 1
# What marks a task's figures in a set. A bundle shows the first of its tasks first: that is what it answers.
MARKS = {
    "classes": ("answers",),
    "scores": ("scores",),
    "density": ("regions",),
    "masks": ("outlines",),
    "landmarks": ("landmarks", "vertebrae"),
}
VIEWS = tuple(ViewFigures.model_fields)
KNOWN = ("schema", "tasks", "data", "comparison")
FACTS = (*KNOWN, "outlines_held_out")  # keys of an evidence file that name no set


class FigureSet(ClassFigures, ScoreFigures, DensityFigures, LandmarkFigures, MaskFigures):
    """One set of films, with the figures of each task that was measured on it."""

    def tasks(self) -> list[str]:
        """Those of the known tasks that have figures here."""
        return [task for task, marks in MARKS.items() if any(getattr(self, mark) for mark in marks)]


@dataclass(frozen=True)
class Evidence:
    """Everything measured of one bundle.

    data: facts of the training data. sets: by name, such as `internal`, `external`, `held_out` (the validation split),
    `test` and `cross_validation`. views: of the network of views. comparison: other networks on the same films, by
    question and network. others: keys that this version does not know, kept as they came.
    """

    tasks: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    sets: Mapping[str, FigureSet] = field(default_factory=dict)
    views: ViewFigures | None = None
    comparison: Mapping[str, Mapping[str, ClassSummary]] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Evidence":
        """From evidence.json, of this schema or from before it had a number. Raises EvidenceError in one sentence."""
        schema = values.get("schema", 0)
        if not isinstance(schema, int) or schema > SCHEMA:
            raise EvidenceError(
                f"found evidence of schema {schema!r}, expected at most {SCHEMA}; update Osteolens to read this bundle"
            )
        figures = {name: one for name, one in values.items() if isinstance(one, Mapping) and name not in FACTS}
        found = cls.measured(figures)
        return replace(
            found,
            tasks=(*found.tasks, *(task for task in values.get("tasks", ()) if task not in found.tasks)),
            data=values.get("data", {}),
            comparison={
                question: {name: ClassSummary.from_plain(one) for name, one in answers.items()}
                for question, answers in values.get("comparison", {}).items()
            },
            others={name: one for name, one in values.items() if name not in (*KNOWN, *figures)},
        )

    @classmethod
    def measured(cls, sets: Mapping[str, Mapping[str, Any]]) -> "Evidence":
        """From what a measurement gives: plain figures by set, and the network of views' by kind of film."""
        views = {name: one for name, one in sets.items() if name in VIEWS and all(map(_is_views, one.values()))}
        known = {name: FigureSet.from_plain(_set(one)) for name, one in sets.items() if name not in views}
        return cls(
            tasks=tuple(
                task
                for task in MARKS
                if (views and task == "classes") or any(task in one.tasks() for one in known.values())
            ),
            sets=known,
            views=ViewFigures.from_plain(views) if views else None,
        )

    def to_plain(self) -> dict[str, Any]:
        """As evidence.json is written today."""
        compared = {question: {name: one.to_plain() for name, one in answers.items()}
                    for question, answers in self.comparison.items()}  # fmt: skip
        return {
            "schema": SCHEMA,
            "tasks": list(self.tasks),
            "data": dict(self.data),
            **self.others,
            **{name: one.to_plain() for name, one in self.sets.items()},
            **(self.views.to_plain() if self.views else {}),
            **({"comparison": compared} if compared else {}),
        }

    def holding(self, task: str) -> dict[str, FigureSet]:
        """The sets with figures of one task, the least known to the networks first."""
        order = ("external", "internal", "test", "held_out", "cross_validation")
        ranked = sorted(self.sets, key=lambda name: order.index(name) if name in order else -1)
        return {name: self.sets[name] for name in ranked if task in self.sets[name].tasks()}


def _set(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A set as it is written today, from one of the forms in which a single task's figures filled it."""
    inner = [one for one in values.values() if isinstance(one, Mapping)]
    whole = bool(inner) and len(inner) == len(values)
    if "accuracy" in values:  # of the one network there was
        return {"answers": {ENSEMBLE: values}}
    if "median_error" in values:
        return {"landmarks": values}
    if whole and all("limbs" in one and ("r" in one or len(one) == 1) for one in inner):
        return {"regions": values}
    if whole and all("films" in one and ("balanced_accuracy" in one or "accuracy" in one) for one in inner):
        return {"answers": values}
    return values


def _is_views(values: Any) -> bool:
    return isinstance(values, Mapping) and "share_right" in values
