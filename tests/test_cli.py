"""The command line keeps its contract: lines, exit codes, one sentence for wrong use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cli
import learning
import reading
from core.settings import ROOT
from tests.measured import a_set
from tests.readings import hip_film, hip_readings
from training.results import Results

FILM = ROOT / "samples"
pytestmark = pytest.mark.usefixtures("tiny_weights")


@pytest.fixture
def film() -> Path:
    """One of the sample films that ship with the project."""
    return FILM / "both_knees.png"


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
        (["train", "knee_resnet", "--data", "virtual", "--out", "x", "--init", "vit"], "expected CANDIDATE=WEIGHTS"),
        (["train", "knee_resnet", "--data", "none.csv", "--out", "x"], "found no manifest at none.csv"),
        (["train", "knee_resnet", "--data", "virtual", "--out", "x"], "does not learn from virtual patients"),
        (["evaluate", "hip_vit", "--data", "none.csv", "--out", "x"], "found no manifest at none.csv"),
        (["evaluate", "hip_vit", "--data", "virtual", "--out", "x"], "expected one of: knee_resnet@0.1.0"),
        (["evaluate", "knee_resnet", "--data", "virtual", "--out", "x"], "is measured when it is trained"),
        (["models", "promote", "nowhere"], "found no bundle in nowhere"),
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
    monkeypatch.setattr(reading.engine, "answer", lambda *_: 1 / 0)
    assert cli.main(["read", str(film), "--out", str(tmp_path / "r.jsonl")]) == 1
    assert lines(tmp_path / "r.jsonl")[0]["status"] == "failed"


@pytest.mark.parametrize("command", ["read", "train", "evaluate", "models", "queue", "simulate", "deidentify"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_the_bundles_at_hand_are_listed_with_what_they_were_found_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("knee_resnet@0.1.0  Balanced accuracy on the test split (n = 3): 0.33 (0.20 to 0.50)")
    assert "Training data: nothing: random weights for tests" in line


def test_both_limbs_of_a_film_are_on_one_picture(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = hip_readings(*hip_film())
    monkeypatch.setattr(reading, "read_file", lambda *_, **__: readings)
    images = tmp_path / "images"
    assert cli.main(["read", str(film), "--out", str(tmp_path / "r.jsonl"), "--images", str(images)]) == 0
    assert [row["side"] for row in lines(tmp_path / "r.jsonl")] == ["R", "L"]
    assert [image.name for image in images.iterdir()] == [f"{readings[0].case_id}.png"]


def test_evaluating_writes_the_figures_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Films of both scanners take minutes to make and read; here the answers are drawn (tests/training reads some)."""
    asked = {}

    def drawn(recipe: str, data: str, bundle: str, workers: int, films: int, tell: object) -> Results:
        asked.update(recipe=recipe, data=data, bundle=bundle, workers=workers, films=films)
        return Results(
            {
                name: a_set(name, 2, seed, ("mobilenet_v2", "vit"), ())
                for seed, name in enumerate(("internal", "external"))
            }
        )

    monkeypatch.setattr(learning, "evaluate", drawn)
    words = ["evaluate", "hip_vit", "--data", "virtual", "--bundle", "knee_resnet@0.1.0", "--films", "30"]
    assert cli.main([*words, "--workers", "2", "--out", str(tmp_path / "e")]) == 0
    assert asked == {
        "recipe": "hip_vit", "data": "virtual", "bundle": "knee_resnet@0.1.0", "workers": 2, "films": 30
    }  # fmt: skip
    evidence = json.loads((tmp_path / "e" / "hip_vit.json").read_text())
    assert set(evidence["sets"]) == {"internal", "external"}
    figure = evidence["sets"]["external"]["answers"]["vit"]["accuracy"]
    page = tmp_path / "e" / "hip_vit.md"
    assert f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})" in page.read_text()
    assert capsys.readouterr().out.split() == [str(tmp_path / "e" / "hip_vit.json"), str(page)]


def test_it_runs_as_a_program_of_its_own_with_what_ships(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "read", str(film), "--out", str(out)],
        cwd=tmp_path,
        env={**os.environ, "OSTEOLENS_HOME": str(tmp_path / "home"), "OSTEOLENS_WEIGHTS": str(ROOT / "weights")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    knees = lines(out)
    assert [one["side"] for one in knees] == ["R", "L"]
    assert {one["status"] for one in knees} == {"read"}
    assert knees[0]["film"] == knees[1]["film"]
