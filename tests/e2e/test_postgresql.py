"""The worklist on PostgreSQL, by its address alone."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.ledger import LEASE, Ledger, LostClaim, State
from annotation.server import free_port

pytestmark = pytest.mark.e2e


def program(name: str) -> str | None:
    """A program of the PostgreSQL server; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The address of a fresh PostgreSQL on a free port of loopback."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder, port = Path(tempfile.mkdtemp(prefix="osteolens-postgresql-")), free_port()  # pytest's own is for one user
    user: dict[str, str] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "nobody"}
        shutil.chown(folder, "nobody")
    data = folder / "data"
    subprocess.run([initdb, "-D", data, "-U", "osteolens", "-A", "trust"], check=True, capture_output=True, **user)
    server = subprocess.Popen(
        [postgres, "-D", data, "-h", "127.0.0.1", "-p", str(port), "-c", "unix_socket_directories="],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    )
    try:
        ready = program("pg_isready")
        assert ready is not None
        for _ in range(100):
            if (
                subprocess.run([ready, "-h", "127.0.0.1", "-p", str(port), "-t", "1"], capture_output=True).returncode
                == 0
            ):
                break
        else:
            raise AssertionError("PostgreSQL did not start")
        yield f"postgresql+psycopg://osteolens@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # which does not wait until every client has gone
        server.wait(20)
        shutil.rmtree(folder)


def test_a_case_goes_its_whole_way(postgresql: str) -> None:
    ledger = Ledger(postgresql)
    ledger = Ledger(postgresql)  # a second start finds its tables
    assert ledger.enter("f" * 24, "hip_vit", ["near_threshold"], {"side": "R", "difficulty": {"score": 0.5}})
    assert not ledger.enter("f" * 24, "hip_vit", ["requested"], {"side": "L", "difficulty": {"score": 0.7}})
    entry = ledger.entry("f" * 24, "hip_vit")
    assert entry is not None
    assert (entry.reasons, entry.sides, entry.difficulty) == (("near_threshold", "requested"), ("R", "L"), 0.7)
    assert ledger.claim(entry.id, "one") == State.WAITING
    assert ledger.claim(entry.id, "two") is None
    assert ledger.claim(entry.id, "two", dead={"one"}) == State.PUSHING
    with pytest.raises(LostClaim):
        ledger.pushed(entry.id, "one", 1, 2)
    ledger.pushed(entry.id, "two", 1, 2)
    (entry,) = ledger.entries(State.PUSHED)
    assert entry.changed_at - entry.entered_at < LEASE
    assert entry.changed_at.utcoffset() is not None
    assert ledger.counts()[State.PUSHED] == 1
    ledger.close()


def test_processes_that_claim_at_once_never_claim_the_same_case(postgresql: str) -> None:
    claimer = """
import sys
from annotation.ledger import Ledger
ledger = Ledger(sys.argv[1])
for entry in ledger.entries():
    if ledger.claim(entry.id, sys.argv[2]):
        ledger.pushed(entry.id, sys.argv[2], 1, entry.id)
        print(entry.id)
"""
    ledger = Ledger(postgresql)
    for number in range(60):
        ledger.enter(f"{number:024x}", "knee_resnet", ["near_threshold"], {"side": None})
    waiting = [str(entry.id) for entry in ledger.entries(State.WAITING)]
    root = Path(__file__).resolve().parents[2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", claimer, postgresql, f"{n}"], cwd=root, stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    claimed = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert len(waiting) == 60
    assert Counter(claimed) == Counter(waiting)
    ledger.close()
