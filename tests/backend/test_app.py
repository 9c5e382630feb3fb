"""The backend as Label Studio asks it: its shapes, its password, its silences; nothing is ever a 500."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

import reading
from annotation import worklist
from annotation.label_studio import LabelStudioFault, ProjectNow
from annotation.ledger import Task
from annotation.policy import CONTROL
from backend import answering
from backend.app import build
from backend.pulling import Pulling
from core.reading import Reading
from core.refusal import Code, Refused
from tests.readings import a_film, a_reading

CONFIG = """<View><Image name="img" value="$film"/><Choices name="dx" toName="img"><Choice value="Normal"/>
<Choice value="Osteopenia"/></Choices></View>"""


class Studio:
    """Label Studio, as far as the backend asks it: whether a project shows predictions, and for films."""

    url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.shows = True
        self.fault: Exception | None = None
        self.films: dict[str, bytes] = {"/data/film.png": b"film"}

    def project_now(self, project: int) -> ProjectNow:
        if self.fault:
            raise self.fault
        return ProjectNow(datetime.now(UTC), 1, 0, CONFIG, self.shows)

    def fetch(self, url: str, most: int) -> tuple[int, bytes | None, str]:
        data = self.films.get(url.removeprefix(self.url))
        return (404, None, "") if data is None else (200, data, "")

    def sign_webhook(self, *_: object) -> None:
        pass


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, tiny_weights: Path) -> Studio:
    one = Studio()
    monkeypatch.setattr(worklist, "label_studio", lambda: one)
    return one


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Answers in place of the networks; gives what was asked to be read."""

    def answer(*readings: Reading) -> list[Any]:
        asked: list[Any] = []

        def read(data: bytes, name: str, recipe: str, *person: Any) -> list[Reading]:
            asked.append((data, recipe, *person))
            return list(readings)

        monkeypatch.setattr(reading, "read", read)
        return asked

    return answer


def predict(studio: Studio, *tasks: dict[str, Any], config: str = CONFIG, **more: Any) -> dict[str, Any]:
    asked = {"tasks": list(tasks), "project": "3.1700000000", "label_config": config, "params": {}, **more}
    answer = TestClient(build()).post("/predict", json=asked)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert len(told["results"]) == len(tasks) == len(told["notes"])
    return told


def task(number: int = 1, **data: Any) -> dict[str, Any]:
    return {"id": number, "project": 3, "data": {"film": "/data/film.png", **data}}


def test_a_project_of_any_kind_gets_the_class_its_score_and_the_version(studio: Studio, reads) -> None:
    asked = reads(a_reading())
    with TestClient(build()) as client:
        assert client.get("/health").json()["status"] == "UP"
        wanted = {"project": "3.17", "schema": CONFIG, "hostname": "http://elsewhere", "access_token": "theirs"}
        assert client.post("/setup", json=wanted).json() == {"model_version": "knee_resnet@0.1.0"}
    told = predict(studio, task())
    (answer,) = told["results"]
    assert (answer["model_version"], answer["score"]) == ("knee_resnet@0.1.0", 0.55) == (told["model_version"], 0.55)
    (result,) = answer["result"]
    assert (result["from_name"], result["to_name"], result["value"]) == ("dx", "img", {"choices": ["Osteopenia"]})
    assert (result["original_width"], result["original_height"]) == (40, 60)
    assert asked == [(b"film", "auto", None, None)]


def test_a_real_film_is_read_by_the_real_networks(studio: Studio) -> None:
    stream = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(60, 200, (200, 150), np.uint8)).save(stream, "PNG")
    studio.films["/data/film.png"] = stream.getvalue()
    config = CONFIG.replace('<Choice value="Normal"/>', '<Choice value="Normal"/><Choice value="Osteoporosis"/>')
    (answer,) = predict(studio, task(), config=config)["results"]
    assert answer["result"][0]["value"]["choices"][0] in ("Normal", "Osteopenia", "Osteoporosis")


def test_a_refusal_is_an_empty_prediction_with_its_sentence(studio: Studio, reads) -> None:
    refusal = Refused(Code.TOO_SMALL, "The film is too small.").refusal
    reads(Reading("x", "refused", refusal=refusal))
    told = predict(studio, task(), task(2, film="http://127.0.0.1:9/film.png"), {"id": 3, "data": {}}, {"id": 4})
    assert [one["result"] for one in told["results"]] == [[]] * 4
    assert [one["model_version"] for one in told["results"]] == ["knee_resnet@0.1.0"] * 4
    assert told["results"][0]["note"] == "The film is too small."
    assert "only 127.0.0.1 is asked" in told["notes"][1][0] or "The film lies at" in told["notes"][1][0]


@pytest.mark.parametrize("odd", [{}, {"id": "x"}, {"id": None, "data": 5}])
def test_a_task_that_is_odd_costs_the_others_nothing(studio: Studio, reads, odd: dict[str, Any]) -> None:
    reads(a_reading())
    first, second = predict(studio, odd, task())["results"]
    assert first == [] or first["result"] == []
    assert second["score"] == 0.55


def test_a_fault_of_the_program_is_no_prediction_so_that_it_is_asked_for_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Reading]:
        raise RuntimeError("patient Mustermann")

    monkeypatch.setattr(reading, "read", broken)
    told = predict(studio, task())
    assert told["results"] == [[]]
    assert "Mustermann" not in str(told)
    assert predict(studio, task(), params={"context": {"result": []}})["results"][0]["result"] == []


def test_a_project_that_hides_predictions_gets_none(studio: Studio, reads) -> None:
    asked = reads(a_reading())
    studio.shows = False
    told = predict(studio, task())
    assert (told["results"], asked) == ([[]], [])
    assert "judge blind" in told["notes"][0][0]


def test_where_label_studio_cannot_be_asked_nothing_is_shown(studio: Studio, reads) -> None:
    asked = reads(a_reading())
    studio.fault = LabelStudioFault("Label Studio is not connected")
    told = predict(studio, task(), task(2))
    assert (told["results"], told["notes"][1], asked) == ([[], []], ["Label Studio is not connected"], [])


def entered(case: str, reason: str, blind: bool | None, number: int = 1) -> None:
    """A case of the worklist, pushed as task `number` of project 3."""
    ledger = worklist.ledger()
    row = a_reading().row()
    ledger.enter(case, "knee_resnet", [reason], row)
    entry = ledger.entry(case, "knee_resnet")
    assert entry is not None
    ledger.claim(entry.id, "one")
    ledger.pushed_all({entry.id: [Task(entry.id, 3, number, None, blind)]}, "one")


@pytest.mark.parametrize(("reason", "blind"), [("requested", True), ("requested", None), (CONTROL, False)])
def test_a_case_that_is_asked_blind_gets_nothing_though_the_project_shows_predictions(
    studio: Studio, reads, reason: str, blind: bool | None
) -> None:
    asked = reads(a_reading())
    entered("b" * 24, reason, blind)
    told = predict(studio, task(), task(2))
    assert told["results"][0] == []
    assert "asked blind" in told["notes"][0][0]
    assert told["results"][1]["score"] == 0.55  # not of the worklist
    assert len(asked) == 1


def test_a_control_case_is_not_shown_in_any_project(studio: Studio, reads) -> None:
    reads(a_reading())
    entered(a_film().case_id, CONTROL, True, number=99)
    assert predict(studio, task())["results"] == [[]]


def test_a_case_of_the_worklist_gets_what_a_push_fills_in_and_is_not_read_again(studio: Studio, reads) -> None:
    from annotation.films import keep_film
    from core.settings import settings

    asked = reads()
    stream = BytesIO()
    Image.fromarray(np.zeros((60, 40), np.uint8)).save(stream, "PNG")
    keep_film(settings().home, "b" * 24, stream.getvalue())
    entered("b" * 24, "requested", False)
    (answer,) = predict(studio, task())["results"]
    assert (answer["result"][0]["value"], answer["score"], asked) == ({"choices": ["Osteopenia"]}, 0.55, [])


def test_films_for_which_there_is_no_time_are_asked_for_again(
    studio: Studio, reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(a_reading())
    found = answering.answers([task(), task(2)], 3, CONFIG, patience_s=-1)
    assert [one.prediction for one in found] == [None, None]


def test_many_tasks_are_one_request(studio: Studio, reads) -> None:
    asked = reads(a_reading())
    told = predict(studio, *(task(number) for number in range(1, 41)))
    assert (len(told["results"]), len(asked)) == (40, 40)


def test_the_bundle_is_loaded_once_for_many_films(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    import models.registry
    from models.bundle import load

    monkeypatch.setattr(models.registry, "_loaded", {})
    loads: list[object] = []
    monkeypatch.setattr(models.registry, "load", lambda *given: loads.append(given) or load(*given))
    stream = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(60, 200, (200, 150), np.uint8)).save(stream, "PNG")
    studio.films["/data/film.png"] = stream.getvalue()
    predict(studio, *(task(number) for number in range(1, 5)))
    assert len(loads) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [("/predict", {"tasks": 3}), ("/predict", []), ("/setup", {}), ("/webhook", []), ("/predict", None)],
)
def test_what_is_no_request_of_label_studio_is_turned_away(studio: Studio, path: str, body: Any) -> None:
    assert TestClient(build()).post(path, json=body).status_code == 422


def test_nobody_without_the_password_is_answered(studio: Studio, reads) -> None:
    reads(a_reading())
    client = TestClient(build("reader", "secret"))
    for path in ("/health", "/setup", "/predict", "/webhook", "/train"):
        for given in (None, ("reader", "wrong"), ("other", "secret")):
            answer = client.request("GET" if path == "/health" else "POST", path, auth=given, json={})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Basic")
    assert client.get("/health", auth=("reader", "secret")).status_code == 200


def test_a_webhook_pulls_its_project_once_however_often_it_comes(studio: Studio) -> None:
    pulled: list[set[int]] = []
    done = threading.Event()

    def pull(projects: set[int]) -> list[object]:
        pulled.append(projects)
        done.set()
        return []

    with TestClient(build(pull=pull)) as client:
        for action in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED", "TASKS_CREATED"):
            told = {"action": action, "project": {"id": 3 if "ANN" in action else 4}, "annotation": {"id": 1}}
            assert client.post("/webhook", json=told).json() == {"pulled": action != "TASKS_CREATED"}
        assert client.post("/webhook", json={"action": "ANNOTATION_CREATED"}).json() == {"pulled": False}
        assert done.wait(10)
    assert pulled == [{3}]


def test_a_pull_that_failed_is_tried_again(studio: Studio) -> None:
    tries: list[set[int]] = []
    done = threading.Event()

    def pull(projects: set[int]) -> list[object]:
        tries.append(projects)
        if len(tries) == 1:
            raise LabelStudioFault("Label Studio cannot be reached")
        done.set()
        return []

    with Pulling(pull, gather_s=0.01, again_s=0.01) as pulling:
        pulling.mark(7)
        assert done.wait(10)
    assert tries == [{7}, {7}]
