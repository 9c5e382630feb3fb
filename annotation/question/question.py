"""What the expert is asked about a film in Label Studio.

In a blind question the model's answer, its doubts and the reason why the case was picked stay out: a reader who sees an
answer leans towards it, and one who knows a case for a control reads it differently. Age and sex stay out in any, since
only pixels and the opaque name leave the machine.
"""

from dataclasses import dataclass
from functools import cached_property

from annotation.question.form import form
from annotation.question.keys import keys_of
from annotation.question.names import (
    BRUSH,
    CANNOT_BE_JUDGED,
    CERTAINTIES,
    CLASS,
    GRADE,
    GRADES,
    NO,
    POINTS,
    REASON,
    REASONS,
    REGIONS,
    SURE,
    YES,
)
from annotation.question.words import instruction
from core.labels import CLASSES
from core.vertebra import LEVELS, OUTPUTS

_TITLE = 50  # letters of a project's title that Label Studio keeps


@dataclass(frozen=True)
class Question:
    """What is asked about a film: a class, once or for each side; or findings of yes or no, with grades a structure.

    sides: empty where all limbs of a film share one answer (knees), else the sides that are judged apart (hips).
    labels: the classes to choose from; empty where findings are asked for instead. findings: questions of yes or no, by
    name. grades: structures that are graded after Genant. regions: what is outlined, with the brush or as polygons.
    points: landmarks. blind: whether the expert sees nothing of the model's answer. model: the `name@version` whose
    answer is shown otherwise, since Label Studio shows those of one version in a project.
    """

    recipe: str
    about: str  # which film it is, in a reader's words: "Knee, AP"
    labels: tuple[str, ...] = CLASSES
    regions: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    blind: bool = True
    model: str = ""

    @classmethod
    def of_films(
        cls,
        recipe: str,
        site: str,
        view: str,
        labels: tuple[str, ...],
        regions: tuple[str, ...],
        findings: tuple[str, ...],
        points: tuple[str, ...],
    ) -> "Question":
        """What networks of these outputs answer, and can be taught. Hips are judged each for itself, other films as
        one; vertebrae are graded where their corners are marked as well."""
        graded = findings and points == OUTPUTS
        return cls(
            recipe,
            f"{site.capitalize()}, {view.upper() if view == 'ap' else view}",
            labels=labels,
            regions=regions,
            sides=("R", "L") if site == "hip" else (),
            findings=findings,
            grades=tuple(reversed(LEVELS)) if graded else (),
            points=points,
        )

    @property
    def plain(self) -> bool:
        """Whether this is the question of the main project: three classes, one answer a film, nothing to outline."""
        more = (self.regions, self.sides, self.findings, self.grades, self.points)
        return self.labels == CLASSES and self.blind and not any(more)

    def project_title(self, title: str) -> str:
        """The project that asks this question: the main one, or one of the recipe's own beside it, which says whether
        it is blind."""
        if self.plain:
            return title
        how = "blind" if self.blind else f"relabel {self.model.partition('@')[2]}".strip()
        ending = f" {self.recipe} {how}"[-_TITLE:]
        return f"{title[: _TITLE - len(ending)]}{ending}"

    @property
    def class_controls(self) -> dict[str | None, str]:
        """The name of the control that holds the class, by side."""
        return self._by_side(CLASS) if self.labels else {}

    @property
    def reason_controls(self) -> dict[str | None, str]:
        """The name of the control that says why the film, or one side of it, cannot be judged."""
        return self._by_side(REASON)

    @property
    def region_controls(self) -> dict[str | None, str]:
        """The name of the control that holds the polygons, by side."""
        return self._by_side(REGIONS)

    @property
    def brush_controls(self) -> dict[str | None, str]:
        """The name of the control that holds the brush masks, by side."""
        return self._by_side(BRUSH)

    @property
    def grade_controls(self) -> dict[str, str]:
        """The name of the control that holds a structure's grade."""
        return {structure: f"{GRADE}_{structure}" for structure in self.grades}

    def _by_side(self, name: str) -> dict[str | None, str]:
        return {side: f"{name}_{side}" for side in self.sides} if self.sides else {None: name}

    @staticmethod
    def region_label(region: str, side: str | None) -> str:
        """The name of a region as the expert sees it: `femoral neck R`."""
        return " ".join(filter(None, (region.replace("_", " "), side)))

    @staticmethod
    def point_label(point: str) -> str:
        """The name of a landmark as the expert sees it: `L5 front upper`."""
        return point.replace("_", " ")

    @cached_property
    def offered(self) -> dict[str, tuple[str, ...]]:
        """What each control offers, in the order in which keys are given out; free text offers nothing."""
        offered: dict[str, tuple[str, ...]] = {}
        for name in self.class_controls.values():
            offered[name] = (*self.labels, CANNOT_BE_JUDGED)
        for name in self.findings:
            offered[name] = (YES, NO, CANNOT_BE_JUDGED)
        offered[SURE] = CERTAINTIES
        for name in self.grade_controls.values():
            offered[name] = GRADES
        for side, name in self.brush_controls.items() if self.regions else ():
            drawn = tuple(self.region_label(region, side) for region in self.regions)
            offered[name] = offered[self.region_controls[side]] = drawn
        for name in self.reason_controls.values():
            offered[name] = REASONS
        if self.points:
            offered[POINTS] = tuple(map(self.point_label, self.points))
        return offered

    @cached_property
    def hotkeys(self) -> dict[str, dict[str, str]]:
        """The key of each choice and label, by control and choice; no key stands for two of them."""
        return keys_of(self.offered, CANNOT_BE_JUDGED)

    def instruction(self) -> str:
        """What the expert is told before the first film, with the keys of this very question (HTML)."""
        return instruction(self)

    def config(self) -> str:
        """The labelling configuration (XML) of Label Studio."""
        return form(self)


MAIN = Question("", "")  # the question that the main project asks; which film it is stands in each task
