"""The command line keeps its contract: lines, exit codes, one sentence for wrong use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from core.settings import ROOT

FILM = ROOT / "samples"
pytestmark = pytest.mark.usefixtures("tiny_weights")


@pytest.fixture
def film() -> Path:
    """One of the sample films that ship with the project."""
    return sorted(FILM.glob("*.png"))[0]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_reading_writes_a_line_a_film_refused_ones_too(film: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.dcm"
    bad.write_text("not a film")
    out = tmp_path / "r.jsonl"
    assert cli.main(["read", str(film), str(bad), "--out", str(out), "--images", str(tmp_path / "images")]) == 0
    read, refused = lines(out)
    assert (read["status"], refused["status"]) == ("read", "refused")
    assert read["path"] == str(film)
    assert refused["refusal"]["code"] == "unreadable"
    assert [image.name for image in (tmp_path / "images").iterdir()] == [f"{read['case_id']}.png"]


def test_reading_twice_gives_the_same_numbers(film: Path, tmp_path: Path) -> None:
    rows = []
    for name in ("one.jsonl", "two.jsonl"):
        assert cli.main(["read", str(film), "--out", str(tmp_path / name)]) == 0
        (row,) = lines(tmp_path / name)
        row.pop("timing_ms")
        rows.append(row)
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["read", "nowhere", "--out", "r.jsonl"], "found nothing at nowhere"),
        (["models", "show", "knee_resnet@9.9.9"], "expected one of: knee_resnet@0.1.0"),
        (["train", "knee_resnet", "--data", "none.csv", "--out", "x", "--init", "vit"], "expected CANDIDATE=WEIGHTS"),
        (["train", "knee_resnet", "--data", "none.csv", "--out", "x"], "none.csv cannot be read as a table"),
    ],
)
def test_wrong_use_ends_with_two_and_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told


def test_a_fault_ends_with_one(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.reading.engine, "answer", lambda *_: 1 / 0)
    assert cli.main(["read", str(film), "--out", str(tmp_path / "r.jsonl")]) == 1
    assert lines(tmp_path / "r.jsonl")[0]["status"] == "failed"


@pytest.mark.parametrize("command", ["read", "train", "models", "queue", "simulate", "deidentify"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_it_runs_as_a_program_of_its_own(film: Path, tmp_path: Path, tiny_weights: Path) -> None:
    out = tmp_path / "r.jsonl"
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "read", str(film), "--out", str(out)],
        cwd=tmp_path,
        env={**os.environ, "OSTEOLENS_HOME": str(tmp_path / "home"), "OSTEOLENS_WEIGHTS": str(tiny_weights)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert lines(out)[0]["status"] == "read"
