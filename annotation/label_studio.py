"""Label Studio, as far as the worklist needs it: who am I, the project, a film up, a task made, a task found.

Goes by the official SDK, with a legacy token (40 hex digits) or a personal one (JWT, renewed by the SDK).
"""

import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from annotation.labelling import Question

HINT = "run `make label-studio`, or set OSTEOLENS_LABEL_STUDIO_URL and OSTEOLENS_LABEL_STUDIO_TOKEN"
# A request that was answered by silence may have been carried out: one that makes something is never sent twice.
_ONCE: Any = {"max_retries": 0}
_PAGE = 100  # tasks a request
_SHOWN_STATUS = 200  # letters of an answer that is quoted in a sentence


class LabelStudioFault(Exception):
    """Label Studio cannot be used at all; the message is one sentence for a person."""


class ProjectGone(Exception):
    """The project was deleted in Label Studio, or this account may no longer see it."""


class TaskRefused(Exception):
    """Label Studio is well but will not have this one case; the message is one sentence for a person."""


@dataclass(frozen=True)
class LabelStudioStatus:
    """Whether Label Studio can be reached, as whom, and otherwise why not, in one sentence."""

    connected: bool
    url: str | None
    user: str | None
    message: str


class LabelStudio:
    """A connection to one Label Studio. Nothing is sent until a method is called."""

    def __init__(self, url: str | None, token: str | None, timeout_s: float = 60) -> None:
        url, token = (url or "").strip(), (token or "").strip()
        if not url or not token:
            raise LabelStudioFault(f"Label Studio is not connected: {HINT}")
        if not url.startswith(("http://", "https://")):
            raise LabelStudioFault(
                f"The address of Label Studio is {url!r}, expected one that begins with http:// or https://"
            )
        self.url = url.rstrip("/")
        with self._plainly():
            # A proxy of the environment cannot reach this machine's own loopback, and must not be asked to.
            client = httpx.Client(timeout=timeout_s, follow_redirects=True, trust_env=not _is_loopback(self.url))
            from label_studio_sdk import LabelStudio as Sdk  # takes seconds to load, and only the connected need it

            self._sdk = Sdk(base_url=self.url + "/", api_key=token, timeout=timeout_s, httpx_client=client)

    # -- looking ------------------------------------------------------------------------------------------------

    def user(self) -> str:
        """The account that the token belongs to."""
        with self._plainly():
            me = self._sdk.users.whoami()
        return str(me.email or me.username)

    def find_project(self, title: str) -> int | None:
        """The project of exactly this title; of several, the oldest."""
        with self._plainly():
            found = [int(project.id) for project in self._projects(title) if project.title == title]
        return min(found, default=None)

    def _projects(self, title: str) -> Iterator[Any]:
        return iter(self._sdk.projects.list(title=title))  # those whose title holds these words, on however many pages

    def tasks_of(self, project_id: int, case_id: str, recipe: str) -> list[int]:
        """The tasks made for this case, oldest first. The server does the looking: no list of all tasks is read."""
        query = {
            "filters": {
                "conjunction": "and",
                "items": [
                    {"filter": f"filter:tasks:data.{name}", "operator": "equal", "type": "String", "value": value}
                    for name, value in (("case_id", case_id), ("recipe", recipe))
                ],
            }
        }
        with self._plainly():
            found: Any = self._sdk.tasks.list(project=project_id, query=json.dumps(query), fields="task_only")
            return sorted(int(task.id) for task in found)

    def answered_tasks(self, project_id: int) -> list[dict[str, Any]]:
        """The tasks of a project that have an annotation, a skipped one too: `id` and `annotations`.

        Raises ProjectGone where there is no such project.
        """
        items = [
            {"filter": f"filter:tasks:{count}_annotations", "operator": "greater", "type": "Number", "value": 0}
            for count in ("total", "cancelled")
        ]
        query = {"filters": {"conjunction": "or", "items": items}}
        self._look_up(project_id)
        with self._plainly():
            found: Any = self._sdk.tasks.list(
                project=project_id, query=json.dumps(query), fields="all", page_size=_PAGE
            )
            return [task.model_dump(include={"id", "annotations"}) for task in found]

    def _look_up(self, project_id: int) -> None:
        with self._plainly():
            try:
                self._sdk.projects.get(id=project_id)
            except _api_error() as error:
                if error.status_code == 404:
                    raise ProjectGone(f"project {project_id} is no longer in Label Studio") from error
                raise

    def task_numbers(self, project_id: int) -> set[int]:
        """The numbers of all tasks of a project."""
        with self._plainly():
            found: Any = self._sdk.tasks.list(project=project_id, fields="task_only", include="id", page_size=1000)
            return {int(task.id) for task in found}

    def has_task(self, task_id: int) -> bool:
        """Whether this task is still there."""
        with self._plainly():
            try:
                self._sdk.tasks.get(id=str(task_id))
            except _api_error() as error:
                if error.status_code == 404:
                    return False
                raise
            return True

    def link(self, project_id: int, task_id: int) -> str:
        return task_link(self.url, project_id, task_id)

    # -- making -------------------------------------------------------------------------------------------------

    def project(self, question: Question, title: str) -> int:
        """The project that asks this question, made if there is none.

        Two that start at once may both make one: then each looks again, the oldest stays, and the other takes its
        own away, which is still empty. Raises LabelStudioFault where a project of this title asks something else.
        """
        title = question.project_title(title)
        found = self.find_project(title)
        if found is None:
            with self._plainly():
                project: Any = self._sdk.projects.create(
                    title=title,
                    label_config=question.config(),
                    expert_instruction=question.instruction(),
                    show_instruction=True,
                    show_collab_predictions=False,
                    enable_empty_annotation=False,
                    request_options=_ONCE,
                )
                made = int(project.id)
            found = self.find_project(title)
            if found != made:
                with self._plainly():
                    self._sdk.projects.delete(id=made)
        if found is None:
            raise LabelStudioFault(
                f"Label Studio made the project {title!r} but does not list it; is the token of another user?"
            )
        self._check_asks(found, title, question)
        return found

    def _check_asks(self, project_id: int, title: str, question: Question) -> None:
        """A person may reword and add; what answers are read from must be there."""
        with self._plainly():
            config = self._sdk.projects.get(id=project_id).label_config or "<View/>"
        theirs, ours = _answers(config), _answers(question.config())
        missing = [f"{name}: {value}" for name, values in ours.items() for value in values - theirs.get(name, set())]
        if missing:
            raise LabelStudioFault(
                f"The Label Studio project {title!r} lacks what answers are read from "
                f"({'; '.join(sorted(missing)[:4])}); restore its labelling interface, "
                "or name another project in OSTEOLENS_LABEL_STUDIO_PROJECT"
            )

    def upload(self, project_id: int, case_id: str, png: bytes) -> str:
        """Put the film there under its opaque name and give the address a task shows it by; no task is made yet."""
        with self._plainly(f"the film of case {case_id}"):
            answer = self._sdk._client_wrapper.httpx_client.request(  # the SDK has no method that takes a file's bytes
                f"api/projects/{project_id}/import",
                method="POST",
                params={"commit_to_project": "false"},
                files={"film": (f"{case_id}.png", png, "image/png")},
                request_options=_ONCE,
            )
            if answer.status_code >= 400:
                raise _api_error()(status_code=answer.status_code, body=answer.text)
            stored = self._sdk.files.get(id=answer.json()["file_upload_ids"][0])
        return f"/data/{stored.file}"

    def create(self, project_id: int, question: Question, case_id: str, film: str) -> int:
        """Make the task. Sent once: whoever gets no answer must look before asking again."""
        data = {"image": film, "case_id": case_id, "recipe": question.recipe, "about": question.about}
        with self._plainly(f"case {case_id}"):
            task: Any = self._sdk.tasks.create(project=project_id, data=data, request_options=_ONCE)
            return int(task.id)

    def delete(self, task_id: int) -> None:
        with self._plainly():
            self._sdk.tasks.delete(id=str(task_id))

    # -- saying what went wrong ---------------------------------------------------------------------------------

    @contextmanager
    def _plainly(self, what: str | None = None) -> Iterator[None]:
        """Turn the many ways in which a request fails into one sentence.

        what: the one thing that is sent; a refusal of it is TaskRefused, all else is LabelStudioFault.
        """
        try:
            yield
        except httpx.TimeoutException as error:
            raise LabelStudioFault(f"Label Studio at {self.url} does not answer in time; try again later") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LabelStudioFault(
                f"Label Studio cannot be reached at {self.url} ({error}); is it running? Else {HINT}"
            ) from error
        except _api_error() as error:
            if error.status_code is not None and error.status_code < 400:  # said yes, but not in JSON
                raise self._other_program() from error
            if error.status_code in (401, 403):
                raise LabelStudioFault(
                    f"Label Studio at {self.url} refuses the token ({_said(error)}); copy a new one from "
                    "Account & Settings in Label Studio to OSTEOLENS_LABEL_STUDIO_TOKEN"
                ) from error
            if error.status_code in (502, 503, 504):
                raise LabelStudioFault(
                    f"Label Studio at {self.url} is not to be had just now ({error.status_code}); try again later"
                ) from error
            if what is not None:
                raise TaskRefused(f"Label Studio refused {what}: {_said(error)}") from error
            raise LabelStudioFault(f"Label Studio at {self.url} refused: {_said(error)}") from error
        except ValueError as error:  # an answer that is not JSON: some other program listens there
            raise self._other_program() from error

    def _other_program(self) -> LabelStudioFault:
        return LabelStudioFault(
            f"{self.url} responded, but it is not a Label Studio server; check OSTEOLENS_LABEL_STUDIO_URL"
        )


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


def _is_loopback(url: str) -> bool:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        return False  # said in a sentence once it is used
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _answers(config: str) -> dict[str, set[str]]:
    """The answers a labelling configuration allows, by the name of their control."""
    from label_studio_sdk.label_interface import LabelInterface

    controls = LabelInterface(config).controls
    return {control.name: {control.tag.lower(), *(getattr(control, "labels", None) or ())} for control in controls}


def _api_error() -> Any:
    from label_studio_sdk.core.api_error import ApiError

    return ApiError


def _said(error: Any) -> str:
    """What Label Studio said, without its envelope."""
    body = error.body
    if isinstance(body, dict):
        faults = body.get("validation_errors")
        said = json.dumps(faults, ensure_ascii=False) if faults else str(body.get("detail") or body)
    else:
        said = str(body or "").strip().partition("\n")[0]
    return f"{error.status_code}, {said[:_SHOWN_STATUS]}" if said else str(error.status_code)
