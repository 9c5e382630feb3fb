"""Which version reads: one file, replaced whole, and a log that loses no step."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT
from models import reads
from models.files.plain import BundleError
from models.reads import Step


def step(to: str, came_from: str | None, what: str = "promoted") -> Step:
    return Step(what, "hip_vit", came_from, to)  # type: ignore[arg-type]


def test_without_a_file_a_recipes_default_reads(tmp_path: Path) -> None:
    assert reads.reads("hip_vit@0.3.0", tmp_path) == "hip_vit@0.3.0"


def test_a_step_is_seen_by_a_registry_that_runs_already(tmp_path: Path) -> None:
    for number in range(1, 4):
        now = reads.reads("hip_vit@0.1.0", tmp_path)
        reads.take(step(f"hip_vit@0.1.{number}", now), tmp_path, now)
        assert reads.reads("hip_vit@0.1.0", tmp_path) == f"hip_vit@0.1.{number}"
    assert reads.reads("hip_bmd@0.1.0", tmp_path) == "hip_bmd@0.1.0"


def test_a_rollback_goes_down_the_versions_that_read_and_never_up(tmp_path: Path) -> None:
    for before, after in (("hip_vit@0.1.0", "hip_vit@0.1.1"), ("hip_vit@0.1.1", "hip_vit@0.1.2")):
        reads.take(step(after, before), tmp_path, before)
    for expected in ("hip_vit@0.1.1", "hip_vit@0.1.0"):
        now, to = reads.named("hip_vit", tmp_path), reads.previous("hip_vit", tmp_path)
        assert to == expected
        reads.take(step(to, now, "rolled back"), tmp_path, now)
    with pytest.raises(BundleError, match="no version of hip_vit that read before"):
        reads.previous("hip_vit", tmp_path)
    assert [one.what for one in reads.history(tmp_path)] == ["promoted", "promoted", "rolled back", "rolled back"]


def test_a_step_weighed_against_a_version_that_no_longer_reads_is_refused(tmp_path: Path) -> None:
    reads.take(step("hip_vit@0.1.1", "hip_vit@0.1.0"), tmp_path, "hip_vit@0.1.0")
    with pytest.raises(BundleError, match="compare it again"):
        reads.take(step("hip_vit@0.1.2", "hip_vit@0.1.0"), tmp_path, "hip_vit@0.1.0")
    assert reads.named("hip_vit", tmp_path) == "hip_vit@0.1.1"


def promote_once(root: Path, number: int, start: "multiprocessing.synchronize.Event", told: Path) -> None:
    start.wait(30)
    try:
        reads.take(step(f"hip_vit@0.1.{number}", "hip_vit@0.1.0"), root, "hip_vit@0.1.0")
        (told / f"{number}").write_text("took")
    except BundleError:
        (told / f"{number}").write_text("refused")


def test_of_processes_that_promote_at_once_one_takes_the_place(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, told = context.Event(), tmp_path / "told"
    told.mkdir()
    root = tmp_path / "weights"
    several = [context.Process(target=promote_once, args=(root, number, start, told)) for number in range(1, 5)]
    for one in several:
        one.start()
    start.set()
    for one in several:
        one.join(60)
    said = {int(path.name): path.read_text() for path in told.iterdir()}
    (winner,) = [number for number, what in said.items() if what == "took"]
    assert sorted(said.values()) == ["refused", "refused", "refused", "took"]
    assert reads.named("hip_vit", root) == f"hip_vit@0.1.{winner}"
    assert [one.to for one in reads.history(root)] == [f"hip_vit@0.1.{winner}"]


def note_five(number: int, root: Path) -> None:
    for each in range(5):
        reads.note(Step("refused", "hip_vit", "hip_vit@0.1.0", f"hip_vit@0.{number}.{each}", because="x" * 5000), root)


def test_steps_of_processes_at_once_all_stand_in_the_log_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    several = [context.Process(target=note_five, args=(number, tmp_path)) for number in range(1, 4)]
    for one in several:
        one.start()
    for one in several:
        one.join(60)
    lines = (tmp_path / reads.LOG).read_text().splitlines()
    assert len({json.loads(line)["to"] for line in lines}) == 15


KILLED = """
import os, signal, sys
from pathlib import Path
from models import reads
where, root = sys.argv[1], Path(sys.argv[2])
real = reads._append
def dies(path, step):
    if where == "within":
        with path.open("ab") as file:
            file.write(b'{"id": "half')
            file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
reads._append = dies
reads.take(reads.Step("promoted", "hip_vit", "hip_vit@0.1.0", "hip_vit@0.1.1", because="killed"), root, "hip_vit@0.1.0")
"""


@pytest.mark.parametrize("where", ["before", "within"])
def test_the_log_survives_a_kill(where: str, tmp_path: Path) -> None:
    """A process that dies when the file is replaced and the log is not yet written leaves the step to the next."""
    done = subprocess.run([sys.executable, "-c", KILLED, where, str(tmp_path)], cwd=ROOT, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    assert reads.named("hip_vit", tmp_path) == "hip_vit@0.1.1"
    assert [one.because for one in reads.history(tmp_path)] == ["killed"]
    reads.take(step("hip_vit@0.1.2", "hip_vit@0.1.1"), tmp_path, "hip_vit@0.1.1")
    lines = [line for line in (tmp_path / reads.LOG).read_text().splitlines() if line and "half" not in line]
    assert [json.loads(line)["to"] for line in lines] == ["hip_vit@0.1.1", "hip_vit@0.1.2"]
    assert not list(tmp_path.glob(".reads.json.*"))


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"hip_vit": {}}', '{"hip_vit": {"reads": "hip_bmd@0.1.0"}}', '{"hip_vit": {"reads": "hip_vit"}}'],
)
def test_a_damaged_file_is_said_and_never_read_past(text: str, tmp_path: Path) -> None:
    (tmp_path / reads.FILE).write_text(text)
    with pytest.raises(BundleError, match="mend it, or delete it"):
        reads.reads("hip_vit@0.3.0", tmp_path)


def test_a_file_written_by_hand_serves(tmp_path: Path) -> None:
    (tmp_path / reads.FILE).write_text('{"hip_vit": {"reads": "hip_vit@0.3.1"}}')
    assert reads.reads("hip_vit@0.3.0", tmp_path) == "hip_vit@0.3.1"
    assert reads.history(tmp_path) == []
    reads.take(step("hip_vit@0.3.2", "hip_vit@0.3.1"), tmp_path, "hip_vit@0.3.1")
    assert reads.previous("hip_vit", tmp_path) == "hip_vit@0.3.1"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reads, "_replace", refused)
    with pytest.raises(BundleError, match="OSTEOLENS_WEIGHTS to the copy"):
        reads.take(step("hip_vit@0.3.1", "hip_vit@0.3.0"), tmp_path, "hip_vit@0.3.0")
