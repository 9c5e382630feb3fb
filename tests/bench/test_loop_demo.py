"""The demonstration of the whole loop, as `make loop-demo` runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotation.server import PROGRAM
from bench.loop_demo import MARK
from core.settings import ROOT


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(3600)
def test_it_runs_through_and_touches_nothing_else(tmp_path: Path) -> None:
    if not PROGRAM.exists():
        pytest.skip(f"Label Studio is not installed at {PROGRAM}: make label-studio-env")
    somebody, folder = tmp_path / "somebody", tmp_path / "demo"
    somebody.mkdir()
    own = {name: value for name, value in os.environ.items() if not name.startswith("OSTEOLENS_")}
    command = [sys.executable, "-m", "bench.loop_demo", "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env={**own, "HOME": str(somebody)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout
    assert "60 films read, 40 wait for an expert, 10 of them as control" in said
    assert "40 tasks in 2 projects" in said
    assert "by hip_vit@0.3.1" in said
    number = int(said.split(", process ")[1].split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert not list(somebody.rglob("*"))
    assert not (ROOT / "weights" / "reads.json").exists() or "hip_vit@0.3.1" not in (
        ROOT / "weights" / "reads.json"
    ).read_text(encoding="utf-8")
    assert (folder / MARK).exists()


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    command = [sys.executable, "-m", "bench.loop_demo", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "holds files that no demonstration made" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"
