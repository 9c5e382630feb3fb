"""One version, told alike wherever a person or a program looks for it."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import cli
import osteolens
from core.reading import Reading
from core.settings import ROOT
from core.version import __version__
from tests.pages.app import opened


def test_the_command_line_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Osteolens {__version__}\n")


def test_every_reading_tells_it_refused_ones_too() -> None:
    assert Reading("a.png", "refused").row()["osteolens"] == __version__ == osteolens.__version__


@pytest.mark.usefixtures("tiny_weights")
def test_the_foot_of_the_workbench_tells_it() -> None:
    assert f"Osteolens {__version__}." in opened().caption[-1].value


def test_the_package_has_no_second_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "core.version.__version__"}


def test_the_changelog_begins_with_it_and_every_version_is_older_than_the_one_above() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    told = [Version(one) for one in re.findall(r"^## (\S+) \(", text, re.MULTILINE)]
    assert told[0] == Version(__version__)
    assert told == sorted(told, reverse=True)
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= {"Added", "Changed", "Fixed", "Removed"}


def test_the_citation_tells_it() -> None:
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert told["version"] == __version__
    assert f"## {__version__} ({told['date-released']:%-d %B %Y})" in (ROOT / "CHANGELOG.md").read_text()


def test_the_constraints_have_no_address_and_allow_what_is_required() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    pinned = {_plain(name): version for name, version in (line.split("==") for line in lines)}
    files = ("requirements.txt", "requirements-dev.txt")
    for line in "\n".join((ROOT / file).read_text() for file in files).splitlines():
        if line and not line.startswith(("#", "-r")):
            asked = Requirement(line)
            assert pinned[_plain(asked.name)] in asked.specifier, asked


def test_the_hooks_before_a_commit_run_the_tools_of_the_environment() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert {one["entry"].split()[0] for one in hooks} == {".venv/bin/ruff", ".venv/bin/mypy"}
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config"], cwd=ROOT, check=True)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
