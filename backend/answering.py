"""From a task of Label Studio to the model's answer in that project's own form.

blind? -> the film -> read it -> word the answer -> fit it into what the project asks
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import learning
import reading
from annotation import worklist
from annotation.films import facts_of, kept_path
from annotation.label_studio import LabelStudio, LabelStudioFault, ProjectGone
from annotation.ledger import LedgerFault, WorklistEntry
from annotation.live import Interface, NoImage, fitted, image_of
from annotation.predictions import Said, filled_in, is_blind, said, said_of
from annotation.question import Question
from core.clinical import Clinical
from core.mask import BitMask
from core.reading import Reading
from core.settings import settings
from core.system.safe_trace import said_safely

log = logging.getLogger(__name__)

PATIENCE_S = 75.0  # Label Studio waits 100 s for an answer; what is not read by then, it asks for again
_ONE_FILM = Lock()  # networks share the cores: two films at once would take as long and twice the memory


@dataclass(frozen=True)
class Answer:
    """What a task gets. prediction: in Label Studio's form, empty where the film was refused; None: nothing that is
    kept, so that Label Studio asks again. notes: what was left out, and why, each one sentence."""

    prediction: dict[str, Any] | None
    notes: tuple[str, ...] = ()


def version(project: int, interface: Interface, pinned: str | None = None) -> str:
    """Which models answer in this project, as `name@version`. Label Studio asks for a task anew when it changes.

    pinned: a recipe that the project was connected with. Of a project of the worklist, the recipes it asks about; of
    any other, those of which its interface can say anything.
    """
    able = {one.name: one for one in reading.ready()}
    try:
        asked = [pinned] if pinned else worklist.ledger().recipes_of_project(project)
    except LedgerFault:  # said in the answer to each task
        asked = []
    wanted = [able[name] for name in asked if name in able]
    if not asked:
        firsts = {one.view_name: one for one in reversed(able.values())}.values()
        wanted = [one for one in firsts if interface.offers(_names(learning.question(one.name)))] or list(firsts)
    return " ".join(sorted(str(one.bundle) for one in wanted))


def _names(question: Question) -> list[str]:
    regions = [question.region_label(region, None) for region in question.regions]
    return [*question.labels, *regions, *question.findings, *map(question.point_label, question.points)]


def answers(
    tasks: Sequence[Mapping[str, Any]],
    project: int,
    config: str,
    pinned: str | None = None,
    patience_s: float = PATIENCE_S,
) -> list[Answer]:
    """An answer to each task of one project, in their order. Raises nothing for what is wrong with a task."""
    until = time.monotonic() + patience_s
    try:
        studio, interface = worklist.label_studio(), Interface.of(config)
        shows = studio.project_now(project).shows
    except (LabelStudioFault, ProjectGone, ValueError) as fault:
        return [Answer(None, (str(fault),))] * len(tasks)
    if not shows:
        hidden = (
            f"Project {project} hides predictions from its readers, who judge blind; to show them, switch on "
            "predictions under Settings, Annotation"
        )
        return [Answer(None, (hidden,))] * len(tasks)
    desk = _Desk(studio, interface, project, version(project, interface, pinned), pinned)
    return [desk.answer(task) if time.monotonic() < until else _later() for task in tasks]


def _later() -> Answer:
    return Answer(None, ("There was no time left for this film in this request; ask for it again",))


@dataclass(frozen=True)
class _Desk:
    """Where the tasks of one project are answered."""

    studio: LabelStudio
    interface: Interface
    project: int
    version: str
    pinned: str | None

    def answer(self, task: Mapping[str, Any]) -> Answer:
        try:
            return self._answer(task)
        except (LabelStudioFault, LedgerFault) as fault:
            return Answer(None, (str(fault),))
        except (NoImage, ValueError) as fault:
            return self._empty(str(fault))
        except Exception as unforeseen:  # noqa: BLE001 - one task must not cost the others their answers
            log.error("task %s could not be answered: %s", task.get("id"), said_safely(unforeseen))
            return Answer(None, ("The program failed on this task; its log says at which step",))

    def _answer(self, task: Mapping[str, Any]) -> Answer:
        number = int(task["id"])
        known = worklist.ledger().tasks_of_project(self.project, [number]).get(number)
        entry = worklist.ledger().entry_numbered(known.entry) if known else None
        if known is not None and (known.blind is not False or entry is None or is_blind(entry, True)):
            return Answer(None, (f"Task {number} is asked blind, so nothing is shown",))
        if entry is not None and entry.model == self.version:
            return self._kept(entry)
        data, person, edge = self._film(task, number, entry)
        wanted = self.pinned or (entry.recipe if entry else "auto")
        with _ONE_FILM:
            readings = reading.read(data, f"task {number}", wanted, person, edge)
        return self._told(readings, f"{self.project}:{number}")

    def _film(
        self, task: Mapping[str, Any], number: int, entry: WorklistEntry | None
    ) -> tuple[bytes, Clinical | None, float | None]:
        """The film of a task, who is on it, and the edge of its pixels in mm, as far as that is known: of a case of the
        worklist as it was kept, since Label Studio has eight bits of it and nothing else."""
        home = settings().home
        if entry is not None and kept_path(home, entry.case_id).exists():
            facts = facts_of(home, entry.case_id)
            spacing = facts.spacing_mm
            edge = spacing[0] if spacing and spacing[0] == spacing[1] else None
            data = kept_path(home, entry.case_id).read_bytes()
            return data, Clinical(facts.age_years, facts.sex, facts.bmi), edge  # type: ignore[arg-type]
        address = task["data"].get(self.interface.image) if isinstance(task.get("data"), dict) else None
        return image_of(address, number, self.studio, int(settings().max_megabytes * 1e6)), None, None

    def _told(self, readings: list[Reading], film: str) -> Answer:
        told = [one for one in readings if one.status == "read"]
        if not told:
            first = readings[0]
            why = first.refusal.message if first.refusal else "".join(one.message for one in first.warnings)
            return self._empty(why) if first.status == "refused" else Answer(None, (why,))
        recipe, seen = str(told[0].recipe), told[0].radiograph
        control = worklist.ledger().entry(str(told[0].case_id), recipe)
        if control is not None and is_blind(control, True):
            return Answer(None, ("This film is a control case, which is judged blind, so nothing is shown",))
        assert seen is not None
        question = replace(learning.question(recipe), blind=False)
        drawn: dict[str | None, dict[str, BitMask]] = {
            one.side if question.sides else None: {region.name: BitMask.of(region.mask) for region in one.regions}
            for one in told
        }
        refused = [f"{one.side or 'A limb'}: {one.refusal.message}" for one in readings if one.refusal]
        size = (seen.width, seen.height)
        return self._fitted(list(said(question, [one.row() for one in told], drawn, size)), size, film, refused)

    def _kept(self, entry: WorklistEntry) -> Answer:
        """What the model said of a case as it was chosen: the same that a push fills in."""
        told, size = said_of(replace(learning.question(entry.recipe), blind=False), entry, settings().home)
        return self._fitted(told, size, f"{entry.case_id}:{entry.recipe}")

    def _fitted(self, told: Sequence[Said], size: tuple[int, int], film: str, why: Sequence[str] = ()) -> Answer:
        found = fitted(told, self.interface, size, film, why)
        return Answer(filled_in(found.results, found.told, self.version), tuple(found.notes))

    def _empty(self, why: str) -> Answer:
        """Why there is no answer. It is kept, so that the film is not asked for again before another version reads."""
        return self._fitted((), (1, 1), why, [why])
