"""Each line of docs/evidence/annotation_faults.md, on a dozen cases, with the real Label Studio."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.server import PROGRAM, free_port
from bench.annotation_faults import FAULTS, KILLS, tried
from bench.fault_ground import Studio, Worklist

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in KILLS])
def test_a_fault_loses_nothing_and_doubles_nothing(fault: str, label_studio, tmp_path: Path) -> None:
    found = tried(fault, Worklist(label_studio.url, label_studio.token, tmp_path), None, 12)
    assert (found.lost, found.doubled) == (0, 0), found
    silent = ("two_pushers", "answer_changed")  # nothing that a person must do anything about
    assert (found.said == "nothing") == (fault in silent), found


@pytest.fixture(scope="module")
def own_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One that may be killed."""
    if not PROGRAM.exists():
        pytest.skip(f"Label Studio is not installed at {PROGRAM}: make label-studio-env")
    studio = Studio(tmp_path_factory.mktemp("own-label-studio"), free_port())
    yield studio
    studio.close()


@pytest.mark.slow
@pytest.mark.parametrize("fault", KILLS)
def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(
    fault: str, own_studio: Studio, tmp_path: Path
) -> None:
    found = tried(fault, Worklist(own_studio.server.url, own_studio.server.token, tmp_path), own_studio, 150)
    assert (found.lost, found.doubled) == (0, 0), found
    assert "Label Studio" in found.said
