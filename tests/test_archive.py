"""An archive is read film by film's answers, whoever opens the films and whatever dies in between."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cli
import reading
from core.settings import ROOT
from tests.test_cli import lines

FILMS = 6  # with two that are none, enough for workers


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Films drawn of noise in a limb's shape, two that are none, and one in a folder below."""
    folder = tmp_path / "films"
    (folder / "below").mkdir(parents=True)
    for number in range(FILMS):
        noise = np.random.default_rng(number).normal(0, 12, (240, 200))
        limb = 150 * np.exp(-(((np.arange(200) - 100) / 50) ** 2)) * np.linspace(1, 0.7, 240)[:, None]
        grey = (30 + limb + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / ("below" if number == 4 else "") / f"{number}.png")
    (folder / "5b.dcm").write_text("not a film")
    (folder / "7b.png").write_bytes(b"")
    return folder


def untimed(rows: list[dict]) -> list[dict]:
    return [{key: value for key, value in row.items() if key != "timing_ms"} for row in rows]


@pytest.mark.usefixtures("tiny_weights")
def test_workers_give_the_same_lines_as_film_by_film(archive: Path, tmp_path: Path) -> None:
    alone, many = tmp_path / "alone.jsonl", tmp_path / "many.jsonl"
    words = ["read", str(archive), "--recipe", "knee_resnet"]
    assert cli.main([*words, "--workers", "1", "--out", str(alone)]) == 0
    assert cli.main([*words, "--workers", "2", "--out", str(many), "--table", str(tmp_path / "r.csv")]) == 0
    assert len(lines(alone)) == FILMS + 2
    assert untimed(lines(many)) == untimed(lines(alone))
    by_name = {Path(row["path"]).name: row["status"] for row in lines(many)}
    assert by_name["5b.dcm"] == by_name["7b.png"] == "refused"
    assert [*by_name.values()].count("read") >= FILMS // 2, by_name
    assert (tmp_path / "r.csv").read_text().count("\n") == FILMS + 3


def test_a_film_on_which_a_worker_dies_fails_alone(archive: Path) -> None:
    """A worker dies as it would of memory: killed, without a word."""
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(archive)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    outcomes = json.loads(done.stdout)
    assert outcomes.pop("3.png") == "failed"
    assert outcomes.pop("5b.dcm") == outcomes.pop("7b.png") == "refused"
    assert set(outcomes.values()) <= {None, "refused"}
    assert len(outcomes) == FILMS - 1


DIES = """
import json, os, sys
from pathlib import Path
from imaging import ahead
from tests.dying import dies_on_the_third

ahead.open_file = dies_on_the_third
films = [(path, None) for path in sorted(Path(sys.argv[1]).rglob("*.*"))]
if __name__ == "__main__":
    opened = ahead.opened_ahead(films, None, 2)
    print(json.dumps({Path(one.name).name: one.outcome.status if one.outcome else None for one in opened}))
"""


def test_killed_in_the_middle_it_goes_on_where_it_was(archive: Path, tmp_path: Path) -> None:
    """`kill -9`: no film is left out or there twice, and what was done is not done again."""
    out = tmp_path / "r.jsonl"
    running = subprocess.Popen(command(archive, out), cwd=ROOT, env=env(tmp_path), stderr=subprocess.DEVNULL)
    try:
        while not (out.exists() and out.read_bytes().count(b"\n") >= 3):
            assert running.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
    finally:
        running.kill()
        running.wait()
    before = out.read_bytes()
    with out.open("ab") as file:
        file.write(b'{"path": "cut sh')
    assert subprocess.run(command(archive, out), cwd=ROOT, env=env(tmp_path), check=False).returncode == 0
    # The last line may have been written and not yet noted: that film is read again.
    assert out.read_bytes().startswith(b"".join(before.splitlines(keepends=True)[:2]))
    assert [row["path"] for row in lines(out)] == [str(path) for path in reading.find_films([archive])]
    assert not (tmp_path / "r.1.jsonl").exists()


def command(archive: Path, out: Path) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), "read", str(archive), "--workers", "1", "--out", str(out)]


def env(home: Path) -> dict[str, str]:
    return {**os.environ, "OSTEOLENS_HOME": str(home / "home"), "OSTEOLENS_WEIGHTS": str(ROOT / "weights")}


@pytest.mark.usefixtures("tiny_weights")
def test_a_run_that_is_done_does_nothing_more_and_one_that_changed_keeps_the_old(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.jsonl"
    words = ["read", str(archive), "--recipe", "knee_resnet", "--workers", "1", "--out", str(out)]
    assert cli.main(words) == 0
    first = out.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(reading, "read_file", lambda *_, **__: 1 / 0)
        assert cli.main(words) == 0
    assert out.read_bytes() == first
    assert f"{FILMS + 2} of {FILMS + 2} films are done already" in capsys.readouterr().err
    assert cli.main([*words, "--resume", "--pixel-mm", "0.2"]) == 2
    assert cli.main([*words, "--pixel-mm", "0.2"]) == 0
    assert (tmp_path / "r.1.jsonl").read_bytes() == first
    Image.new("L", (99, 99)).save(archive / "0.png")
    assert cli.main([*words, "--pixel-mm", "0.2"]) == 0
    assert (tmp_path / "r.2.jsonl").exists()
    assert lines(out)[0]["refusal"]["code"] == "exposure"


@pytest.mark.usefixtures("tiny_weights")
def test_what_it_writes_into_the_folder_it_reads_is_no_film(archive: Path) -> None:
    out = archive / "readings.jsonl"
    words = ["read", str(archive), "--recipe", "knee_resnet", "--workers", "1", "--out", str(out)]
    for _ in range(2):
        assert cli.main([*words, "--table", str(archive / "r.parquet")]) == 0
    assert len(lines(out)) == FILMS + 2
