"""An audit names what is wrong with a set of films, and goes on where it was stopped."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import auditing
from audit import run
from audit.film import look
from cli import main
from core.settings import settings
from report import audit as page
from tests.audit.films import PLANTED, spoiled


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folder of an audit of spoiled films, without a model, and what audit.json holds."""
    folder = tmp_path_factory.mktemp("audited")
    patch = pytest.MonkeyPatch()
    patch.setenv("OSTEOLENS_HOME", str(folder / "home"))
    patch.setattr(page, "SHOWN", 1)  # each film that is shown is searched for text, for a second
    settings.cache_clear()
    auditing.audit(spoiled(folder / "films"), folder / "out")
    yield folder, json.loads((folder / "out/audit.json").read_text())
    patch.undo()
    settings.cache_clear()


def named(told: dict[str, Any], what: str) -> list[set[str]]:
    return [{row["path"] for row in one["rows"]} for one in told[what]]


def test_every_planted_copy_is_named_with_how_it_differs_and_no_stranger_is(audited: tuple[Path, dict]) -> None:
    pairs = audited[1]["copies"]["pairs"]
    assert {(one["first"]["path"], one["second"]["path"]) for one in pairs} == {
        (f"{of:02d}.png", name) for name, of in PLANTED.items()
    }
    kind = {one["second"]["path"]: (one["kind"], one["mirrored"]) for one in pairs}
    assert kind["same.png"] == ("same_file", False)
    assert kind["mirrored.png"] == ("alike", True)
    assert kind["cropped.png"] == ("alike", False)


def test_contradictions_and_leaks_are_named(audited: tuple[Path, dict]) -> None:
    told = audited[1]
    assert named(told, "contradictions") == [{"02.png", "cropped.png"}]
    assert named(told, "copies_in_two_parts") == [{"01.png", "resaved.jpg"}]
    assert named(told, "patients_in_two_parts") == [{"01.png", "resaved.jpg"}]
    assert named(told, "copies_of_two_patients") == [{"03.png", "mirrored.png"}]
    assert named(told, "rows_twice") == [{"06.png"}]


def test_faults_are_named_by_row_and_the_rest_goes_on(audited: tuple[Path, dict]) -> None:
    told = audited[1]
    faults = {(one["path"], one["row"]): one["code"] for one in told["problems"]}
    assert faults == {("broken.png", 17): "unreadable", ("gone.png", 18): "not_there", ("06.png", 19): "bad_value"}
    assert told["source"]["rows"] == 18
    assert told["source"]["films_read"] == 15
    assert told["source"]["films_distinct"] == 10


def test_what_is_written_is_versioned_and_names_no_patient(audited: tuple[Path, dict]) -> None:
    folder, told = audited
    assert (told["schema"], told["version"]) == ("osteolens.audit", 1)
    assert "P99" not in (folder / "out/audit.json").read_text()
    report = (folder / "out/report.html").read_text()
    assert "P99" not in re.sub(r"base64,[^\"]+", "", report)
    assert report.count("data:image/jpeg;base64,") >= 6
    assert "cropped.png, row 14" in report


def test_a_second_audit_reads_no_film_again(audited: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, told = audited
    monkeypatch.setenv("OSTEOLENS_HOME", str(folder / "home"))
    settings.cache_clear()
    monkeypatch.setattr(run, "look", lambda path: pytest.fail(f"{path} was read again"))
    again = auditing.audit(folder / "films/manifest.csv", folder / "out")
    assert again["copies"] == told["copies"]


def test_an_audit_that_is_killed_keeps_the_films_it_has_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, read = spoiled(tmp_path / "films"), []
    monkeypatch.setattr(run, "SAVED", 1)

    def until_killed(path: Path) -> object:
        if len(read) == 4:
            raise KeyboardInterrupt
        read.append(path.name)
        return look(path)

    monkeypatch.setattr(run, "look", until_killed)
    with pytest.raises(KeyboardInterrupt):
        auditing.audit(table, tmp_path / "out")
    later = []
    monkeypatch.setattr(run, "look", lambda path: (later.append(path.name), look(path))[1])
    auditing.audit(table, tmp_path / "out")
    assert not set(read) & set(later)
    assert len(read) + len(later) == 16


def test_the_command_says_what_it_found_and_how_it_ended(
    audited: tuple[Path, dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = audited
    assert main(["audit", str(folder / "films"), "--out", str(tmp_path / "out"), "--no-doubts", "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert "error: 1 film stands under two labels" in said.err
    assert said.out.strip() == str(tmp_path / "out/report.html")
    assert main(["audit", str(folder / "nothing"), "--out", str(tmp_path / "out")]) == 2
    assert "found nothing at" in capsys.readouterr().err
