"""A face as a person runs it: a server process with a home of its own, and a page open on it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, Request, expect

from annotation.server import free_port
from present.samples import SAMPLES, Sample

ROOT = Path(__file__).resolve().parents[2]
START_S = 120
expect.set_options(timeout=60_000)  # a busy machine, and networks that are loaded on the first film


def sample_named(name: str) -> Sample:
    """One of the films to click on."""
    return next(one for one in SAMPLES if one.name == name)


@dataclass
class Face:
    """Where a face runs, what it keeps its things in, and what its pages asked of other machines."""

    url: str
    home: Path
    environment: dict[str, str]
    strangers: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, browser: Browser, width: int = 1440, height: int = 900) -> Iterator[Page]:
        """A fresh visit; every address it asks for is watched, and a fault of its scripts fails the test."""
        faults: list[str] = []

        def watch(request: Request) -> None:
            if not request.url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
                self.strangers.append(request.url)

        visit = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        page = visit.new_page()
        page.set_default_timeout(60_000)
        page.on("request", watch)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        try:
            page.goto(self.url)
            yield page
        finally:
            visit.close()
        assert not faults, faults

    def cli(self, *words: str) -> None:
        """The command line in the same installation."""
        subprocess.run([sys.executable, "cli.py", *words], cwd=ROOT, env=self.environment, check=True, timeout=180)


@contextmanager
def running(words: list[str], health: str, home: Path, **settings: str) -> Iterator[Face]:
    """Start `python WORDS` ({port} stands for a free one), wait until it answers, and end it by its process number."""
    port = free_port()
    environment = {
        **os.environ,
        "OSTEOLENS_HOME": str(home),
        "OSTEOLENS_LABEL_STUDIO_URL": "",
        "OSTEOLENS_LABEL_STUDIO_TOKEN": "",
        "OSTEOLENS_CONTROL_RATE": "0",
        "OMP_NUM_THREADS": "1",  # two tests run at once
        "HOST": "127.0.0.1",
        "PORT": str(port),
        **settings,
    }
    home.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *(word.format(port=port) for word in words)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url, last = f"http://127.0.0.1:{port}", time.monotonic() + START_S
        while not _answers(url + health):
            assert process.poll() is None, f"the server ended: {log.read_text()}"
            assert time.monotonic() < last, f"no answer within {START_S} s: {log.read_text()}"
            time.sleep(0.2)
        yield Face(url, home, environment)
        assert process.poll() is None, f"the server ended with {process.returncode}: {log.read_text()}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code in (200, 401)  # there, though it may want a password
    except httpx.HTTPError:
        return False


def kept_films(home: Path) -> list[Path]:
    """Every file of this installation but its key and its ledger."""
    return [file for file in home.rglob("*") if file.is_file() and not file.name.startswith(("key", "ledger.sqlite"))]
