"""The machine-learning backend, connected to the real Label Studio as a person connects it, in a real browser."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import learning
from annotation.films import keep_film
from annotation.label_studio import LabelStudio
from annotation.ledger import Ledger
from annotation.push import push
from annotation.rle import unpacked
from tests.e2e.faces import Face, running
from tests.readings import a_reading

pytestmark = pytest.mark.e2e
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PASSWORD = "only for this test"
CONFIG = """<View style="display: flex">
<View style="flex: 1"><BrushLabels name="bones" toName="img">
<Label value="Femoral neck (R)"/><Label value="Femoral neck (L)"/>
<Label value="Femur (R)"/><Label value="Femur (L)"/><Label value="Tumour"/></BrushLabels>
<Image name="img" value="$xray" zoom="true"/></View>
<View style="width: 260px">
<Header value="Right hip"/><Choices name="right" toName="img" showInline="false"><Choice value="Normal"/>
<Choice value="Osteopenia"/><Choice value="Osteoporosis"/></Choices>
<Header value="Left hip"/><Choices name="left" toName="img" showInline="false"><Choice value="Normal"/>
<Choice value="Osteopenia"/><Choice value="Osteoporosis"/></Choices>
<Header value="What the model leaves out"/><TextArea name="osteolens" toName="img"/></View></View>"""


class Place:
    """The backend in a home of its own, and the Label Studio that it is connected to."""

    def __init__(self, face: Face, studio, home: Path) -> None:
        self.face, self.studio, self.home = face, studio, home
        self.client = LabelStudio(studio.url, studio.token)
        self.ledger = Ledger(f"sqlite:///{home}/ledger.sqlite")
        self.http = httpx.Client(
            base_url=studio.url, headers={"Authorization": f"Token {studio.token}"}, timeout=180, trust_env=False
        )

    def connect(self, project: int, password: str = PASSWORD) -> httpx.Response:
        """As the form under Settings, Model sends it."""
        form = {"project": project, "url": self.face.url, "title": "Osteolens", "auth_method": "BASIC_AUTH"}
        return self.http.post("/api/ml/", json={**form, "basic_auth_user": "osteolens", "basic_auth_pass": password})

    def retrieve(self, project: int) -> None:
        """Retrieve Predictions, in the menu of the data manager."""
        chosen = {"selectedItems": {"all": True, "excluded": []}, "project": project}
        asked = {"id": "retrieve_tasks_predictions", "project": project}
        self.http.post("/api/dm/actions/", params=asked, json=chosen).raise_for_status()

    def predictions(self, task: int) -> list[dict]:
        found = self.http.get("/api/predictions/", params={"task": task}).json()
        return found if isinstance(found, list) else found["results"]

    def pushed(self, recipe: str, preannotate: bool) -> tuple[int, int]:
        """A case of the worklist as a task: its project and number."""
        case = secrets.token_hex(12)
        keep_film(self.home, case, (SAMPLES / "both_knees.png").read_bytes())
        self.ledger.enter(case, recipe, ["requested"], a_reading().row())
        title = f"Live {secrets.token_hex(4)}"
        how = {"preannotate": preannotate}
        (step,) = push(self.ledger, self.client, title, self.home, learning.question, **how)
        assert step.error is None
        entry = self.ledger.entry(case, recipe)
        assert entry is not None
        assert entry.project_id is not None
        assert entry.task_id is not None
        return entry.project_id, entry.task_id


@pytest.fixture(scope="module")
def place(label_studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("backend") / "home"
    told = {
        "OSTEOLENS_LABEL_STUDIO_URL": label_studio.url,
        "OSTEOLENS_LABEL_STUDIO_TOKEN": label_studio.personal_token,
        "OSTEOLENS_BACKEND_PASSWORD": PASSWORD,
    }
    with running(["-m", "backend"], "/health", home, **told) as face:
        yield Place(face, label_studio, home)


def film_in_a_project(place: Place, config: str, sample: str) -> tuple[int, int]:
    """A project that somebody made by hand, with one film: its number and its task's."""
    title = f"By hand {secrets.token_hex(4)}"
    project = place.http.post("/api/projects/", json={"title": title, "label_config": config}).json()["id"]
    address = place.client.upload(project, {"a" * 24: (SAMPLES / sample).read_bytes()})["a" * 24]
    return project, place.client.create(project, [{"data": {"xray": address}}])[0]


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last
        time.sleep(0.2)


def test_a_project_made_by_hand_gets_classes_and_outlines_and_a_reader_sees_them(
    place: Place, chromium: Browser, tmp_path: Path
) -> None:
    project, task = film_in_a_project(place, CONFIG, "virtual_pelvis.png")
    refused = place.connect(project, "a wrong one")
    assert (refused.status_code, "authentication" in refused.text) == (400, True)
    made = place.connect(project)
    assert made.status_code == 201, made.text
    version = made.json()["model_version"]
    assert version.startswith("hip_vit@")
    place.retrieve(project)
    (answer,) = place.predictions(task)
    assert answer["model_version"] == version
    assert 0 < answer["score"] <= 1
    chosen = {one["from_name"]: one["value"]["choices"] for one in answer["result"] if one["type"] == "choices"}
    assert chosen.keys() <= {"right", "left"}
    assert chosen
    drawn = [one for one in answer["result"] if one["type"] == "brushlabels"]
    assert {one["value"]["brushlabels"][0] for one in drawn} <= {
        f"{region} ({side})" for region in ("Femoral neck", "Femur") for side in "RL"
    }
    for one in drawn:
        mask = unpacked(one["value"]["rle"], one["original_width"], one["original_height"]).pixels()
        assert np.count_nonzero(mask) > 100
    place.retrieve(project)
    assert len(place.predictions(task)) == 1  # the same version is not asked twice

    context = chromium.new_context(viewport={"width": 1500, "height": 1000})
    page = context.new_page()
    page.goto(f"{place.studio.url}/user/login/")
    page.fill("input[name=email]", place.studio.user)
    page.fill("input[name=password]", place.studio.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(place.client.link(project, task))
    expect(page.get_by_text("Right hip")).to_be_visible(timeout=60_000)
    side, (label, *_) = next(iter(chosen.items()))
    page.wait_for_timeout(3000)  # the film is drawn after the form
    page.screenshot(path=tmp_path / "predicted.png")
    expect(page.get_by_role("checkbox", name=label).nth(("right", "left").index(side))).to_be_checked()
    expect(page.get_by_text(f"{100 * answer['score']:.2f}%")).to_be_visible()
    context.close()


def test_an_answer_comes_into_the_worklist_by_itself(place: Place) -> None:
    project, task = place.pushed("knee_resnet", preannotate=True)
    assert place.connect(project).status_code == 201
    (hook,) = place.http.get("/api/webhooks/", params={"project": project}).json()
    until(lambda: "Authorization" in place.http.get(f"/api/webhooks/{hook['id']}/").json()["headers"])
    choice = {"from_name": "class", "to_name": "film", "type": "choices", "value": {"choices": ["osteopenia"]}}
    given = place.http.post(f"/api/tasks/{task}/annotations/", json={"result": [choice]})
    given.raise_for_status()
    until(lambda: [one.label for one in place.ledger.answers()] == ["osteopenia"])
    changed = [{**choice, "value": {"choices": ["normal"]}}]
    place.http.patch(f"/api/annotations/{given.json()['id']}/", json={"result": changed}).raise_for_status()
    until(lambda: [one.label for one in place.ledger.answers()] == ["normal"])
    place.http.delete(f"/api/annotations/{given.json()['id']}/").raise_for_status()
    until(lambda: place.ledger.answers() == [])


def test_a_blind_project_gets_nothing_even_if_somebody_shows_predictions_there(place: Place) -> None:
    project, task = place.pushed("knee_resnet", preannotate=False)
    assert place.connect(project).status_code == 201
    place.retrieve(project)
    assert place.predictions(task) == []
    place.http.patch(f"/api/projects/{project}/", json={"show_collab_predictions": True}).raise_for_status()
    place.retrieve(project)
    assert place.predictions(task) == []


def test_what_is_no_radiograph_gets_an_empty_prediction_and_the_others_theirs(place: Place) -> None:
    project, good = film_in_a_project(place, CONFIG, "both_knees.png")
    bad = place.client.create(project, [{"data": {"xray": "data:image/png;base64,AAAA"}}])[0]
    elsewhere = place.client.create(project, [{"data": {"xray": "http://127.0.0.1:9/film.png"}}])[0]
    assert place.connect(project).status_code == 201
    place.retrieve(project)
    for task in (bad, elsewhere):
        (answer,) = place.predictions(task)
        assert [one["type"] for one in answer["result"]] == ["textarea"]
    assert "only 127.0.0.1 is asked for films" in answer["result"][0]["value"]["text"][0]
    assert len(place.predictions(good)) == 1
