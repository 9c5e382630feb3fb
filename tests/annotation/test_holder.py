"""Whether whoever holds a case is still alive."""

import subprocess
import sys
from pathlib import Path

from annotation.holder import Holder, bury, is_gone

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from pathlib import Path
from annotation.holder import Holder
with Holder(Path(sys.argv[1])) as holder:
    print(holder.name, flush=True)
    time.sleep(60)
"""


def test_a_killed_process_is_gone_and_a_living_one_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert not is_gone(tmp_path, name)
    process.kill()
    process.wait(10)
    assert is_gone(tmp_path, name)
    bury(tmp_path, name)
    assert not is_gone(tmp_path, name)


def test_two_holders_in_one_process_are_told_apart(tmp_path: Path) -> None:
    with Holder(tmp_path) as one, Holder(tmp_path) as other:
        assert not is_gone(tmp_path, one.name)
        assert not is_gone(tmp_path, other.name)


def test_a_holder_of_another_machine_is_never_called_gone(tmp_path: Path) -> None:
    assert not is_gone(tmp_path, "0123456789abcdef01234567")


def test_a_holder_that_ended_well_leaves_nothing_behind(tmp_path: Path) -> None:
    with Holder(tmp_path):
        pass
    assert list((tmp_path / "pushing").iterdir()) == []


def test_a_holder_that_was_broken_off_leaves_its_proof_of_death(tmp_path: Path) -> None:
    try:
        with Holder(tmp_path) as holder:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert is_gone(tmp_path, holder.name)
