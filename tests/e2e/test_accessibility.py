"""axe-core looks at every page of the workbench in a real browser: WCAG 2.1, levels A and AA."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.faces import Face, running
from tests.e2e.test_workbench import HEALTH, WORKBENCH, answer, open_sample

pytestmark = pytest.mark.e2e
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    with running(WORKBENCH, HEALTH, tmp_path_factory.mktemp("accessible") / "home") as face:
        yield face


def faults(page: Page) -> list[str]:
    found = []
    for one in Axe().run(page, options=RULES).response["violations"]:
        found += [f"{one['id']}: {node['html'][:300]} {_why(node)}" for node in one["nodes"]]
    return found


def at_rest(page: Page) -> None:
    """Streamlit's own sign that it runs has gone, which is too faint by its own theme."""
    page.wait_for_timeout(700)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=120_000)


def _why(node: dict) -> str:
    return "; ".join(check["message"] for check in (node["any"] + node["all"])[:1])


@pytest.mark.parametrize("address", ["", "worklist", "review", "learn", "models"])
def test_a_page_has_no_fault(workbench: Face, chromium: Browser, address: str) -> None:
    with workbench.page(chromium) as page:
        page.goto(f"{workbench.url}/{address}")
        expect(page.get_by_role("heading").first).to_be_visible()
        at_rest(page)
        found = faults(page)
        assert not found, "\n".join(found)


def test_an_answer_has_no_fault(workbench: Face, chromium: Browser) -> None:
    with workbench.page(chromium) as page:
        open_sample(page, "Fractures")
        expect(answer(page)).to_be_visible()
        at_rest(page)
        found = faults(page)
        assert not found, "\n".join(found)
