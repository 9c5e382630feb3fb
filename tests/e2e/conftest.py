"""Real servers for the end-to-end tests, each on a free port with a data folder of its own, ended by process number."""

from collections.abc import Iterator
from dataclasses import dataclass
from shutil import which

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from annotation.server import PROGRAM, USER, LabelStudioServer, free_port


@dataclass(frozen=True)
class RunningLabelStudio:
    """Where the Label Studio of this test run is, and what it lets one in with."""

    url: str
    user: str
    password: str
    token: str  # legacy, 40 hex digits
    personal_token: str  # JWT refresh token

    def get(self, path: str) -> httpx.Response:
        """Ask its API, past our own client."""
        answer = httpx.get(f"{self.url}{path}", headers={"Authorization": f"Token {self.token}"}, timeout=60)
        answer.raise_for_status()
        return answer


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLabelStudio]:
    """The real Label Studio, one for the whole test run: give each test a project title of its own."""
    if not PROGRAM.exists():
        pytest.skip(f"Label Studio is not installed at {PROGRAM}: make label-studio-env")
    with LabelStudioServer(tmp_path_factory.mktemp("label-studio"), free_port()) as server:
        made = httpx.post(f"{server.url}/api/token/", headers={"Authorization": f"Token {server.token}"}, json={})
        made.raise_for_status()
        yield RunningLabelStudio(server.url, USER, server.password, server.token, made.json()["token"])


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, the system's own: none is downloaded."""
    program = which("chromium") or which("chromium-browser") or which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed, so nothing can be tried in a browser: apt-get install chromium")
    switches = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=switches.split())
        yield browser
        browser.close()
