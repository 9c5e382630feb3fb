"""Two readers answer differently in the real Label Studio; a third person settles it in the browser."""

import secrets
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from annotation.films import keep_film, keep_outlines
from annotation.label_studio import LabelStudio
from annotation.ledger import Ledger
from annotation.pull import pull
from annotation.push import push
from annotation.question import Question
from annotation.readers import Bounds, Settled, truths
from annotation.rle import packed
from core.mask import BitMask
from tests.e2e.faces import running

pytestmark = pytest.mark.e2e
WORKBENCH = ["-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"]
WIDTH, HEIGHT = 211, 307
HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"))


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(columns - x, rows - y) <= radius


def annotation(label: str, neck: np.ndarray) -> dict:
    """What Label Studio's page sends for one side: a class, and a region painted with the brush."""
    value = {"format": "rle", "rle": packed(BitMask.of(neck)), "brushlabels": ["femoral neck R"]}
    drawn = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0, "to_name": "film"}
    choice = {"from_name": "class_R", "to_name": "film", "type": "choices", "value": {"choices": [label]}}
    return {"result": [choice, {**drawn, "from_name": "brush_R", "type": "brushlabels", "value": value}]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "reviewed"
    folder.mkdir()
    return folder


@pytest.fixture
def case(home: Path, label_studio) -> str:
    """A film that two readers were asked about, each in a project of their own, and answered differently."""
    name, stream = secrets.token_hex(12), BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(60, 200, (HEIGHT, WIDTH), np.uint8)).save(stream, "PNG")
    keep_film(home, name, stream.getvalue())
    keep_outlines(home, name, "hip_vit", "R", "hip_vit@1.2.0", {"femoral_neck": disc(60, 80, 25)})
    ledger = Ledger(f"sqlite:///{home / 'ledger.sqlite'}")
    row = {"side": "R", "model": {"name": "hip_vit", "version": "1.2.0"}, "label": "osteopenia"}
    ledger.enter(name, "hip_vit", ["requested"], {**row, "probabilities": {"osteopenia": 0.7}})
    client, title = LabelStudio(label_studio.url, label_studio.token), f"Two readers {secrets.token_hex(4)}"
    steps = list(push(ledger, client, title, home, lambda _: HIP, readers=2))
    assert [step.error for step in steps] == [None]
    (entry,) = ledger.entries()
    given = (("normal", disc(50, 80, 20)), ("osteoporosis", disc(80, 90, 24)))
    for task, (label, neck) in zip(ledger.tasks_of_case(entry.id), given, strict=True):
        httpx.post(
            f"{label_studio.url}/api/tasks/{task.task_id}/annotations/",
            headers={"Authorization": f"Token {label_studio.token}"},
            json=annotation(label, neck),
            timeout=60,
        ).raise_for_status()
    assert sum(step.new for step in pull(ledger, client, lambda _: HIP, lambda account: f"reader-{account}")) == 2
    ledger.close()
    return name


def right_side(home: Path) -> Settled:
    ledger = Ledger(f"sqlite:///{home / 'ledger.sqlite'}")
    try:
        return next(one for one in truths(ledger, home, Bounds()) if one.side == "R")
    finally:
        ledger.close()


def picture(page: Page) -> int:
    """A sum over what the viewer shows."""
    page.wait_for_timeout(300)
    return page.locator(".film-viewer canvas").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".reduce((sum, value, i) => sum + value * (i % 7), 0)"
    )


def test_what_two_readers_disagree_on_is_settled_in_the_browser_and_taken_back(
    case: str, home: Path, chromium: Browser
) -> None:
    assert set(right_side(home).differs) == {"class", "femoral_neck"}
    with running(WORKBENCH, "/_stcore/health", home) as face, face.page(chromium, width=1280, height=800) as page:
        page.goto(f"{face.url}/review")
        expect(page.get_by_text("Readers say normal and osteoporosis")).to_be_visible()
        expect(page.get_by_text("Differ 1")).to_be_visible()
        table = page.locator("table.readers")
        expect(table.locator("tr.differs").first).to_contain_text("Osteoporosis")
        expect(table).to_contain_text("hip_vit@1.2.0")

        switches = page.locator(".film-viewer .regions")
        whole = picture(page)
        seen = {whole}
        for name in ("Reader A", "Reader B", "Model"):
            switches.get_by_role("button", name=name).click()
            seen.add(picture(page))
        assert len(seen) == 4  # each takes its own outlines off
        switches.get_by_role("button", name="All outlines").click()
        assert picture(page) == whole

        page.keyboard.press("b")
        expect(page.get_by_text("Readers agree on every case.")).to_be_visible()
        settled = right_side(home)
        assert settled.answer is not None
        assert (settled.answer.case_id, settled.answer.label) == (case, "osteoporosis")
        np.testing.assert_array_equal(settled.answer.masks["femoral_neck"].pixels(), disc(80, 90, 24))

        page.get_by_text("All 1").click()
        expect(page.get_by_text("Osteoporosis (adjudicated).")).to_be_visible()
        page.keyboard.press("u")
        expect(page.get_by_text("Readers say normal and osteoporosis")).to_be_visible()
        assert set(right_side(home).differs) == {"class", "femoral_neck"}
    assert face.strangers == []
