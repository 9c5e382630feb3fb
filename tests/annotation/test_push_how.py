"""From a reading to a task: what is kept of it, and one task a case, blind or filled in, in the project of that way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import learning
from anatomy.femur import OUTLINED
from annotation.films import Kept, keep_film, outlines
from annotation.ledger import Ledger
from annotation.policy import CONTROL
from annotation.push import push
from annotation.question import Question
from core.radiograph import Radiograph
from core.reading import ModelVersion, Reading
from core.regions import Region, Regions
from core.vertebra import LEVELS, OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
HIP = Question("hip_vit", "Hip, AP", sides=("R", "L"))


class Studio:
    """Label Studio as dictionaries: projects by title, cases by project and task. dies: once a task is made, unsaid."""

    def __init__(self, dies: bool = False) -> None:
        self.titles: dict[str, int] = {}
        self.tasks: dict[int, dict[int, str]] = {}
        self.dies = dies

    def find_project(self, title: str) -> int | None:
        return self.titles.get(title)

    def project(self, question: Question, title: str, reader: int | None = None) -> int:
        number = self.titles.setdefault(question.project_title(title), len(self.titles) + 1)
        self.tasks.setdefault(number, {})
        return number

    def tasks_of_cases(self, project: int, case_ids: list[str], recipe: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for task, case in self.tasks[project].items():
            if case in case_ids:
                found.setdefault(case, []).append(task)
        return found

    def upload(self, project: int, films: dict[str, bytes]) -> dict[str, str]:
        return dict.fromkeys(films, "film")

    def create(self, project: int, tasks: list[dict[str, Any]]) -> list[int]:
        first = sum(map(len, self.tasks.values())) + 1
        made = {first + place: task["data"]["case_id"] for place, task in enumerate(tasks)}
        self.tasks[project] |= made
        if self.dies:
            self.dies = False
            raise KeyboardInterrupt
        return list(made)

    def link(self, project: int, task: int) -> str:
        return f"{project}/{task}"

    def cases(self) -> dict[str, list[str]]:
        return {title: list(self.tasks[number].values()) for title, number in self.titles.items()}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def enter(ledger: Ledger, home: Path, case: str, *reasons: str) -> None:
    keep_film(home, case, (ROOT / "samples" / "both_knees.png").read_bytes())
    row = {"side": "R", "label": "normal", "model": {"name": "hip_vit", "version": "1.2.0"}}
    ledger.enter(case, "hip_vit", reasons, row)


def pushed(ledger: Ledger, studio: Studio, home: Path, preannotate: bool) -> list[str | None]:
    steps = push(ledger, studio, "T", home, lambda name: HIP, preannotate=preannotate)  # type: ignore[arg-type]
    return [step.link for step in steps]


def test_control_cases_go_to_the_blind_project_and_the_others_where_answers_are_shown(
    ledger: Ledger, tmp_path: Path
) -> None:
    studio = Studio()
    enter(ledger, tmp_path, "a" * 24, "near_threshold")
    enter(ledger, tmp_path, "b" * 24, CONTROL)
    assert pushed(ledger, studio, tmp_path, preannotate=True) == ["1/1", "2/2"]
    assert studio.cases() == {"T hip_vit relabel 1.2.0": ["a" * 24], "T hip_vit blind": ["b" * 24]}


@pytest.mark.parametrize("first", [True, False])
def test_a_case_whose_blind_push_died_is_not_made_again_where_answers_are_shown(
    first: bool, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other way round."""
    monkeypatch.setattr("annotation.push._SETTLE_S", 0.0)
    studio = Studio(dies=True)
    enter(ledger, tmp_path, "a" * 24, "near_threshold")
    with pytest.raises(KeyboardInterrupt):
        pushed(ledger, studio, tmp_path, preannotate=first)
    assert pushed(ledger, studio, tmp_path, preannotate=not first) == ["1/1"]
    assert [case for cases in studio.cases().values() for case in cases] == ["a" * 24]


def test_each_recipe_asks_for_what_can_teach_all_its_parts() -> None:
    for name in ("hip_vit", "hip_regions", "hip_bmd"):
        hip = learning.question(name)
        assert (hip.regions, hip.sides, hip.findings) == (OUTLINED, ("R", "L"), ())  # the femur among them
    spine = learning.question("spine_vertex")
    assert (spine.labels, spine.regions, spine.points) == ((), (), OUTPUTS)
    assert spine.findings == ("vertebral_fracture", "osteoporosis")
    assert spine.grades == LEVELS[::-1]
    knee = learning.question("knee_resnet")
    assert knee.project_title("Osteolens") == "Osteolens"


def reading(version: str, mask: np.ndarray) -> Reading:
    film = Radiograph(np.full(mask.shape, 0.25, np.float32), "c" * 24, spacing_mm=(0.2, 0.2), patient="p" * 12)
    regions = Regions((Region("femur", mask), Region("proximal_femur", np.ones_like(mask))))
    return Reading(
        "MEIER.dcm",
        "read",
        case_id="c" * 24,
        recipe="hip_vit",
        side="R",
        regions=regions,
        model=ModelVersion("hip_vit", version),
        radiograph=film,
    )


def test_a_case_that_is_kept_has_its_film_as_read_and_the_outlines_of_the_answer_it_was_chosen_by(home: Path) -> None:
    first, later = np.eye(9, dtype=bool), np.ones((9, 9), bool)
    for version, mask in (("1", first), ("2", later)):
        assert learning.enqueue(reading(version, mask), reason="requested")
    facts = Kept.load(home, "c" * 24).facts
    assert (facts.patient, facts.spacing_mm) == ("p" * 12, (0.2, 0.2))
    (entry,) = learning.worklist()
    kept = outlines(home, "c" * 24, "hip_vit", "R", entry.model)
    assert entry.model == "hip_vit@1"
    assert kept.keys() == {"femur"}  # of what was drawn, what an expert is asked for
    assert np.array_equal(kept["femur"].pixels(), first)
