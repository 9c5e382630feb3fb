"""The examples run as they stand, on films of nobody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

pytestmark = pytest.mark.slow  # the networks that ship read whole films; one goes on learning


def run(words: list[str], at: Path, home: Path) -> str:
    env = {**os.environ, "OSTEOLENS_HOME": str(home), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, *words], cwd=at, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_film_is_read(tmp_path: Path, home: Path) -> None:
    said = run([str(ROOT / "examples/read_a_film.py")], tmp_path, home)
    assert "right: " in said
    assert "femoral_neck" in said


def test_the_notebook_runs_from_top_to_bottom(home: Path) -> None:
    cells = json.loads((ROOT / "examples/a_film_and_its_answer.ipynb").read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    said = run(["-c", f"{code}\nprint(right.estimate.bmd)"], ROOT / "examples", home)
    assert "inception_v3" in said
    assert "abmd_g_cm2" in said


def test_a_bundle_goes_on_learning(tmp_path: Path, home: Path) -> None:
    said = run([str(ROOT / "examples/train_on_my_films.py")], tmp_path, home)
    assert "goes on from hip_vit@0.3.0" in said
    assert list(tmp_path.glob("runs/example/bundles/hip_vit/*/README.md"))
