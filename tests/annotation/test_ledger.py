"""The worklist: its states, its times, and that no two processes ever hold one case."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from annotation.ledger import LEASE, Ledger, LedgerFault, LostClaim, State, without_names

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW = {
    "path": "MEIER_ANNA_1950-02-03.dcm",
    "side": "R",
    "difficulty": {"score": 0.4, "hard": True, "reasons": ["near_threshold"]},
    "model": {"name": "knee_resnet", "version": "0.1.0"},
    "warnings": [{"code": "polarity", "message": "MEIER_ANNA_1950-02-03.dcm was inverted"}],
    "timing_ms": {"total": 3.0},
}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def enter(ledger: Ledger, number: int = 0, now: datetime = NOON) -> int:
    case = f"{number:024x}"
    ledger.enter(case, "knee_resnet", ["near_threshold"], ROW, now)
    entry = ledger.entry(case, "knee_resnet")
    assert entry is not None
    return entry.id


def test_a_case_entered_twice_is_one_row_with_the_reasons_and_sides_of_both(ledger: Ledger) -> None:
    assert ledger.enter("a" * 24, "hip_vit", ["near_threshold"], ROW)
    assert not ledger.enter("a" * 24, "hip_vit", ["requested", "near_threshold"], ROW | {"side": "L"})
    assert not ledger.enter("a" * 24, "hip_vit", ["requested"], ROW | {"side": "L"})
    (entry,) = ledger.entries()
    assert entry.reasons == ("near_threshold", "requested")
    assert entry.sides == ("R", "L")
    assert ledger.enter("a" * 24, "knee_resnet", ["requested"], ROW)  # another recipe asks another question


def test_nothing_of_the_files_name_enters_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    enter(ledger)
    ledger.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"near_threshold" in kept
    assert b"MEIER" not in kept
    assert b"1950" not in kept


@given(st.dictionaries(st.sampled_from(["path", "side", "label", "timing_ms", "film"]), st.text(max_size=20)))
def test_a_kept_row_is_json_and_its_path_is_the_opaque_name(row: dict) -> None:
    kept = without_names(row, "b" * 24)
    assert kept["path"] == f"{'b' * 24}.png"
    assert json.loads(json.dumps(kept)) == kept
    assert {name: kept[name] for name in row.keys() - {"path", "timing_ms"}} == {
        name: row[name] for name in row.keys() - {"path", "timing_ms"}
    }


def test_every_change_of_state_keeps_its_time(ledger: Ledger) -> None:
    id = enter(ledger)
    minutes = [NOON + timedelta(minutes=n) for n in range(5)]
    assert ledger.claim(id, "one", now=minutes[1]) == State.WAITING
    ledger.failed(id, "one", "too large", now=minutes[2])
    assert ledger.claim(id, "one", now=minutes[3]) == State.FAILED
    ledger.pushed(id, "one", 7, 8, now=minutes[4])
    (entry,) = ledger.entries(State.PUSHED)
    assert entry.times == {"waiting": NOON, "pushing": minutes[3], "failed": minutes[2], "pushed": minutes[4]}
    assert (entry.project_id, entry.task_id, entry.error, entry.attempts) == (7, 8, None, 2)
    assert (entry.entered_at, entry.changed_at) == (NOON, minutes[4])


def test_a_claimed_case_is_nobody_elses_until_its_owner_is_dead_or_its_lease_over(ledger: Ledger) -> None:
    id = enter(ledger)
    assert ledger.claim(id, "one", now=NOON) == State.WAITING
    assert ledger.claim(id, "two", now=NOON) is None
    assert ledger.claim(id, "two", now=NOON + LEASE) is None
    assert ledger.claim(id, "two", dead={"three"}, now=NOON) is None
    assert ledger.claim(id, "two", dead={"one"}, now=NOON) == State.PUSHING
    assert ledger.claim(id, "three", now=NOON + LEASE + timedelta(seconds=1)) == State.PUSHING
    assert ledger.owners() == {"three"}


def test_a_renewed_claim_lasts_longer(ledger: Ledger) -> None:
    id = enter(ledger)
    ledger.claim(id, "one", now=NOON)
    ledger.renew(id, "one", now=NOON + LEASE)
    assert ledger.claim(id, "two", now=NOON + LEASE + timedelta(minutes=1)) is None


def test_whoever_lost_its_claim_can_decide_nothing(ledger: Ledger) -> None:
    id = enter(ledger)
    ledger.claim(id, "one")
    ledger.claim(id, "two", dead={"one"})
    for act in (
        lambda: ledger.renew(id, "one"),
        lambda: ledger.pushed(id, "one", 1, 1),
        lambda: ledger.failed(id, "one", "no"),
        lambda: ledger.put_back(id, "one", None),
    ):
        with pytest.raises(LostClaim):
            act()
    ledger.pushed(id, "two", 1, 2)
    with pytest.raises(LostClaim):
        ledger.pushed(id, "two", 1, 3)
    assert ledger.claim(id, "one", dead={"two"}) is None  # what is pushed stays pushed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from("cpfbn"), st.sampled_from("xy")), max_size=14))
def test_whatever_two_pushers_do_in_whatever_order_only_the_owner_moves_a_case(
    ledger: Ledger, steps: list[tuple[str, str]]
) -> None:
    """Against a model of three lines: who owns the case, and where it stands."""
    id = enter(ledger, number=time.monotonic_ns())
    owner, state = None, State.WAITING
    acts = {
        "p": lambda who: ledger.pushed(id, who, 1, 1),
        "f": lambda who: ledger.failed(id, who, "no"),
        "b": lambda who: ledger.put_back(id, who, None),
        "n": lambda who: ledger.renew(id, who),
    }
    after = {"p": State.PUSHED, "f": State.FAILED, "b": State.WAITING, "n": State.PUSHING}
    for act, who in steps:
        if act == "c":
            free = state in (State.WAITING, State.FAILED)
            assert ledger.claim(id, who) == (state if free else None)
            owner, state = (who, State.PUSHING) if free else (owner, state)
        elif owner == who and state == State.PUSHING:
            acts[act](who)
            state = after[act]
            owner = who if act == "n" else None
        else:
            with pytest.raises(LostClaim):
                acts[act](who)
    entry = next(one for one in ledger.entries() if one.id == id)
    assert entry.state == state


CLAIMER = """
import sys
from annotation.ledger import Ledger
ledger = Ledger(sys.argv[1])
for entry in ledger.entries():
    if ledger.claim(entry.id, sys.argv[2]):
        ledger.renew(entry.id, sys.argv[2])
        ledger.pushed(entry.id, sys.argv[2], 1, entry.id)
        print(entry.id)
"""


def test_processes_that_claim_at_once_never_claim_the_same_case(tmp_path: Path) -> None:
    claim_at_once(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def claim_at_once(url: str) -> None:
    ledger = Ledger(url)
    for number in range(60):
        enter(ledger, number)
    words = [sys.executable, "-c", CLAIMER, url]
    processes = [
        subprocess.Popen([*words, f"claimer {n}"], cwd=ROOT, stdout=subprocess.PIPE, text=True) for n in range(4)
    ]
    claimed = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0] * 4
    assert Counter(claimed) == Counter(str(entry.id) for entry in ledger.entries())
    assert ledger.counts()[State.PUSHED] == 60
    ledger.close()


def test_processes_that_start_at_once_on_no_ledger_make_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'ledger.sqlite'}"
    faults = []

    def start(number: int) -> None:
        try:
            enter(Ledger(url), number)
        except Exception as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(Ledger(url).entries()) == 8


WRITER = """
import sys, itertools
from annotation.ledger import Ledger
ledger = Ledger(sys.argv[1])
for number in itertools.count():
    ledger.enter(f"{number:024x}", "knee_resnet", ["near_threshold"], {"side": None})
    print(number, flush=True)
"""


def test_a_writer_killed_in_the_midst_loses_nothing_it_had_reported(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, f"sqlite:///{file}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    reported = [writer.stdout.readline() for _ in range(30)]
    os.kill(writer.pid, signal.SIGKILL)
    reported += writer.stdout.readlines()
    writer.wait(10)
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    entries = Ledger(f"sqlite:///{file}").entries()
    whole = [line for line in reported if line.endswith("\n")]
    assert len(entries) - len(whole) in (0, 1)  # one may have been kept and not yet reported
    assert all(entry.times for entry in entries)


@pytest.mark.parametrize(
    "url", ["postgresql://someone:geheim@localhost:1/none", "nonsense", "sqlite:////proc/none/ledger.sqlite"]
)
def test_a_ledger_that_cannot_be_opened_is_said_in_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(LedgerFault, match="OSTEOLENS_LEDGER_URL") as fault:
        Ledger(url)
    assert "geheim" not in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_ledger_that_breaks_while_in_use_is_said_in_a_sentence(ledger: Ledger, tmp_path: Path) -> None:
    enter(ledger)
    ledger.close()
    for file in tmp_path.iterdir():
        file.write_bytes(b"this is no database, and long enough to be looked at" * 100)
    for act in (ledger.entries, ledger.counts, lambda: enter(ledger, 1)):
        with pytest.raises(LedgerFault, match="cannot be used"):
            act()
