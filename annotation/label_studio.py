"""Label Studio, as far as the worklist needs it: projects, films up, tasks made and found, what has changed since."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from annotation.connection import (
    HINT as HINT,
    ONCE,
    Connection,
    InterfaceChanged as InterfaceChanged,
    LabelStudioFault as LabelStudioFault,
    ProjectGone as ProjectGone,
    TaskRefused as TaskRefused,
    api_error,
)
from annotation.question import Question

_PAGE = 100  # whole tasks a request
_LIGHT_PAGE = 1000  # tasks a request, of which only numbers are asked
# What is asked of a project; its other counts would cost the server time for each task.
_COUNTS = ("task_number", "total_annotations_number", "skipped_annotations_number")
_ASKED = (*_COUNTS, "label_config", "show_collab_predictions")
_TITLE = 50  # letters of a project's title that Label Studio keeps
_UPLOAD_BYTES, _UPLOAD_FILES = 24 << 20, 50  # a request; the server takes 250 MB and 100 files


@dataclass(frozen=True)
class LabelStudioStatus:
    """Whether Label Studio can be reached, as whom, and otherwise why not, in one sentence."""

    connected: bool
    url: str | None
    user: str | None
    message: str


@dataclass(frozen=True)
class ProjectNow:
    """A project as it stands. at: the server's clock. annotations: all of them, skipped ones too. shows: whether its
    readers see predictions."""

    at: datetime
    tasks: int
    annotations: int
    config: str
    shows: bool = False


@dataclass(frozen=True)
class ChangedTask:
    """A task, and when it or one of its annotations last changed, in the server's own words.

    case: the case and recipe that its data name, None for a task that is not of a worklist.
    """

    id: int
    changed: str
    annotations: int
    case: tuple[str, str] | None


class LabelStudio(Connection):
    """One Label Studio. Nothing is sent until a method is called."""

    # -- looking ------------------------------------------------------------------------------------------------

    def user(self) -> str:
        """The account that the token belongs to."""
        with self.plainly():
            me = self._sdk.users.whoami()
        return str(me.email or me.username)

    def find_project(self, title: str) -> int | None:
        """The project of exactly this title; of several, the oldest."""
        with self.plainly():
            found = [int(project.id) for project in self._projects(title) if project.title == title]
        return min(found, default=None)

    def _projects(self, title: str) -> Iterator[Any]:
        return iter(self._sdk.projects.list(title=title))  # those whose title holds these words, on however many pages

    def project_now(self, project_id: int) -> ProjectNow:
        """How a project stands. Raises ProjectGone where there is none."""
        with self.plainly():
            answer = self.response("GET", f"api/projects/{project_id}/", params={"include": ",".join(_ASKED)})
            found, date = answer.json(), answer.headers.get("date")
        at = parsedate_to_datetime(date) if date else datetime.now(UTC)
        tasks, given, skipped = (found[name] or 0 for name in _COUNTS)
        shows = bool(found.get("show_collab_predictions"))
        return ProjectNow(at, tasks, given + skipped, found.get("label_config") or "<View/>", shows)

    def tasks_of(self, project_id: int, case_id: str, recipe: str) -> list[int]:
        """The tasks made for this case, oldest first."""
        return self.tasks_of_cases(project_id, [case_id], recipe).get(case_id, [])

    def tasks_of_cases(self, project_id: int, case_ids: Collection[str], recipe: str) -> dict[str, list[int]]:
        """The tasks made for these cases, oldest first. The server does the looking: no list of all tasks is read."""
        wanted = (
            _filter("data.case_id", "in_list", "List", list(case_ids)),
            _filter("data.recipe", "equal", "String", recipe),
        )
        found: dict[str, list[int]] = {}
        for task in self._list(project_id, wanted, include="id,data"):
            found.setdefault(str(task["data"]["case_id"]), []).append(int(task["id"]))
        return {case_id: sorted(ids) for case_id, ids in found.items()}

    def changed_tasks(self, project_id: int, since: datetime | None) -> list[ChangedTask]:
        """The tasks that were changed, answered, or lost an answer after this moment; all of them for None."""
        moment = (since or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        wanted = (_filter("updated_at", "greater", "Datetime", moment),)
        light = "id,updated_at,total_annotations,cancelled_annotations,data"
        return [
            ChangedTask(
                id=int(task["id"]),
                changed=str(task["updated_at"]),
                annotations=(task["total_annotations"] or 0) + (task["cancelled_annotations"] or 0),
                case=_case(task.get("data") or {}),
            )
            for task in self._list(project_id, wanted, include=light)
        ]

    def annotations_of(self, project_id: int, task_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """All annotations of these tasks, skipped ones too, by task. A task that is not there any more is left out."""
        found: dict[int, list[dict[str, Any]]] = {}
        for first in range(0, len(task_ids), _PAGE):
            wanted = (_filter("id", "in_list", "List", list(task_ids[first : first + _PAGE])),)
            for task in self._list(project_id, wanted, fields="all", page_size=_PAGE):
                found[int(task["id"])] = task["annotations"]
        return found

    def task_numbers(self, project_id: int) -> set[int]:
        """The numbers of all tasks of a project."""
        return {int(task["id"]) for task in self._list(project_id, (), include="id")}

    def _list(
        self, project_id: int, filters: Sequence[dict[str, Any]], fields: str = "task_only", **options: Any
    ) -> Iterator[dict[str, Any]]:
        """Tasks page by page, in the order of their numbers, by the filters of Label Studio's own data manager."""
        query = {"filters": {"conjunction": "and", "items": list(filters)}, "ordering": ["tasks:id"]}
        size = options.pop("page_size", _LIGHT_PAGE)
        asked = {"project": project_id, "query": json.dumps(query), "fields": fields, "page_size": size, **options}
        page = 1
        while True:
            with self.plainly():
                try:
                    answer = self.request("GET", "api/tasks/", params={**asked, "page": page})
                except api_error() as error:
                    if error.status_code == 404:
                        raise ProjectGone(f"project {project_id} is no longer in Label Studio") from error
                    raise
            yield from answer["tasks"]
            if page * size >= answer["total"]:
                return
            page += 1

    def has_task(self, task_id: int) -> bool:
        """Whether this task is still there."""
        with self.plainly():
            try:
                self._sdk.tasks.get(id=str(task_id))
            except api_error() as error:
                if error.status_code == 404:
                    return False
                raise
            return True

    def link(self, project_id: int, task_id: int) -> str:
        return task_link(self.url, project_id, task_id)

    # -- making -------------------------------------------------------------------------------------------------

    def project(self, question: Question, title: str, reader: int | None = None) -> int:
        """The project that asks this question, made if there is none.

        reader: which of several readers it is for, from 1. Two that start at once may both make one: then each looks
        again, the oldest stays, and the other takes its own away, which is still empty. Raises InterfaceChanged where a
        project of this title asks something else.
        """
        title = project_title(question, title, reader)
        found = self.find_project(title)
        if found is None:
            with self.plainly():
                project: Any = self._sdk.projects.create(
                    title=title,
                    label_config=question.config(),
                    expert_instruction=question.instruction(),
                    show_instruction=True,
                    show_collab_predictions=not question.blind,
                    enable_empty_annotation=False,
                    request_options=ONCE,
                )
                made = int(project.id)
            found = self.find_project(title)
            if found != made:
                with self.plainly():
                    self._sdk.projects.delete(id=made)
        if found is None:
            raise LabelStudioFault(
                f"Label Studio made the project {title!r} but does not list it; is the token of another user?"
            )
        missing = missing_controls(self.project_now(found).config, question)
        if missing:
            raise InterfaceChanged(
                f"The Label Studio project {title!r} lacks what answers are read from ({missing}); restore its "
                "labelling interface, or name another project in OSTEOLENS_LABEL_STUDIO_PROJECT"
            )
        return found

    def upload(self, project_id: int, films: Mapping[str, bytes]) -> dict[str, str]:
        """Put films (PNG, by case) there under their opaque names; gives the address a task shows each by.

        No task is made yet. Raises TaskRefused, ProjectGone.
        """
        addresses: dict[str, str] = {}
        for some in _portions(films):
            with self.plainly(_some(list(some))):
                files = {f"film{n}": (f"{case}.png", png, "image/png") for n, (case, png) in enumerate(some.items())}
                place = f"api/projects/{project_id}"
                answer = self.request(
                    "POST", f"{place}/import", once=True, params={"commit_to_project": "false"}, files=files
                )
                ids = json.dumps(answer["file_upload_ids"])
                stored = self.request("GET", f"{place}/file-uploads", params={"ids": ids})
            by_case = {str(one["file"]).rpartition("-")[2].partition(".")[0]: str(one["file"]) for one in stored}
            addresses |= {case: f"/data/{by_case[case]}" for case in some}
        return addresses

    def create(self, project_id: int, tasks: Sequence[Mapping[str, Any]]) -> list[int]:
        """Make these tasks, all or none, in the order given. Sent once: whoever gets no answer must look before asking
        again. Raises TaskRefused, ProjectGone."""
        with self.plainly(_some([str(task["data"].get("case_id")) for task in tasks])):
            path = f"api/projects/{project_id}/import"
            answer = self.request("POST", path, once=True, params={"return_task_ids": "true"}, json=list(tasks))
            return [int(task) for task in answer["task_ids"]]

    def sign_webhook(self, project_id: int, ending: str, headers: Mapping[str, str], actions: Collection[str]) -> None:
        """Have the project's webhook whose address ends so send these headers, for these actions alone. Label Studio
        makes it as a backend is connected, without the backend's password."""
        with self.plainly():
            for hook in self.request("GET", "api/webhooks/", params={"project": project_id}):
                told = {"headers": dict(headers), "actions": sorted(actions), "send_for_all_actions": False}
                now = {name: hook.get(name) for name in told} | {"actions": sorted(hook.get("actions") or ())}
                if str(hook["url"]).endswith(ending) and now != told:
                    self.request("PATCH", f"api/webhooks/{hook['id']}/", json=told)

    def delete(self, task_id: int) -> None:
        """Take a task away; one that is not there any more is as good."""
        with self.plainly():
            try:
                self._sdk.tasks.delete(id=str(task_id))
            except api_error() as error:
                if error.status_code != 404:
                    raise


def status(url: str | None, token: str | None, title: str) -> LabelStudioStatus:
    """Ask Label Studio who we are, within a few seconds."""
    try:
        user = LabelStudio(url, token, timeout_s=5).user()
    except LabelStudioFault as fault:
        return LabelStudioStatus(False, url, None, str(fault))
    return LabelStudioStatus(True, url, user, f"Connected to Label Studio at {url} as {user}, project {title!r}")


def task_link(url: str, project_id: int, task_id: int) -> str:
    """Where a person sees the task."""
    return f"{url.strip().rstrip('/')}/projects/{project_id}/data?task={task_id}"


def project_title(question: Question, title: str, reader: int | None = None) -> str:
    """The title of the project that asks this question of this reader, within what Label Studio keeps of one."""
    whole = question.project_title(title)
    ending = "" if reader is None else f" reader {reader}"
    return f"{whole[: _TITLE - len(ending)]}{ending}" if ending else whole


def missing_controls(config: str, question: Question) -> str:
    """What a labelling interface lacks that answers to this question are read from, in words; empty if nothing.

    A person may reword and add; what answers are read from must be there.
    """
    theirs, ours = _answers(config), _answers(question.config())
    missing = [f"{name}: {value}" for name, values in ours.items() for value in values - theirs.get(name, set())]
    return "; ".join(sorted(missing)[:4])


def _answers(config: str) -> dict[str, set[str]]:
    """The answers a labelling configuration allows, by the name of their control."""
    from label_studio_sdk.label_interface import LabelInterface

    controls = LabelInterface(config).controls
    return {control.name: {control.tag.lower(), *(getattr(control, "labels", None) or ())} for control in controls}


def _filter(column: str, operator: str, kind: str, value: Any) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _case(data: Mapping[str, Any]) -> tuple[str, str] | None:
    return (str(data["case_id"]), str(data["recipe"])) if data.get("case_id") and data.get("recipe") else None


def _some(cases: Sequence[str]) -> str:
    return f"case {cases[0]}" if len(cases) == 1 else f"{len(cases)} cases"


def _portions(films: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    """As many films at a time as one request should carry; at least one."""
    some: dict[str, bytes] = {}
    for case, png in films.items():
        if some and (len(some) == _UPLOAD_FILES or sum(map(len, some.values())) + len(png) > _UPLOAD_BYTES):
            yield some
            some = {}
        some[case] = png
    if some:
        yield some
