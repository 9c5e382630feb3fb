"""What one case, annotation, task or project does to a pull or push must not touch the others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from annotation.answers import NotAnAnswer, labelled_cases
from annotation.films import keep_film
from annotation.label_studio import ChangedTask, ProjectGone, ProjectNow
from annotation.ledger import Ledger, State
from annotation.pull import PullProgress, pull
from annotation.push import PushProgress, _rest, push
from annotation.question import Question

KNEE = Question("knee_resnet", "Knee, AP")
HIP = Question("hip_regions", "Hip, AP", regions=("femoral_neck",), sides=("R", "L"))


def question_of(name: str) -> Question:
    """As the real one: ValueError for a recipe that is gone."""
    if name != "knee_resnet":
        raise ValueError(f"no recipe {name!r}")
    return KNEE


def choice(control: str, value: str) -> dict[str, Any]:
    return {"from_name": control, "type": "choices", "value": {"choices": [value]}}


def annotation(number: int, result: Any, minute: int = 0) -> dict[str, Any]:
    return {"id": number, "updated_at": f"2026-03-01T12:{minute:02d}:00Z", "result": result, "completed_by": 1}


class Studio:
    """Label Studio as a dictionary: tasks by project, annotations by task."""

    def __init__(self) -> None:
        self.projects: dict[int, dict[int, list[dict[str, Any]]]] = {}
        self.made: dict[int, str] = {}
        self.asked: list[int] = []  # the tasks whose annotations were asked for

    def project_now(self, project: int) -> ProjectNow:
        if project not in self.projects:
            raise ProjectGone(f"project {project}")
        tasks = self.projects[project]
        return ProjectNow(datetime.now(UTC), len(tasks), sum(map(len, tasks.values())), KNEE.config())

    def changed_tasks(self, project: int, since: datetime | None) -> list[ChangedTask]:
        """All of them, each with what tells one state of it from another for the time of its change."""
        return [
            ChangedTask(task, repr(given), len(given), (self.made.get(task, ""), "knee_resnet"))
            for task, given in self.projects[project].items()
        ]

    def annotations_of(self, project: int, tasks: list[int]) -> dict[int, list[dict[str, Any]]]:
        self.asked += tasks
        return {task: self.projects[project][task] for task in tasks if task in self.projects[project]}

    def has_task(self, task: int) -> bool:
        return any(task in tasks for tasks in self.projects.values())

    def task_numbers(self, project: int) -> set[int]:
        return set(self.projects[project])

    def find_project(self, title: str) -> int | None:
        return None

    def project(self, question: Question, title: str, reader: int | None = None) -> int:
        self.projects.setdefault(1, {})
        return 1

    def tasks_of_cases(self, project: int, case_ids: list[str], recipe: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for task, case in self.made.items():
            found.setdefault(case, []).append(task)
        return {case: tasks for case, tasks in found.items() if case in case_ids}

    def upload(self, project: int, films: dict[str, bytes]) -> dict[str, str]:
        return dict.fromkeys(films, "film")

    def create(self, project: int, tasks: list[dict[str, Any]]) -> list[int]:
        numbers = [len(self.made) + place for place in range(1, len(tasks) + 1)]
        for number, task in zip(numbers, tasks, strict=True):
            self.made[number] = task["data"]["case_id"]
            self.projects[project][number] = []
        return numbers

    def link(self, project: int, task: int) -> str:
        return f"{project}/{task}"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def pushed(ledger: Ledger, studio: Studio, project: int, task: int, recipe: str = "knee_resnet") -> int:
    """A case that stands in Label Studio as this task."""
    case = f"{project:012x}{task:012x}"
    ledger.enter(case, recipe, ["requested"], {"side": None})
    entry = ledger.entry(case, recipe)
    assert entry is not None
    ledger.claim(entry.id, "one")
    ledger.pushed(entry.id, "one", project, task)
    studio.projects.setdefault(project, {})[task] = []
    return entry.id


def pulled(ledger: Ledger, studio: Studio) -> list[PullProgress]:
    return list(pull(ledger, studio, question_of, lambda account: "p" + account))  # type: ignore[arg-type]


def labels(ledger: Ledger) -> list[str | None]:
    return [one.label for one in ledger.answers()]


def pushed_now(ledger: Ledger, studio: Studio, home: Path) -> list[PushProgress]:
    return list(push(ledger, studio, "Title", home, question_of))  # type: ignore[arg-type]


def test_a_case_of_a_recipe_that_is_gone_holds_up_neither_push_nor_pull(ledger: Ledger, tmp_path: Path) -> None:
    studio = Studio()
    for case, recipe in (("a" * 24, "hip_gone"), ("b" * 24, "knee_resnet")):
        keep_film(tmp_path, case, b"film")
        ledger.enter(case, recipe, ["requested"], {"side": None})
    first, second = pushed_now(ledger, studio, tmp_path)
    assert "no recipe hip_gone" in str(first.error)
    assert second.error is None
    assert [entry.state for entry in ledger.entries()] == [State.FAILED, State.PUSHED]
    assert len(pushed_now(ledger, studio, tmp_path)) == 1  # tried again

    pushed(ledger, studio, 3, 1, "hip_gone")
    pushed(ledger, studio, 3, 2)
    for task in (1, 2):
        studio.projects[3][task] = [annotation(task, [choice("class", "normal")])]
    assert ["no recipe hip_gone" in "".join(step.said) for step in pulled(ledger, studio)] == [True, False]
    assert labels(ledger) == ["normal"]


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        "nonsense",
        [None],
        [choice("klasse", "normal")],
        [choice("class", "thin")],
        [{"from_name": "class", "value": {"choices": 3}}],
    ],
)
def test_what_is_no_answer_is_set_aside_and_comes_in_once_it_is_mended(ledger: Ledger, result: Any) -> None:
    studio = Studio()
    pushed(ledger, studio, 1, 1)
    pushed(ledger, studio, 1, 2)
    studio.projects[1][1] = [annotation(7, result)]
    studio.projects[1][2] = [annotation(8, [choice("class", "normal")])]
    odd, _ = pulled(ledger, studio)
    assert odd.said
    assert labels(ledger) == ["normal"]
    assert [(one.annotation_id, one.reason) for one in ledger.aside()] == [(7, odd.said[0])]
    studio.projects[1][1] = [annotation(7, [choice("class", "osteopenia")], minute=1)]
    pulled(ledger, studio)
    assert labels(ledger) == ["normal", "osteopenia"]
    assert ledger.aside() == []


@pytest.mark.parametrize("point", [["a", 2], [1], 5, [float("nan"), 1]])
def test_an_outline_with_an_odd_point_is_said_and_not_raised_as_anything_else(point: Any) -> None:
    outline = {"from_name": "regions_R", "value": {"polygonlabels": ["femoral neck R"], "points": [point]}}
    with pytest.raises(NotAnAnswer, match="femoral neck R"):
        labelled_cases(HIP, "a" * 24, annotation(1, [choice("class_R", "normal"), outline]), "p")


@pytest.mark.parametrize("how", ["deleted", "cancelled", "emptied"])
def test_an_answer_taken_back_stands_no_longer_and_history_keeps_it(ledger: Ledger, how: str) -> None:
    studio = Studio()
    id = pushed(ledger, studio, 1, 1)
    studio.projects[1][1] = [annotation(7, [choice("class", "normal")])]
    pulled(ledger, studio)
    assert labels(ledger) == ["normal"]
    after = {
        "deleted": [],
        "cancelled": [annotation(7, [choice("class", "normal")], 1) | {"was_cancelled": True}],
        "emptied": [annotation(7, None, 1)],
    }
    studio.projects[1][1] = after[how]
    pulled(ledger, studio)
    assert labels(ledger) == []
    assert [(side, label) for side, label, _ in ledger.history(id)] == [("", "normal")]
    assert ledger.counts()[State.PUSHED] == 1  # it waits for the expert again


def test_a_changed_answer_leaves_the_old_one_in_history(ledger: Ledger) -> None:
    studio = Studio()
    id = pushed(ledger, studio, 1, 1)
    for minute, label in enumerate(("normal", "osteopenia")):
        studio.projects[1][1] = [annotation(7, [choice("class", label)], minute)]
        pulled(ledger, studio)
    assert labels(ledger) == ["osteopenia"]
    assert ledger.history(id) == [("", "normal", "changed by the expert")]


def test_a_deleted_project_or_task_is_said_and_its_cases_can_be_asked_anew(ledger: Ledger) -> None:
    studio = Studio()
    lost = [pushed(ledger, studio, 1, 1), pushed(ledger, studio, 2, 1)]
    pushed(ledger, studio, 2, 2)
    studio.projects[2][2] = [annotation(8, [choice("class", "normal")])]
    del studio.projects[1], studio.projects[2][1]
    said = " ".join(sentence for step in pulled(ledger, studio) for sentence in step.said)
    assert "project 1 was deleted" in said
    assert "task was deleted" in said
    assert labels(ledger) == ["normal"]
    gone = ledger.entries(State.GONE)
    assert [entry.id for entry in gone] == lost
    assert pulled(ledger, studio) == []  # said once
    for entry in gone:
        ledger.enter(entry.case_id, entry.recipe, ["requested"], {"side": None})
    assert [(entry.id, entry.task_id) for entry in ledger.entries(State.WAITING)] == [(id, None) for id in lost]


def test_answers_given_before_their_project_was_deleted_stand(ledger: Ledger) -> None:
    studio = Studio()
    pushed(ledger, studio, 1, 1)
    studio.projects[1][1] = [annotation(7, [choice("class", "normal")])]
    pulled(ledger, studio)
    studio.projects.clear()
    pulled(ledger, studio)
    assert labels(ledger) == ["normal"]
    assert ledger.counts()[State.ANSWERED] == 1


def test_a_clock_set_back_makes_nobody_wait_longer_than_a_task_takes_to_be_made() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert _rest(now, now + timedelta(hours=1)) == _rest(now, now) == 5
    assert _rest(now, now - timedelta(hours=1)) == 0


def test_a_locked_ledger_says_so_within_seconds(tmp_path: Path) -> None:
    import sqlite3
    import time

    from annotation.ledger import LedgerFault

    file = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{file}")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(LedgerFault, match="locked"):
            ledger.enter("a" * 24, "knee_resnet", ["requested"], {"side": None})
        assert time.monotonic() - began < 15
        began = time.monotonic()
        with pytest.raises(LedgerFault, match="locked"):
            Ledger(f"sqlite:///{file}")
        assert time.monotonic() - began < 15
