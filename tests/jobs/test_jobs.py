"""The life of a training: begun, watched, killed, stopped, gone on with; its real process, on a network of seconds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cli
import jobs
import recipes
from core.settings import ROOT, settings
from jobs import Busy, Job, Status, process
from jobs.job import load, new_job
from tests.banded import banded, draw
from tests.tiny_program import PROGRAM

EPOCHS = 60


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", PROGRAM)
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", banded())
    monkeypatch.chdir(ROOT)
    settings.cache_clear()


def until(job: Job, what: Callable[[Job], bool], seconds: float = 240.0) -> Job:
    last = time.monotonic() + seconds
    while True:
        now = load(job.folder)
        if what(now):
            return now
        assert time.monotonic() < last, (now.status, now.why, now.log())
        assert now.lives, (now.status, now.why, now.log(40))
        time.sleep(0.05)


def epochs(job: Job) -> list[int]:
    networks = job.progress.get("networks", {})
    return [point["epoch"] for point in networks.get("vit", {}).get("curve", [])]


def test_a_training_is_begun_killed_stopped_and_goes_on_to_its_end(home: Path, tmp_path: Path) -> None:
    """One life, since each beginning costs seconds: four processes, one curve."""
    films = draw(tmp_path / "films", 0, 90)
    first = jobs.start(home, "knee_resnet", str(films), ())  # twenty epochs, to have a parent
    done = until(first, lambda now: now.status == Status.FINISHED)
    assert done.bundle is not None
    assert (done.bundle / "model.safetensors").exists() or list(done.bundle.glob("*/model.safetensors"))
    assert epochs(done) == list(range(1, 21))
    curve = done.progress["networks"]["vit"]["curve"]
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert 0 <= curve[-1]["accuracy"] <= 1
    assert "held_out_loss" in curve[-1]

    more = draw(tmp_path / "more", 300, 90)
    words = ("--from-bundle", str(done.bundle), "--epochs", str(EPOCHS))
    job = jobs.start(home, "knee_resnet", str(more), words)
    with pytest.raises(Busy, match="A training of knee_resnet runs already"):
        jobs.start(home, "knee_resnet", str(more), words)
    before = until(job, lambda now: len(epochs(now)) >= 3)
    assert before.status == Status.RUNNING
    assert [one.name for one in jobs.running(home)] == [job.name]
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    _gone(before.pid)
    time.sleep(0.3)  # whoever began it takes note
    dead = load(job.folder)
    assert dead.status == Status.DIED
    assert "ended by SIGKILL" in dead.why
    assert dead.log()
    assert jobs.running(home) == []

    again = until(jobs.resume(dead), lambda now: len(epochs(now)) > len(epochs(dead)) + 1)
    stopped = jobs.stop(again)
    assert stopped.status in (Status.STOPPING, Status.STOPPED)
    assert again.pid is not None
    _gone(again.pid)
    stopped = load(job.folder)
    assert stopped.status == Status.STOPPED
    assert "stopped; run the same command again" in "\n".join(stopped.log())

    whole = until(jobs.resume(stopped), lambda now: now.status == Status.FINISHED)
    assert epochs(whole) == list(range(1, EPOCHS + 1))
    assert whole.begun == 3
    about = json.loads((whole.bundle / "config.json").read_text())  # type: ignore[operator]
    assert about["parent"]["epochs"] == EPOCHS
    assert [one.name for one in jobs.jobs(home)] == [whole.name, first.name]
    with pytest.raises(Busy, match="expected one that was stopped or died"):
        jobs.resume(whole)


def _gone(pid: int) -> None:
    """Nothing is left of the process, not even a zombie: whoever began it has waited for it."""
    last = time.monotonic() + 60
    while time.monotonic() < last:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there: {Path(f'/proc/{pid}/status').read_text()}")


def test_a_training_outlives_whoever_began_it(home: Path, tmp_path: Path) -> None:
    films = draw(tmp_path / "films", 0, 30)
    code = (
        "from pathlib import Path; import jobs; from jobs import process; "
        "from tests.tiny_program import PROGRAM; process.PROGRAM = PROGRAM; "
        f"print(jobs.start(Path({str(home)!r}), 'knee_resnet', {str(films)!r}, ()).folder)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    job = load(Path(done.stdout.strip()))
    assert until(job, lambda now: now.status == Status.FINISHED).bundle is not None


def test_a_training_of_the_command_line_is_seen_and_its_fault_kept(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = draw(tmp_path / "films", 0, 30)
    words = ["train", "knee_resnet", "--data", str(films), "--out", str(tmp_path / "run"), "--workers", "1"]
    assert cli.main(words) == 0
    (job,) = jobs.jobs(home)
    assert (job.status, job.by, list(job.command)) == (Status.FINISHED, "command line", words)
    assert str(job.bundle) == capsys.readouterr().out.strip()
    assert epochs(job) == list(range(1, 21))
    films.write_text("path,label\n")
    assert cli.main(words) == 2
    failed, finished = jobs.jobs(home)
    assert finished.name == job.name  # what has finished stays as it was
    assert failed.status == Status.FAILED
    assert "a header and no rows" in failed.why


def test_a_job_that_never_began_is_not_waited_for_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job(home, "knee_resnet", "a.csv", None, (), "page")
    assert load(job.folder).status == Status.STARTING
    old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    told = json.loads((job.folder / "job.json").read_text()) | {"asked_at": old}
    (job.folder / "job.json").write_text(json.dumps(told))
    stale = load(job.folder)
    assert stale.status == Status.DIED
    assert "ended without a word" in stale.why
    assert stale.can_resume


def test_a_program_that_does_not_start_is_told_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", "raise SystemExit('no such program')"))
    job = jobs.start(home, "knee_resnet", "a.csv", ())
    last = time.monotonic() + 30
    while load(job.folder).lives and time.monotonic() < last:
        time.sleep(0.05)
    dead = load(job.folder)
    assert dead.status == Status.DIED
    assert "ended with code 1 before it could say why" in dead.why
    assert dead.log() == ["no such program"]


def test_folders_that_are_no_jobs_are_passed_over(home: Path) -> None:
    for name, text in (("a", ""), ("b", "{}"), ("c", "[1]")):
        (home / "trainings" / name).mkdir(parents=True)
        (home / "trainings" / name / "job.json").write_text(text)
    (home / "trainings" / "empty").mkdir()
    assert jobs.jobs(home) == []


def test_time_left_is_of_the_step_and_of_this_beginning(home: Path) -> None:
    job = new_job(home, "knee_resnet", "a.csv", None, (), "page")
    now = datetime.now(UTC)
    told = {
        "begun": 1, "pid": os.getpid(), "step": "vit", "step_from": (now - timedelta(seconds=20)).isoformat(),
        "at": now.isoformat(), "done": 6.0, "total": 10, "step_done": 4,
    }  # fmt: skip
    (job.folder / "progress.json").write_text(json.dumps(told))
    with jobs.job.lock_of(job.folder).acquire():
        running = load(job.folder)
        assert running.status == Status.RUNNING
        assert running.seconds_left == pytest.approx(40, abs=2)
        (job.folder / "stop").touch()
        assert load(job.folder).status == Status.STOPPING
    assert load(job.folder).status == Status.STOPPED
