"""The documents say what the code does: pages written from it, links, commands and Python."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from core.reading import Reading
from core.settings import ROOT
from tests.project import commands, reference

COMMANDS = commands.told("python cli.py")
TRIED = ("samples/virtual_pelvis.png", "simulate", "--dry-run")  # marks of commands that are given whole


def test_pages_written_from_the_code_are_up_to_date() -> None:
    for file, text in reference.pages().items():
        assert file.read_text() == text, f"{file.relative_to(ROOT)} is out of date: python -m tests.project.reference"


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=[" ".join(words)[:60] for _, words in COMMANDS])
def test_the_command_line_takes_every_command_of_the_documents(page: str, words: list[str]) -> None:
    assert not any(word in ("", "...") for word in words), page
    if words != ["--version"]:  # which ends the program, and has a test of its own
        assert cli._parser().parse_args(words).function


def test_documents_show_commands_of_every_kind() -> None:
    shown = {words[0] for _, words in COMMANDS}
    everything = {words.split()[0] for words, _ in reference.commands(cli._parser())}
    assert everything - shown <= {"deidentify"}


def test_make_has_every_target_of_the_documents() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page, words in commands.told("make"):
        assert {word for word in words if "=" not in word} <= targets, page


def test_python_of_the_documents_is_python() -> None:
    blocks = [block for page in commands.PAGES for block in commands.python(page)]
    assert len(blocks) > 4
    for block in blocks:
        ast.parse(block)


def test_the_page_of_a_reading_names_every_key() -> None:
    text = (ROOT / "docs/reference/reading.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert set(Reading("a", "refused").row()) <= named


def test_links_of_files_beside_the_documents_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert link.startswith("http") or (ROOT / link).exists(), f"{name}: {link}"


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    words = ["-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    page = (tmp_path / "site/reference/command-line/index.html").read_text()
    assert "queue export" in page
    assert (tmp_path / "site/evidence/hip_vit/index.html").is_file()


def test_a_clone_stays_below_100_mb() -> None:
    """What docs/explanation/weights.md promises; a checkout without history cannot tell."""
    said = subprocess.run(["git", "rev-list", "--objects", "--all", "--disk-usage"], cwd=ROOT, capture_output=True)
    if said.returncode:
        pytest.skip("not a git checkout")
    reachable = ["git", "rev-list", "--objects", "--disk-usage", "HEAD"]
    assert int(subprocess.run(reachable, cwd=ROOT, capture_output=True, check=True).stdout) < 100e6


@pytest.mark.slow
@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/reference/api.md"], ids=["readme", "api"])
def test_python_that_reads_a_film_runs(page: Path, home: Path) -> None:
    for block in commands.python(page):
        done = _run(["-c", block], ROOT, home)
        assert "read" in done or "probability" in done


@pytest.mark.slow
def test_what_needs_no_film_of_a_person_is_run(tmp_path: Path, home: Path) -> None:
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    given = [
        words for _, words in COMMANDS if any(mark in words for mark in TRIED) and words[0] not in ("data", "queue")
    ]
    assert len(given) >= 4
    for number, words in enumerate(given):
        if words[0] == "simulate":  # two films of any cohort, small
            words = [*words, "--n", "2", "--size", "384", "--out", f"cohort-{number}"]
        if words[:2] == ["space", "publish"]:
            _run([str(ROOT / "cli.py"), "space", "build", "--recipes", "hip_bmd"], tmp_path, home)
        _run([str(ROOT / "cli.py"), *words], tmp_path, home)
    assert json.loads((tmp_path / "first.jsonl").read_text().splitlines()[0])["status"] == "read"


def _run(words: list[str], at: Path, home: Path) -> str:
    env = {**os.environ, "OSTEOLENS_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *words], cwd=at, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stderr[-1500:]}"
    return done.stdout
