"""Whether whoever pushes a case is still alive."""

import subprocess
import sys
import threading
from pathlib import Path

from annotation.ledger.lock_owner import LockOwner, clear_stale_lock, is_dead

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from pathlib import Path
from annotation.ledger.lock_owner import LockOwner
with LockOwner(Path(sys.argv[1])) as owner:
    print(owner.name, flush=True)
    time.sleep(60)
"""


def test_a_killed_process_is_dead_and_a_living_one_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert not is_dead(tmp_path, name)
    process.kill()
    process.wait(10)
    assert is_dead(tmp_path, name)
    clear_stale_lock(tmp_path, name)
    assert not is_dead(tmp_path, name)


def test_an_owner_may_be_ended_in_another_thread_than_it_began_in(tmp_path: Path) -> None:
    """A page begins a push and a later run of it, in a thread of its own, ends it."""
    owner = LockOwner(tmp_path).__enter__()
    ending = threading.Thread(target=owner.__exit__, args=(ValueError, ValueError(), None))
    ending.start()
    ending.join()
    assert is_dead(tmp_path, owner.name)


def test_two_owners_in_one_process_are_told_apart(tmp_path: Path) -> None:
    with LockOwner(tmp_path) as one, LockOwner(tmp_path) as other:
        assert not is_dead(tmp_path, one.name)
        assert not is_dead(tmp_path, other.name)


def test_an_owner_of_another_machine_is_never_called_dead(tmp_path: Path) -> None:
    assert not is_dead(tmp_path, "0123456789abcdef01234567")


def test_an_owner_that_ended_well_leaves_nothing_behind(tmp_path: Path) -> None:
    with LockOwner(tmp_path):
        pass
    assert list((tmp_path / "pushing").iterdir()) == []


def test_an_owner_that_was_broken_off_leaves_its_proof_of_death(tmp_path: Path) -> None:
    try:
        with LockOwner(tmp_path) as owner:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert is_dead(tmp_path, owner.name)
