"""The workbench in a test, without a browser: a page opened, what it says, and its buttons."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from present.samples import SAMPLES

KNEES = [sample for sample in SAMPLES if "knee" in sample.name]
PELVIS = SAMPLES[0]
ROOT = Path(__file__).resolve().parent.parent.parent


def opened(page: str = "pages/read.py") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    if page != "pages/read.py":
        app.switch_page(page).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that is written on the page."""
    texts = [element.value for kind in ("title", "markdown", "caption", "error", "info") for element in app.get(kind)]
    return "\n".join([*map(str, texts), *(str(element.proto.body) for element in app.get("html"))]).replace("\\", "")


def click(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception
    return app
