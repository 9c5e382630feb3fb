"""The folder of a Space holds what it needs, nothing else, and answers from there alone."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import huggingface_hub.constants
import pytest
import yaml

import cli
import reading
from core.settings import ROOT
from spaces.build import build, closure, imported
from tests.hub import Repository, stand_in

NOT_NEEDED = {"training", "annotation", "simulation", "learning", "pages", "commands", "jobs", "tests", "bench"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist") / "space"
    assert cli.main(["space", "build", "--recipes", "hip_vit", "--out", str(out)]) == 0
    return out


def test_only_what_a_space_needs_is_in_it(folder: Path) -> None:
    there = {path.name.removesuffix(".py") for path in folder.iterdir()}
    assert not there & NOT_NEEDED
    code = [file for file in folder.rglob("*.py") if "weights" not in file.parts]
    tops = {name.partition(".")[0] for file in code for name in imported(file)}
    assert not tops & {"streamlit", "label_studio_sdk", "lightning", "sqlalchemy"}
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert {"torch", "transformers", "gradio", "pydicom"} <= {line.split("=")[0].rstrip("<>") for line in lines}
    assert not any(name in line for line in lines for name in ("streamlit", "label-studio", "lightning"))
    bundles = {path.name for path in (folder / "weights").iterdir() if path.is_dir()}
    assert bundles == {"hip_vit", "hip_regions", "hip_finder", "view"}
    assert {film.name for film in (folder / "samples").iterdir()} == {
        "virtual_hip.png", "virtual_pelvis.png", "virtual_pelvis_other_scanner.png",
    }  # fmt: skip
    assert not any(path.name in (".env", ".osteolens") for path in folder.rglob("*"))


def test_its_front_matter_says_what_runs(folder: Path) -> None:
    front = yaml.safe_load((folder / "README.md").read_text().split("---")[1])
    assert (front["sdk"], front["app_file"], front["license"]) == ("gradio", "space.py", "apache-2.0")
    assert (folder / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60  # what the hub shows
    assert "*.safetensors filter=lfs" in (folder / ".gitattributes").read_text()
    reads = json.loads((folder / "weights/reads.json").read_text())
    assert reads["hip_vit"] == {"reads": reading.versions()["hip_vit"]}


def test_imports_within_functions_and_by_name_are_followed_and_those_for_types_are_not() -> None:
    files = {file.relative_to(ROOT).as_posix() for file in closure([ROOT / "space.py"])}
    assert {"imaging/read.py", "models/networks.py", "tasks/classes/joined.py", "core/__init__.py"} <= files
    assert "tasks.samples" not in imported(ROOT / "tasks/task.py")


def test_a_folder_that_is_no_space_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no Space"):
        build(tmp_path, [], [], "Mine")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert cli.main(["space", "build", "--recipes", "nothing", "--out", str(tmp_path / "new")]) == 2


def test_it_is_published_whole_and_what_it_had_besides_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand_in() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        words = ["space", "publish", str(folder), "--to", "lab/hips"]
        assert cli.main([*words, "--dry-run"]) == 0
        assert hub.asked == []
        hub.repositories["spaces/lab/hips"] = Repository(commits={"0" * 40: {"old.py": b"", ".gitattributes": b""}})
        assert cli.main(words) == 0
        sent = hub.repositories["spaces/lab/hips"].files
        here = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
        assert {name for name in here if "__pycache__" not in name} == set(sent)
        assert "/commit/" in capsys.readouterr().out
        assert cli.main([*words, "--private"]) == 1


@pytest.fixture
def running(folder: Path, tmp_path: Path) -> Iterator[tuple[str, float]]:
    """The Space, started from its folder alone: its address, and seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OSTEOLENS_", "PYTHONPATH"))}
    env |= {"PORT": str(port), "HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    began = time.monotonic()
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([sys.executable, "space.py"], cwd=folder, env=env, stdout=log, stderr=log)
    try:
        while time.monotonic() - began < 180 and server.poll() is None:
            try:
                urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        assert server.poll() is None, (tmp_path / "log").read_text()[-3000:]
        yield f"http://127.0.0.1:{port}", time.monotonic() - began
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.slow
def test_started_from_its_folder_alone_it_answers_as_here(running: tuple[str, float]) -> None:
    from gradio_client import Client

    url, seconds = running
    client = Client(url, verbose=False)
    assert set(client.predict(api_name="/samples")) == {
        "virtual_hip.png", "virtual_pelvis.png", "virtual_pelvis_other_scanner.png",
    }  # fmt: skip
    began = time.monotonic()
    (row,) = client.predict("virtual_hip.png", api_name="/sample")
    print(f"page after {seconds:.1f} s, first answer {time.monotonic() - began:.1f} s later")
    (ours,) = reading.read((ROOT / "samples/virtual_hip.png").read_bytes(), "virtual_hip.png", "hip_vit")
    assert (row["status"], row["recipe"]) == ("read", "hip_vit")
    assert row["probabilities"] == ours.row()["probabilities"]
