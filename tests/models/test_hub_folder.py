"""An exported data set goes to a hub, for members alone unless told; no other folder does."""

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

import cli
from tests.hub import StandIn, stand_in


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_in() as there:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", there.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        yield there


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    for name, content in {
        "export.json": "{}",
        "manifest.csv": "path\n",
        "dataset/README.md": "---\nlicense: other\n---\n# Films\n",
        "dataset/train.parquet": "PAR1",
        "dataset/.cache/x": "x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize("below", ["", "dataset"])
def test_the_data_set_alone_goes_and_is_private(hub: StandIn, export: Path, below: str) -> None:
    assert cli.main(["data", "publish", str(export / below), "--to", "lab/films"]) == 0
    there = hub.repositories["datasets/lab/films"]
    assert (there.private, set(there.files)) == (True, {"README.md", "train.parquet"})


def test_it_is_public_only_where_that_is_said(hub: StandIn, export: Path) -> None:
    assert cli.main(["data", "publish", str(export), "--to", "lab/films", "--public"]) == 0
    assert not hub.repositories["datasets/lab/films"].private
    assert cli.main(["data", "publish", str(export), "--to", "lab/films"]) == 1  # it is there, and public


def test_a_dry_run_sends_nothing_and_another_folder_is_refused(
    hub: StandIn, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", "publish", str(export), "--to", "lab/films", "--dry-run"]) == 0
    assert "2 files, 0.0 MB, would go to lab/films." in capsys.readouterr().err
    (export / "export.json").unlink()
    assert cli.main(["data", "publish", str(export), "--to", "lab/films"]) == 2
    assert hub.asked == []
