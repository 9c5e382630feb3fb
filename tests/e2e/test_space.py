"""The Gradio front end in a real browser and by its API: the same answer, and nothing kept."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, expect

from core.settings import Settings
from present.samples import SAMPLES
from present.wording import CLASS_TITLES, DISCLAIMER
from tests.e2e.bad_files import bad_files
from tests.e2e.faces import Face, kept_films, running, sample_named

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    folder = tmp_path_factory.mktemp("space")
    with running(["space.py"], "/", folder / "home", GRADIO_TEMP_DIR=str(folder / "uploads")) as face:
        yield face


def uploads(face: Face) -> list[Path]:
    """What lies in the folder of uploads besides the previews of the samples."""
    files = [file for file in (face.home.parent / "uploads").rglob("*") if file.is_file()]
    return [file for file in files if file not in previews(face) and file.stat().st_size]


def previews(face: Face) -> set[Path]:
    names = {sample.preview.name: sample.preview.read_bytes() for sample in SAMPLES}
    files = [file for file in (face.home.parent / "uploads").rglob("*") if file.name in names]
    return {file for file in files if file.read_bytes() == names[file.name]}


def test_an_upload_gets_the_answer_of_the_command_line_and_is_gone(
    space: Face, chromium: Browser, tmp_path: Path
) -> None:
    real = Settings().data / "knee_qus" / "images" / "N26.jpg"  # of one leg
    film = real if real.exists() else sample_named("right_knee.dcm").path
    with space.page(chromium) as page:
        page.locator('input[type="file"]').first.set_input_files(str(film))
        expect(page.locator("#answer")).to_contain_text(re.compile("|".join(CLASS_TITLES.values())))
        expect(page.locator("#answer")).to_contain_text(DISCLAIMER)
        expect(page.locator(".film-viewer .facts")).to_contain_text("W 100 L 50")
        page.get_by_text("The reading as JSON").click()
        shown = json.loads(page.locator(".cm-content").inner_text().replace("\n", ""))
    assert uploads(space) == []
    assert kept_films(space.home) == []
    assert space.strangers == []
    space.cli("read", str(film), "--out", str(tmp_path / "r.jsonl"))
    said = json.loads((tmp_path / "r.jsonl").read_text())
    for row in (shown, said):
        del row["path"], row["timing_ms"]
    assert shown == said


def test_a_sample_is_read_by_a_click(space: Face, chromium: Browser) -> None:
    with space.page(chromium) as page:
        page.locator(".thumbnail-item").nth(SAMPLES.index(sample_named("both_knees.png"))).click()
        expect(page.locator("#answer")).to_contain_text(re.compile("|".join(CLASS_TITLES.values())))


def test_both_hips_of_a_pelvis_are_answered_and_outlined(space: Face, chromium: Browser) -> None:
    for name in ("hip_finder", "hip_regions"):
        if not list((Settings().weights / name).glob("*/config.json")):
            pytest.skip(f"no bundle {name} in {Settings().weights}: make weights")
    with space.page(chromium) as page:
        page.locator(".thumbnail-item").first.click()
        expect(page.locator("#answer")).to_contain_text("Hip, AP, right")
        expect(page.locator("#answer")).to_contain_text("Hip, AP, left")
        expect(page.locator(".film-viewer .regions")).to_contain_text("Total hip")
        expect(page.get_by_text("Sides are assumed")).to_have_count(1)


@pytest.mark.parametrize("name", ["empty.png", "letter.dcm", "bomb.png"])
def test_a_bad_file_is_refused_and_the_page_goes_on(space: Face, chromium: Browser, name: str) -> None:
    with space.page(chromium) as page:
        page.locator('input[type="file"]').first.set_input_files(
            {"name": name, "mimeType": "", "buffer": bad_files()[name]}
        )
        expect(page.locator("#answer")).to_contain_text("Refused (")
        page.locator(".thumbnail-item").nth(SAMPLES.index(sample_named("both_knees.png"))).click()
        expect(page.locator("#answer")).to_contain_text("Research tool")
    assert uploads(space) == []


def test_several_films_are_open_at_once_and_one_is_closed(space: Face, chromium: Browser) -> None:
    knees, dicom = sample_named("both_knees.png").path, sample_named("right_knee.dcm").path
    with space.page(chromium) as page:
        page.locator('input[type="file"]').first.set_input_files([str(knees), str(dicom)])
        expect(page.locator("#films label")).to_have_count(2)
        expect(page.locator("#films label").last.locator("input")).to_be_checked()
        page.locator("#films label").first.click()
        expect(page.locator(".film-viewer canvas").first).to_have_attribute("aria-label", re.compile("left", re.I))
        page.get_by_role("button", name="Close this film").click()
        expect(page.locator("#films")).to_have_count(0)  # a single film needs no list
        expect(page.locator("#answer")).to_contain_text("Knee, AP")
    assert uploads(space) == []


def test_what_is_said_of_the_patient_is_read_anew_and_nothing_else_is_made_up(space: Face, chromium: Browser) -> None:
    with space.page(chromium) as page:
        page.locator(".thumbnail-item").nth(SAMPLES.index(sample_named("virtual_hip.png"))).click()
        expect(page.locator("#answer")).to_contain_text("Hip, AP")
        page.get_by_text("About the patient (optional)").click()
        page.get_by_label("BMI, kg/m²").fill("27,5")
        page.get_by_label("BMI, kg/m²").press("Enter")
        expect(page.locator("#answer")).not_to_contain_text(re.compile("under 50", re.I))
        page.get_by_label("Age, years").fill("40")
        page.get_by_label("Age, years").press("Enter")
        expect(page.locator("#answer")).to_contain_text(re.compile("under 50", re.I))
        page.get_by_label("Age, years").fill("forty")
        page.get_by_label("Age, years").press("Enter")
        expect(page.get_by_text("expected a number or nothing")).to_be_visible()


def test_visitors_who_drop_the_same_film_at_once_each_get_an_answer(space: Face) -> None:
    film = sample_named("both_knees.png").path

    def ask(_: int) -> list[dict[str, object]]:
        client = Client(space.url, verbose=False)
        return client.predict(film=handle_file(str(film)), api_name="/read")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))

    assert all([one["side"] for one in answer] == ["R", "L"] for answer in answers)
    assert len({answer[0]["case_id"] for answer in answers}) == 1
    assert uploads(space) == []


def test_nobody_removes_or_reads_what_is_not_their_upload(space: Face) -> None:
    client = Client(space.url, verbose=False)
    (preview, *_) = previews(space)
    client.predict(film=handle_file(str(preview)), api_name="/read")  # the preview's very content and name
    assert preview.exists()
    film = space.home / "of_another.png"
    film.write_bytes(sample_named("both_knees.png").path.read_bytes())
    named = {"path": str(film), "is_stream": False, "meta": {"_type": "gradio.FileData"}}
    call = f"{space.url}/gradio_api/call/read"
    event = (
        httpx.post(call, json={"data": [named, "auto", None, None, None, None]}).raise_for_status().json()["event_id"]
    )
    said = httpx.get(f"{call}/{event}", timeout=60).text
    assert "event: error" in said
    assert "case_id" not in said
    assert film.exists()
    film.unlink()


def test_the_api_names_what_it_takes_and_refuses_what_cannot_be(space: Face) -> None:
    client = Client(space.url, verbose=False)
    assert set(client.predict(api_name="/samples")) == {sample.name for sample in SAMPLES}
    (row,) = client.predict(name="virtual_hip.png", recipe="hip_vit", age_years=70.0, sex="F", api_name="/sample")
    assert (row["status"], row["recipe"]) == ("read", "hip_vit")
    with pytest.raises(AppError, match=r"bmi is 3\.0, expected 8 to 100"):
        client.predict(name="virtual_hip.png", bmi=3.0, api_name="/sample")
    with pytest.raises(AppError, match="choose one of"):
        client.predict(name="../key", api_name="/sample")
