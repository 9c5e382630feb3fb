"""The pictures of the README, taken anew: `python -m tests.e2e.screenshots`.

The real workbench and the real Label Studio, in a fresh installation, on drawn films alone: no picture shows a patient.
"""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from annotation.server import LabelStudioServer, free_port
from present.samples import SAMPLES
from tests.e2e.faces import ROOT, running

OUT = ROOT / "docs" / "screenshots"
WORKBENCH = ["-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def take(page: Page, name: str) -> None:
    """One picture of what the window shows."""
    page.mouse.move(1, 400)
    page.wait_for_timeout(1500)
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / f"{name}.png"
    page.screenshot(path=file)
    with Image.open(file) as picture:
        plain = picture.convert("RGB")
    plain.save(file, optimize=True)
    print(f"{file.relative_to(ROOT)} {file.stat().st_size / 1000:.0f} kB")


def open_samples(page: Page) -> None:
    for number, sample in enumerate(reversed(SAMPLES), start=1):  # the pelvis last: it is the one to see
        page.get_by_role("button", name=sample.title, exact=True).click()
        if number > 1:
            expect(page.get_by_role("radiogroup", name="Opened films").get_by_role("radio")).to_have_count(number)
        at_rest(page)
        ask = page.get_by_role("button", name="Send to the worklist")
        if ask.is_visible():
            ask.click()
            at_rest(page)
        expect(page.get_by_text("In the worklist")).to_be_visible()
        if sample.title == "Fractures":
            take(page, "spine")


def at_rest(page: Page) -> None:
    """The server has drawn all it was asked for."""
    page.wait_for_timeout(700)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=120_000)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        LabelStudioServer(Path(folder) / "label-studio", free_port()) as studio,
        running(
            WORKBENCH,
            "/_stcore/health",
            Path(folder) / "home",
            OSTEOLENS_LABEL_STUDIO_URL=studio.url,
            OSTEOLENS_LABEL_STUDIO_TOKEN=studio.token,
        ) as face,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(face.url)
        expect(page.get_by_role("heading", name="Read a film")).to_be_visible()
        open_samples(page)
        take(page, "read")
        page.get_by_role("link", name="Worklist", exact=True).click()
        page.get_by_role("button", name=f"Send {len(SAMPLES)} to Label Studio").click()
        page.get_by_text("Nothing waits to be sent.").wait_for()
        take(page, "worklist")
        page.get_by_role("link", name="Models", exact=True).click()
        page.get_by_role("heading", name="Models", exact=True).wait_for()
        page.wait_for_timeout(2500)
        take(page, "models")
        browser.close()


if __name__ == "__main__":
    main()
