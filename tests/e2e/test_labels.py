"""What an expert sees and does in the real Label Studio, in a real browser, and what comes back of it."""

import csv
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from annotation.answers import labelled_cases
from annotation.export import export
from annotation.films import keep_film, keep_outlines
from annotation.label_studio import LabelStudio
from annotation.ledger import Ledger
from annotation.policy import CONTROL
from annotation.pull import pull
from annotation.push import push
from annotation.question import Question
from annotation.readers import Bounds, truths
from core.case import LabeledCase
from imaging import to_dicom
from tests.questions import SPINE

pytestmark = pytest.mark.e2e
WIDTH, HEIGHT = 211, 307  # odd, and no multiple of anything
HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"))
QUESTIONS = {"hip_vit": HIP, "spine_vertex": SPINE}


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(columns - x, rows - y) <= radius


DRAWN = {
    "R": {"femoral_neck": disc(50, 80, 17) | disc(90, 200, 6.5), "femur": disc(60, 120, 44)},
    "L": {"femoral_neck": disc(160, 80, 15.5), "femur": disc(150, 121, 40)},
}


@dataclass
class Desk:
    """A worklist of its own and its projects in the real Label Studio."""

    home: Path
    studio: "object"
    title: str
    ledger: Ledger

    def enter(self, recipe: str, *reasons: str) -> str:
        case, stream = secrets.token_hex(12), BytesIO()
        Image.fromarray(np.random.default_rng(0).integers(60, 200, (HEIGHT, WIDTH), np.uint8)).save(stream, "PNG")
        keep_film(self.home, case, stream.getvalue())
        model = {"name": recipe, "version": "1.2.0"}
        for side, label in (("R", "osteopenia"), ("L", "osteoporosis")) if recipe == "hip_vit" else ((None, None),):
            row = {"path": "x", "side": side, "model": model, "label": label}
            if side:
                keep_outlines(self.home, case, recipe, side, f"{recipe}@1.2.0", DRAWN[side])
                row["probabilities"] = {label: 0.7}
            self.ledger.enter(case, recipe, reasons or ["near_threshold"], row)
        return case

    def push(self, preannotate: bool) -> list[str]:
        """Links to the tasks."""
        client = LabelStudio(self.studio.url, self.studio.token)
        steps = list(push(self.ledger, client, self.title, self.home, QUESTIONS.__getitem__, preannotate=preannotate))
        assert [step.error for step in steps] == [None] * len(steps)
        return [str(step.link) for step in steps]

    def answers(self, link: str) -> list[LabeledCase]:
        """What the annotations of a task say, as a pull reads them."""
        task = self.task(link)
        question, case = QUESTIONS[task["data"]["recipe"]], task["data"]["case_id"]
        return [one for given in task["annotations"] for one in labelled_cases(question, case, given, "someone")]

    def task(self, link: str) -> dict:
        return self.studio.get(f"/api/tasks/{link.rpartition('=')[2]}").json()

    def manifest(self) -> list[dict[str, str]]:
        """What was answered by now, pulled and exported to `set`: the rows of its manifest."""
        client = LabelStudio(self.studio.url, self.studio.token)
        list(pull(self.ledger, client, QUESTIONS.__getitem__, "reader-{}".format))
        settled = truths(self.ledger, self.home, Bounds(), HIP.recipe)
        made = export(settled, self.ledger, self.home, HIP, self.home / "set", to_dicom, "k" * 12)
        with made.manifest.open() as file:
            return list(csv.DictReader(file))

    def annotate(self, link: str, result: list) -> None:
        httpx.post(
            f"{self.studio.url}/api/tasks/{link.rpartition('=')[2]}/annotations/",
            headers={"Authorization": f"Token {self.studio.token}"},
            json={"result": result},
            timeout=60,
        ).raise_for_status()


@pytest.fixture
def desk(tmp_path: Path, label_studio) -> Desk:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    return Desk(tmp_path, label_studio, f"Labels {secrets.token_hex(4)}", ledger)


@pytest.fixture
def opened(desk: Desk, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a task as a person who has signed in."""
    context = chromium.new_context(viewport={"width": 1500, "height": 1000})
    page = context.new_page()
    page.goto(f"{desk.studio.url}/user/login/")
    page.fill("input[name=email]", desk.studio.user)
    page.fill("input[name=password]", desk.studio.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)

    def open_task(link: str) -> Page:
        page.goto(link)
        expect(page.get_by_text("How sure are you?")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(1500)  # the film is drawn after the form
        return page

    yield open_task
    context.close()


def test_what_was_drawn_comes_back_pixel_for_pixel_and_control_cases_are_asked_blind(desk: Desk) -> None:
    shown, control = desk.enter("hip_vit"), desk.enter("hip_vit", CONTROL)
    links = desk.push(preannotate=True)
    by_case = {desk.task(link)["data"]["case_id"]: (link, desk.task(link)) for link in links}
    link, task = by_case[shown]
    blind_link, blind = by_case[control]
    assert link.split("/projects/")[1].split("/")[0] != blind_link.split("/projects/")[1].split("/")[0]
    assert blind["predictions"] == []
    assert blind["data"]["about"] == "Hip, AP"
    assert "osteoporosis 70 %" in task["data"]["about"]
    titles = [one["title"] for one in desk.studio.get(f"/api/projects?title={desk.title}").json()["results"]]
    assert sorted(titles) == [f"{desk.title} hip_vit blind", f"{desk.title} hip_vit relabel 1.2.0"]

    (filled_in,) = task["predictions"]
    assert (filled_in["model_version"], filled_in["score"]) == ("hip_vit@1.2.0", 0.7)
    desk.annotate(link, filled_in["result"])
    right, left = desk.answers(link)
    assert (right.label, left.label) == ("osteopenia", "osteoporosis")
    for answer in (right, left):
        assert answer.masks.keys() == set(HIP.regions)
        for region, mask in answer.masks.items():
            assert np.array_equal(mask.pixels(), DRAWN[answer.side][region])


def choose(page: Page, *keys: str) -> None:
    """Press keys as a reader does, with nothing in focus but the page."""
    page.evaluate("document.activeElement && document.activeElement.blur()")
    for key in keys:
        page.keyboard.press("+".join(part.capitalize() if len(part) > 1 else part for part in key.split("+")))
        page.wait_for_timeout(150)


def submit(page: Page) -> None:
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST") as sent:
        page.get_by_test_id("bottombar-submit-button").click()
    assert sent.value.ok


def test_each_key_of_the_instruction_chooses_what_it_says(desk: Desk, opened: Callable[[str], Page]) -> None:
    """On both hips: every choice by its key alone, seen in what Label Studio sends."""
    desk.enter("hip_vit")
    (link,) = desk.push(preannotate=False)
    page = opened(link)
    for side in "RL":
        for choice, key in HIP.hotkeys[f"class_{side}"].items():
            choose(page, key)
            shown = page.locator(f'input[type=radio][name="{choice}"]').nth("RL".index(side))
            expect(shown).to_be_checked()
    keys = HIP.hotkeys
    # The loop left both hips at "cannot be judged", so that both ask why.
    choose(page, keys["reason_L"]["bone cut off"], keys["class_R"]["osteopenia"], keys["certainty"]["fairly sure"])
    submit(page)
    right, left = desk.answers(link)
    assert (right.label, right.reasons, right.certainty) == ("osteopenia", (), "fairly sure")
    assert (left.label, left.reasons, left.certainty) == (None, ("bone cut off",), "fairly sure")


def test_an_expert_corrects_what_was_drawn_and_the_rest_stays_as_it_was(
    desk: Desk, opened: Callable[[str], Page]
) -> None:
    """One stroke of the eraser over one outline; every other pixel comes back as it went, and the corrected outlines
    stand in the manifest that a training takes."""
    desk.enter("hip_vit")
    (link,) = desk.push(preannotate=True)
    page = opened(link)
    expect(page.get_by_text("hip_vit@1.2.0: R osteopenia 70 %")).to_be_visible()
    page.get_by_text("femur R", exact=True).last.click()  # in the list of what is drawn
    choose(page, "e")
    film = page.locator(".konvajs-content canvas").first.bounding_box()
    assert film is not None
    x, y = (film["x"] + film["width"] * 60 / WIDTH, film["y"] + film["height"] * 120 / HEIGHT)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=5)
    page.mouse.up()
    submit(page)
    right, left = desk.answers(link)
    assert (right.label, left.label) == ("osteopenia", "osteoporosis")
    for region in ("femoral_neck", "femur"):
        assert np.array_equal(left.masks[region].pixels(), DRAWN["L"][region])
    assert np.array_equal(right.masks["femoral_neck"].pixels(), DRAWN["R"]["femoral_neck"])
    corrected = right.masks["femur"].pixels()
    erased = DRAWN["R"]["femur"] & ~corrected
    assert not (corrected & ~DRAWN["R"]["femur"]).any()
    rows, columns = np.nonzero(erased)
    assert erased.sum() > 10  # a stroke of some pixels' width, there where it was drawn and nowhere else
    assert 112 < rows.min() <= rows.max() < 128
    assert 50 < columns.min() <= columns.max() < 100

    taught = {row["side"]: row for row in desk.manifest()}
    assert {side: row["label"] for side, row in taught.items()} == {"R": "osteopenia", "L": "osteoporosis"}
    sent = as_label_studio_kept_it(desk.task(link))
    assert sent.keys() == {f"{region} {side}" for side in "RL" for region in ("femoral neck", "femur")}
    for name, mask in sent.items():
        region, _, side = name.rpartition(" ")
        with Image.open(desk.home / "set" / taught[side][f"mask_{region.replace(' ', '_')}"]) as picture:
            assert np.array_equal(np.asarray(picture) > 127, mask), name
    assert not np.array_equal(sent["femur R"], DRAWN["R"]["femur"])


def as_label_studio_kept_it(task: dict) -> dict[str, np.ndarray]:
    """The brush masks of a task's one annotation by label, unpacked by the SDK's own reader."""
    from label_studio_sdk.converter.brush import decode_rle

    (annotation,) = task["annotations"]
    return {
        one["value"]["brushlabels"][0]: decode_rle(one["value"]["rle"]).reshape(HEIGHT, WIDTH, 4)[:, :, 3] > 127
        for one in annotation["result"]
        if "brushlabels" in one["value"]
    }


def test_a_spines_choices_and_points_come_back(desk: Desk, opened: Callable[[str], Page]) -> None:
    """Findings, a grade and a point by their keys, the point set on the film."""
    desk.enter("spine_vertex")
    (link,) = desk.push(preannotate=False)
    page = opened(link)
    expect(page.get_by_text("Bone density")).to_have_count(0)
    keys = SPINE.hotkeys
    choose(page, keys["vertebral_fracture"]["yes"], keys["osteoporosis"]["cannot be judged"], keys["genant_T12"]["2"])
    choose(page, keys["reason"]["exposure or sharpness"], keys["points"]["T12 back lower"])
    film = page.locator(".konvajs-content canvas").first.bounding_box()
    assert film is not None
    page.mouse.click(film["x"] + 0.3 * film["width"], film["y"] + 0.4 * min(film["height"], 600))
    page.wait_for_timeout(300)
    submit(page)
    (case,) = desk.answers(link)
    assert (case.label, case.reasons) == (None, ("exposure or sharpness",))
    assert case.findings == {"vertebral_fracture": "yes", "genant_T12": "2"}
    assert case.points.keys() == {"T12_back_lower"}
    x, y = case.points["T12_back_lower"]
    assert 10 < x < 60
    assert 0 < y < 100
