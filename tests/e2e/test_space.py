"""The Gradio face in a real browser: the same answer, and nothing kept."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
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
    previews = {sample.preview.name for sample in SAMPLES}
    files = [file for file in (face.home.parent / "uploads").rglob("*") if file.is_file()]
    return [file for file in files if file.name not in previews and file.stat().st_size]


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
