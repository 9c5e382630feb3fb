"""The page Learn in a real browser: a training begun there goes on when the tab is gone, and its bundle reads."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.banded import draw
from tests.e2e.faces import ROOT, Face, running

pytestmark = pytest.mark.e2e
TINY = ["-m", "tests.tiny_program"]
WORKBENCH = [*TINY, "streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("films")
    for name, first, count in (("first", 0, 30), ("own", 300, 48), ("locked", 600, 30)):
        draw(root / name, first, count)
    return root


@pytest.fixture(scope="module")
def workbench(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    """With one version of a recipe that learns in seconds."""
    root = tmp_path_factory.mktemp("learn")
    own = {"OSTEOLENS_WEIGHTS": str(root / "weights"), "OMP_NUM_THREADS": "1"}
    words = ["train", "knee_resnet", "--data", str(films / "first"), "--preset", "paper", "--out", str(root / "first")]
    for command in (words, ["models", "promote", str(root / "first")]):
        environment = {**os.environ, **own, "OSTEOLENS_HOME": str(root / "elsewhere")}
        subprocess.run([sys.executable, *TINY, "cli.py", *command], cwd=ROOT, env=environment, check=True, timeout=480)
    with running(WORKBENCH, "/_stcore/health", root / "home", **own) as face:
        yield face


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def ask(page: Page, films: Path, epochs: int) -> None:
    """What stands on the left: films, recipe, how long."""
    choose(page, "Recipe", "knee_resnet")
    fill(page, "Films and answers", str(films))
    expect(page.get_by_text("48 rows on 48 films; 48 patients.")).to_be_visible()
    fill(page, "Epochs", str(epochs))


def test_a_training_outlives_its_tab_and_its_bundle_reads(workbench: Face, films: Path, chromium: Browser) -> None:
    with workbench.page(chromium) as page:
        page.goto(f"{workbench.url}/learn")
        expect(page.get_by_text("No training yet")).to_be_visible()
        ask(page, films / "own", 200)  # long enough to be stopped
        page.get_by_role("button", name="Start the training").click()
        expect(page.get_by_text("Running", exact=True)).to_be_visible(timeout=120_000)
    with workbench.page(chromium) as page:  # another visit: the first tab is gone
        page.goto(f"{workbench.url}/learn")
        expect(page.get_by_text("Running", exact=True)).to_be_visible()
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=240_000)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
        page.get_by_role("button", name="Go on with it").click()
        expect(page.get_by_text("Stopped", exact=True)).to_have_count(0, timeout=60_000)  # the click has arrived
        page.reload()
        expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=240_000)  # by itself
        expect(page.get_by_text("It gave knee_resnet@0.1.1")).to_be_visible()
        fill(page, "Locked test set (path of a manifest on this machine)", str(films / "locked"))
        page.get_by_role("button", name="Compare with the version that reads").click()
        expect(page.get_by_text(re.compile("^The challenger "))).to_be_visible(
            timeout=120_000
        )  # takes the place, or is refused
        fill(page, "Reason, where it is promoted without a gain", "tried on our films")
        page.get_by_role("button", name="Promote knee_resnet@0.1.1").click()
        expect(page.get_by_text("knee_resnet@0.1.1 reads from the next film on.")).to_be_visible()
        page.get_by_role("button", name="Roll back to knee_resnet@0.1.0").click()
        expect(page.get_by_text("knee_resnet@0.1.0 reads from the next film on.")).to_be_visible()


def test_a_table_that_cannot_teach_is_refused_before_it_begins(
    workbench: Face, chromium: Browser, tmp_path: Path
) -> None:
    table = draw(tmp_path / "few", 0, 4)
    with workbench.page(chromium, width=1280) as page:
        page.goto(f"{workbench.url}/learn")
        choose(page, "Recipe", "knee_resnet")
        fill(page, "Films and answers", str(table))
        expect(page.get_by_text("expected at least 5 of each class")).to_be_visible()
        expect(page.get_by_role("button", name="Start the training")).to_be_disabled()
        fill(page, "Films and answers", str(tmp_path / "nothing"))
        expect(page.get_by_text("Found nothing at")).to_be_visible()
