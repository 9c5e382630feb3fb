"""What Label Studio asks of a machine-learning backend: /health, /setup, /predict and /webhook.

The shapes are those of label-studio-ml-backend, as Label Studio's `ml/api_connector.py` sends and reads them.
"""

import base64
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import learning
from annotation import worklist
from annotation.label_studio import LabelStudioFault, ProjectGone
from annotation.ledger import LedgerFault
from annotation.live import Interface
from backend.answering import Answer, answers, version
from backend.pulling import Pulling

log = logging.getLogger(__name__)

ANSWERED = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED", "TASKS_DELETED")


class Setup(BaseModel):
    """project: `NUMBER.TIME`. Label Studio sends an address and a token of its own besides; ours are used instead."""

    project: str | int
    schema_: str = ""
    extra_params: Any = None

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


class Predict(BaseModel):
    tasks: list[dict[str, Any]]
    project: str | int
    label_config: str = ""
    params: dict[str, Any] | None = None


class Webhook(BaseModel):
    action: str = ""
    project: dict[str, Any] | None = None


class Guarded:
    """ASGI middleware: nothing is done for whoever does not know the password, and nothing read of what they send."""

    def __init__(self, app: ASGIApp, authorization: str) -> None:
        self._app, self._expected = app, authorization.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not secrets.compare_digest(given, self._expected):
                said = "User name and password are needed: basic auth of the model, in Label Studio's settings"
                answer = JSONResponse({"detail": said}, 401, {"WWW-Authenticate": "Basic"})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def build(
    user: str = "", password: str = "", port: int = 9090, pull: Callable[[set[int]], Iterable[object]] | None = None
) -> FastAPI:
    """The backend. Without a password it answers everyone: for loopback alone. port: where it listens, by which the
    webhook that Label Studio makes for it is known."""
    authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if password else ""
    pulling = Pulling(pull or (lambda projects: learning.pull(projects)))
    pinned: dict[int, str] = {}  # the recipe that a project was connected with

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        with pulling:
            yield

    guarded = [Middleware(Guarded, authorization=authorization)] if password else []
    app = FastAPI(title="Osteolens", lifespan=running, middleware=guarded, openapi_url=None)

    @app.get("/")
    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "UP", "model_class": "Osteolens"}

    @app.post("/setup")
    def setup(asked: Setup) -> dict[str, str]:
        """Which models answer. Label Studio asks before each prediction, and waits three seconds."""
        project = _number(asked.project)
        recipe = asked.extra_params.get("recipe") if isinstance(asked.extra_params, dict) else None
        if isinstance(recipe, str):
            pinned[project] = recipe
        else:
            pinned.pop(project, None)
        Thread(target=_sign_webhook, args=(project, port, authorization), daemon=True).start()
        return {"model_version": version(project, _interface(asked.schema_), pinned.get(project))}

    @app.post("/predict")
    def predict(asked: Predict) -> dict[str, Any]:
        project = _number(asked.project)
        found = answers(asked.tasks, project, asked.label_config, pinned.get(project))
        for task, answer in zip(asked.tasks, found, strict=True):
            for note in answer.notes:
                log.info("task %s: %s", task.get("id"), note)
        interactive = bool((asked.params or {}).get("context"))
        return {
            "results": [_result(one, interactive) for one in found],
            "model_version": version(project, _interface(asked.label_config), pinned.get(project)),
            "notes": [list(one.notes) for one in found],
        }

    @app.post("/webhook", status_code=201)
    def webhook(told: Webhook) -> dict[str, Any]:
        number = (told.project or {}).get("id")
        if told.action not in ANSWERED or not isinstance(number, int):
            return {"pulled": False}
        pulling.mark(number)
        return {"pulled": True}

    @app.post("/train")
    def train() -> dict[str, str]:
        return {"detail": "Nothing is trained here; see docs/guides/fine-tune.md"}

    return app


def _result(answer: Answer, interactive: bool) -> Any:
    """No prediction at all is an empty list; a reader's page that waits for one takes an empty prediction only."""
    if answer.prediction is not None:
        return answer.prediction | ({"note": " ".join(answer.notes)} if answer.notes else {})
    return {"result": [], "note": " ".join(answer.notes)} if interactive else []


def _interface(config: str) -> Interface:
    try:
        return Interface.of(config)
    except ValueError:
        return Interface((), "")  # said in the answer to each task


def _number(project: str | int) -> int:
    """Label Studio names a project by its number and the moment in which it was made. -1 for what is no such name."""
    digits = str(project).partition(".")[0]
    return int(digits) if digits.isdecimal() else -1


def _sign_webhook(project: int, port: int, authorization: str) -> None:
    """Label Studio gives its webhook no password; without one each hint would be turned away."""
    headers = {"Authorization": authorization} if authorization else {}
    with suppress(LabelStudioFault, ProjectGone, LedgerFault):
        worklist.label_studio().sign_webhook(project, f":{port}/webhook", headers, ANSWERED)
