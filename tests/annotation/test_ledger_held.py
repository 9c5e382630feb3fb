"""Films that may show a name: held until a person has looked at them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from annotation.ledger import Ledger, State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
CASE = "a" * 24
BOX = (10, 20, 110, 40)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def enter(ledger: Ledger, recipe: str = "hip_vit", suspected: tuple = (BOX,), case: str = CASE) -> None:
    ledger.enter(case, recipe, ["near_threshold"], {"side": "R"}, NOON, suspected)


def states(ledger: Ledger) -> list[State]:
    return [entry.state for entry in ledger.entries()]


def test_a_film_that_may_show_a_name_is_held_and_nobody_can_claim_it(ledger: Ledger) -> None:
    enter(ledger)
    (entry,) = ledger.entries()
    assert (entry.state, entry.suspected, entry.times) == (State.HELD, (BOX,), {"held": NOON})
    assert ledger.claim_all([entry.id], "one", dead={"two"}) == {}
    assert ledger.entries(State.WAITING) == []


def test_a_film_that_a_person_let_go_waits_and_is_not_held_again(ledger: Ledger) -> None:
    enter(ledger)
    assert ledger.clear(CASE, "no text", LATER) == 1
    enter(ledger)
    enter(ledger, "hip_bmd")
    assert states(ledger) == [State.WAITING, State.WAITING]
    assert {entry.cleared_at for entry in ledger.entries()} == {LATER}
    assert ledger.clear(CASE, "no text", LATER) == 0
    (first, _) = ledger.entries()
    assert ledger.claim(first.id, "one") == State.WAITING


def test_what_a_person_decides_holds_for_all_cases_of_the_film_and_no_other(ledger: Ledger) -> None:
    enter(ledger)
    enter(ledger, "hip_bmd")
    enter(ledger, case="b" * 24)
    assert ledger.drop(CASE, "a name", LATER) == 2
    assert states(ledger) == [State.DROPPED, State.DROPPED, State.HELD]
    assert ledger.claim_all([entry.id for entry in ledger.entries()], "one") == {}


def test_a_film_that_was_taken_out_is_held_anew_when_it_is_entered_anew(ledger: Ledger) -> None:
    enter(ledger)
    ledger.drop(CASE, "a name", LATER)
    enter(ledger)
    assert states(ledger) == [State.HELD]


def test_a_case_that_waits_is_held_once_text_is_suspected_on_its_film(ledger: Ledger) -> None:
    enter(ledger, suspected=())
    enter(ledger, "hip_bmd")
    assert states(ledger) == [State.HELD, State.HELD]


def test_a_case_that_has_been_sent_stays_sent(ledger: Ledger) -> None:
    enter(ledger, suspected=())
    (entry,) = ledger.entries()
    ledger.claim(entry.id, "one")
    ledger.pushed(entry.id, "one", 7, 8)
    enter(ledger)
    assert states(ledger) == [State.PUSHED]


def test_a_held_case_is_json(ledger: Ledger) -> None:
    enter(ledger)
    ledger.clear(CASE, "no text", LATER)
    (entry,) = ledger.entries()
    assert entry.as_json()["suspected"] == (BOX,)
    assert entry.as_json()["cleared_at"] == LATER.isoformat()


def test_no_other_account_reads_the_worklist(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'home/ledger.sqlite'}")
    enter(ledger)
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    kept = list((tmp_path / "home").iterdir())
    assert kept
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
