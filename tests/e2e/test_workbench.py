"""The workbench in a real browser: a film in, an answer out, a hard case in Label Studio."""

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from core.refusal import Code
from core.settings import Settings
from present.samples import SAMPLES
from present.wording import CLASS_TITLES, DISCLAIMER, refusal_title
from tests.e2e.bad_files import bad_files
from tests.e2e.faces import Face, kept_films, running, sample_named

pytestmark = pytest.mark.e2e
WORKBENCH = ["-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"]
HEALTH = "/_stcore/health"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    with running(WORKBENCH, HEALTH, tmp_path_factory.mktemp("workbench") / "home") as face:
        yield face


@pytest.mark.parametrize(("address", "title"), [("worklist", "Worklist"), ("models", "Models")])
def test_a_first_visit_straight_to_a_screen_gets_the_whole_workbench(
    tmp_path: Path, chromium: Browser, address: str, title: str
) -> None:
    with running(WORKBENCH, HEALTH, tmp_path / "home") as face, face.page(chromium) as page:
        page.goto(f"{face.url}/{address}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Worklist")).to_be_visible()
        expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
        expect(page.get_by_text(DISCLAIMER).last).to_be_visible()


def a_real_film() -> Path:
    """A real film of one leg where it is at hand, else a virtual one."""
    real = Settings().data / "knee_qus" / "images" / "N26.jpg"
    return real if real.exists() else sample_named("right_knee.dcm").path


def upload(page: Page, *files: dict | str) -> None:
    page.locator('input[type="file"]').first.set_input_files(list(files))


def answer(page: Page) -> Locator:
    """The answer, once the page has come to rest."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=120_000)
    return page.locator(".answer").first


def open_sample(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()
    expect(page.locator(".film-viewer canvas")).to_be_visible()


def grey_sum(page: Page) -> int:
    """What is on the canvas, in one number."""
    return page.locator(".film-viewer canvas").evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
           .reduce((sum, value, at) => at % 4 === 3 ? sum : sum + value, 0)"""
    )


def zoom(page: Page) -> int:
    found = re.search(r"Zoom (\d+) %", page.locator(".film-viewer .facts").inner_text())
    assert found
    return int(found[1])


def test_a_film_in_the_browser_gets_the_answer_of_the_command_line(
    workbench: Face, chromium: Browser, tmp_path: Path
) -> None:
    film = a_real_film()
    with workbench.page(chromium) as page:
        expect(page.get_by_role("heading", name="Read a film")).to_be_visible()
        upload(page, str(film))
        expect(answer(page)).to_contain_text(re.compile("|".join(CLASS_TITLES.values())))
        expect(answer(page)).to_contain_text(DISCLAIMER)
        expect(answer(page)).to_contain_text("Learned from")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the reading").click()
        shown = json.loads(Path(download.value.path()).read_text())
        assert film.stem not in download.value.suggested_filename
    workbench.cli("read", str(film), "--out", str(tmp_path / "r.jsonl"))
    said = json.loads((tmp_path / "r.jsonl").read_text())
    assert shown["path"] == film.name
    for row in (shown, said):
        del row["path"], row["timing_ms"]
    assert shown == said
    assert CLASS_TITLES[said["label"]]


def test_the_film_can_be_zoomed_moved_and_windowed_and_stays_so_when_a_button_is_pressed(
    workbench: Face, chromium: Browser
) -> None:
    with workbench.page(chromium) as page:
        open_sample(page, "Both knees")
        canvas, facts = page.locator(".film-viewer canvas"), page.locator(".film-viewer .facts")
        expect(facts).to_contain_text("W 100 L 50")
        fitted, whole = zoom(page), grey_sum(page)
        canvas.hover()
        page.mouse.wheel(0, -600)
        expect(facts).not_to_contain_text(f"Zoom {fitted} %")
        assert zoom(page) > 2 * fitted
        zoomed = grey_sum(page)
        box = canvas.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.down()
        page.mouse.move(x + 150, y + 90, steps=4)
        page.mouse.up()
        page.wait_for_timeout(200)
        assert grey_sum(page) != zoomed
        page.mouse.move(x, y)
        page.mouse.down(button="right")
        page.mouse.move(x - 200, y, steps=4)
        page.mouse.up(button="right")
        expect(facts).not_to_contain_text("W 100")
        kept = facts.inner_text()
        page.get_by_text("Timings and facts of the film").click()
        page.get_by_text("About the patient").click()
        page.get_by_label("Age, years").fill("70")
        page.get_by_label("Age, years").press("Enter")
        expect(page.get_by_text("drawn phantom", exact=False).or_(page.get_by_text("PNG").last)).to_be_visible()
        expect(answer(page)).to_be_visible()
        assert facts.inner_text() == kept
        page.get_by_role("button", name="Reset").click()
        expect(facts).to_contain_text(f"Zoom {fitted} %")
        assert grey_sum(page) == whole


def test_the_explanation_can_be_taken_off_and_the_greys_turned(workbench: Face, chromium: Browser) -> None:
    with workbench.page(chromium) as page:
        for number, sample in enumerate(
            SAMPLES, start=1
        ):  # a network may find no place on a drawn film that speaks for its answer
            open_sample(page, sample.title)
            if number > 1:
                expect(page.get_by_role("radiogroup", name="Opened films").get_by_role("radio")).to_have_count(number)
            expect(answer(page)).to_be_visible()
            page.wait_for_timeout(500)
            if page.locator(".film-viewer .legend").is_visible():
                break
        expect(page.locator(".film-viewer .legend")).to_be_visible()
        covered = grey_sum(page)
        page.get_by_label("Opacity of the explanation map").fill("0")
        expect(page.locator(".film-viewer .legend")).to_be_hidden()
        bare = grey_sum(page)
        assert bare != covered
        page.get_by_role("button", name="Invert").click()
        page.wait_for_timeout(200)
        assert grey_sum(page) > bare


@pytest.fixture
def hips_can_be_read() -> None:
    for name in ("hip_finder", "hip_regions"):
        if not list((Settings().weights / name).glob("*/config.json")):
            pytest.skip(f"no bundle {name} in {Settings().weights}: make weights")


@pytest.mark.usefixtures("hips_can_be_read")
def test_both_hips_of_a_pelvis_are_outlined_and_each_region_can_be_taken_off(
    workbench: Face, chromium: Browser
) -> None:
    with workbench.page(chromium) as page:
        open_sample(page, "Pelvis")
        expect(answer(page)).to_contain_text("Hip, AP, right")
        regions = page.locator(".film-viewer .regions")
        for title in ("Femoral neck", "Greater trochanter", "Ward's triangle", "Total hip", "Proximal femur"):
            expect(regions.get_by_role("button", name=title)).to_have_attribute("aria-pressed", "true")
        expect(regions).to_contain_text("Right hip")
        expect(regions).to_contain_text("Left hip")
        drawn = grey_sum(page)
        regions.get_by_role("button", name="Proximal femur").click()
        page.wait_for_timeout(200)
        without = grey_sum(page)
        assert without != drawn
        regions.get_by_role("button", name="All regions").click()
        page.wait_for_timeout(200)
        assert grey_sum(page) == drawn
        regions.get_by_role("button", name="All regions").click()
        page.wait_for_timeout(200)
        bare = grey_sum(page)
        assert bare not in (drawn, without)
        page.get_by_label("Opacity of the regions' fill").fill("60")
        page.wait_for_timeout(200)
        assert grey_sum(page) == bare
        facts = page.locator(".film-viewer .facts").inner_text()
        page.get_by_text("Left hip: ").click()
        expect(page.locator(".answer").first).to_contain_text("Hip, AP, left")
        assert page.locator(".film-viewer .facts").inner_text() == facts
        assert grey_sum(page) == bare


@pytest.mark.parametrize("name", bad_files(), ids=lambda name: name[-16:])
def test_a_bad_file_is_refused_in_a_sentence_with_its_code_and_the_page_goes_on(
    workbench: Face, chromium: Browser, name: str
) -> None:
    before = kept_films(workbench.home)
    with workbench.page(chromium) as page:
        upload(page, {"name": name, "mimeType": "", "buffer": bad_files()[name]})
        refused = page.locator('.answer[data-status="refused"]')
        expect(refused).to_be_visible()
        (code,) = re.findall(r"Refused \((\w+)\)", refused.inner_text())
        expect(refused).to_contain_text(refusal_title(Code(code)))
        sentence = refused.locator("p").nth(1).inner_text()
        assert sentence.endswith(".")
        assert len(sentence.split()) > 5
        assert name not in page.locator(".answer").inner_text()
        assert kept_films(workbench.home) == before
        open_sample(page, "DICOM")
        expect(answer(page)).to_contain_text("Research tool")


def test_two_uploads_of_one_name_are_two_films(workbench: Face, chromium: Browser) -> None:
    with workbench.page(chromium) as page:
        upload(
            page,
            {"name": "knee.png", "mimeType": "image/png", "buffer": sample_named("both_knees.png").path.read_bytes()},
            {"name": "knee.png", "mimeType": "image/png", "buffer": b""},
        )
        films = page.get_by_role("radiogroup", name="Opened films").get_by_role("radio")
        expect(films).to_have_count(2)
        expect(page.locator('.answer[data-status="read"]')).to_be_visible()
        page.get_by_role("radiogroup", name="Opened films").get_by_text("knee.png (2)").click()
        expect(page.locator('.answer[data-status="refused"]')).to_be_visible()


def test_all_bad_files_at_once_leave_nothing_behind(chromium: Browser, tmp_path: Path) -> None:
    with running(WORKBENCH, HEALTH, tmp_path / "home") as fresh, fresh.page(chromium) as page:
        upload(page, *({"name": name, "mimeType": "", "buffer": data} for name, data in bad_files().items()))
        expect(page.get_by_text("Refused: ")).to_have_count(len(bad_files()))
        assert kept_films(fresh.home) == []
        ledger = fresh.home / "ledger.sqlite"
        if ledger.exists():
            with sa.create_engine(f"sqlite:///{ledger}").connect() as connection:
                assert connection.scalar(sa.text("select count(*) from cases")) == 0


def test_the_pages_ask_nothing_of_other_machines(workbench: Face, chromium: Browser) -> None:
    with workbench.page(chromium, width=390, height=844) as page:
        open_sample(page, "Both knees")
        for name in ("worklist", "models"):
            page.goto(f"{workbench.url}/{name}")
            expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
            expect(page.get_by_text(DISCLAIMER).last).to_be_visible()
            expect(page.get_by_test_id("stException")).to_have_count(0)
    assert workbench.strangers == []


def test_a_film_sent_from_the_browser_is_one_task_in_label_studio(
    label_studio, chromium: Browser, tmp_path: Path
) -> None:
    title = f"Browser {secrets.token_hex(5)}"
    connected = {
        "OSTEOLENS_LABEL_STUDIO_URL": label_studio.url,
        "OSTEOLENS_LABEL_STUDIO_TOKEN": label_studio.token,
        "OSTEOLENS_LABEL_STUDIO_PROJECT": title,
    }
    film = a_real_film()
    with running(WORKBENCH, HEALTH, tmp_path / "home", **connected) as face, face.page(chromium) as page:
        upload(page, str(film))
        expect(answer(page)).to_be_visible()
        ask = page.get_by_role("button", name="Send to the worklist")
        there = page.get_by_text("In the worklist")
        expect(ask.or_(there)).to_be_visible()
        if ask.is_visible():
            ask.click()
        expect(there).to_be_visible()
        page.get_by_role("link", name="Go to the worklist").click()
        page.get_by_role("button", name="Send 1 to Label Studio").click()
        expect(page.get_by_text("Nothing waits to be sent.")).to_be_visible()
        task = page.get_by_role("link", name="open it")
        expect(task).to_have_count(1)
        link = task.get_attribute("href")
    projects = label_studio.get("/api/projects?page_size=1000").json()["results"]
    (project,) = [one for one in projects if one["title"].startswith(title)]
    (found,) = label_studio.get(f"/api/tasks?project={project['id']}&fields=all").json()["tasks"]
    assert link == f"{label_studio.url}/projects/{project['id']}/data?task={found['id']}"
    assert film.stem not in json.dumps(found)
    assert found["data"]["case_id"] in {file.stem for file in (tmp_path / "home" / "films").iterdir()}
