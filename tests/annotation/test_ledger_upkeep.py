"""Looking after the ledger: copies, damage that is said and mended, and nothing loaded for nothing."""

import sqlite3
import stat
from pathlib import Path

import pytest

from annotation.ledger import Ledger, LedgerFault, State


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{file}")
    for letter in "ab":
        ledger.enter(letter * 24, "knee_resnet", ["requested"], {"side": None, "label": "normal"})
    return ledger


def damage(file: Path, what: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(what)


@pytest.mark.parametrize("column", ["readings", "reasons"])
def test_a_damaged_row_is_said_and_costs_the_others_nothing(ledger: Ledger, file: Path, column: str) -> None:
    assert ledger.check() == []
    damage(file, f"UPDATE cases SET {column} = '[{{\"broken' WHERE id = 1")
    first, second = ledger.entries()
    assert "damaged" in str(first.error)
    assert (second.error, second.readings[0]["label"]) == (None, "normal")
    (said,) = ledger.check()
    assert "a" * 24 in said
    ledger.enter("a" * 24, "knee_resnet", ["requested"], {"side": None, "label": "osteopenia"})
    assert ledger.check() == []
    assert [entry.error for entry in ledger.entries()] == [None, None]


def test_an_answer_that_belongs_to_no_case_is_found(ledger: Ledger, file: Path) -> None:
    damage(file, "INSERT INTO transitions (entry, at, state) VALUES (99, '2026-01-01', 'waiting')")
    assert "belongs to no case" in ledger.check()[0]


def test_a_copy_is_whole_private_and_opens_as_the_ledger_did(ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    ledger.backup(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    ledger.enter("c" * 24, "knee_resnet", ["requested"], {"side": None})
    assert Ledger(f"sqlite:///{copy}").counts()[State.WAITING] == 2
    with pytest.raises(LedgerFault, match="is there already"):
        ledger.backup(copy)
    with pytest.raises(LedgerFault, match="cannot be copied"):
        ledger.backup(tmp_path / "none" / "copy.sqlite")
    assert not list(tmp_path.glob("*.part"))
