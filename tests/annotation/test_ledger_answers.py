"""Whole answers, their history, and what was decided from them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from annotation.ledger import Ledger, State, Task
from annotation.ledger.payload import columns, joined, labeled_case, mask_from_json, mask_to_json, parts
from core.case import LabeledCase
from core.mask import BitMask

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASE = "a" * 24
SQUARE = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0))
SPECK = ((1.5, 1.5), (2.0, 1.5), (2.0, 2.0))


def answer(label: str | None = "normal", side: str | None = "R", minute: int = 0, **more) -> LabeledCase:
    at = NOON + timedelta(minutes=minute)
    return LabeledCase(CASE, label, more.pop("annotator", "reader-1"), at, "hip_regions", side, **more)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.fixture
def case(ledger: Ledger) -> int:
    """A case that two readers are asked about, in projects 1 and 2."""
    ledger.enter(CASE, "hip_regions", ["requested"], {"side": "R"}, NOON)
    id = ledger.entry(CASE, "hip_regions").id
    ledger.claim(id, "one")
    ledger.pushed_all({id: [Task(id, 1, 11, reader=1), Task(id, 2, 21, reader=2, blind=False)]}, "one")
    return id


def test_all_of_an_answer_is_kept(ledger: Ledger, case: int) -> None:
    mask = np.zeros((7, 5), bool)
    mask[2:4, 1:3] = mask[0, 0] = True
    whole = answer(
        None,
        certainty="fairly sure",
        reasons=("implant, fracture or cast", "something else"),
        findings={"L1": "grade 2"},
        masks={"femoral_neck": BitMask.of(mask)},
        outlines={"total_hip": (SQUARE, SPECK)},
        points={"head": (12.5, 99.25)},
        remark="clear",
    )
    ledger.take(case, 2, 900, [whole])
    assert ledger.answers() == ledger.answers_of(CASE, "hip_regions") == [whole]
    assert ledger.answers_of(CASE, "hip_vit") == []
    (taken,) = ledger.taken()
    assert (taken.project_id, taken.annotation_id, taken.blind) == (2, 900, False)
    np.testing.assert_array_equal(taken.answer.masks["femoral_neck"].pixels(), mask)


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_mask_comes_back_pixel_for_pixel(drawn: list[list[bool]]) -> None:
    mask = BitMask.of(np.array(drawn))
    assert mask_from_json(mask_to_json(mask)) == mask


def test_an_answer_joined_from_its_parts_is_the_answer() -> None:
    whole = answer("osteopenia", outlines={"a": (SQUARE,)}, points={"p": (1.0, 2.0)}, findings={"L1": "0"}, remark="r")
    assert set(parts(whole)) == {"class", "a", "p", "L1"}
    kept = {**joined(list(parts(whole).values())), "annotator": "reader-1", "answered_at": NOON, "side": "R"}
    assert labeled_case(CASE, "hip_regions", kept) == whole
    assert columns(answer())["masks"] is None  # unknown, not absent


def test_a_case_is_answered_once_every_reader_has_answered(ledger: Ledger, case: int) -> None:
    ledger.take(case, 1, 900, [answer()])
    assert ledger.entry(CASE, "hip_regions").state == State.PUSHED
    assert [task.state for task in ledger.tasks_of_case(case)] == ["answered", "pushed"]
    ledger.take(case, 2, 901, [answer("osteopenia", annotator="reader-2")])
    assert ledger.entry(CASE, "hip_regions").state == State.ANSWERED
    ledger.keep_only(case, 2, [])
    assert ledger.entry(CASE, "hip_regions").state == State.PUSHED
    assert (ledger.entry(CASE, "hip_regions").project_id, ledger.entry(CASE, "hip_regions").task_id) == (1, 11)


def test_a_case_one_of_whose_tasks_is_deleted_goes_on_with_the_other(ledger: Ledger, case: int) -> None:
    assert ledger.task_gone(1, 11, "Its task was deleted")
    assert not ledger.task_gone(1, 11, "Its task was deleted")  # said once
    entry = ledger.entry(CASE, "hip_regions")
    assert (entry.state, entry.task_id) == (State.PUSHED, 21)
    ledger.take(case, 2, 901, [answer()])
    assert ledger.entry(CASE, "hip_regions").state == State.ANSWERED
    assert not ledger.task_gone(2, 21, "Its task was deleted")  # its answer stands
    assert ledger.entry(CASE, "hip_regions").state == State.ANSWERED


def test_a_case_whose_every_task_is_deleted_is_gone(ledger: Ledger, case: int) -> None:
    assert ledger.gone(case, "Its project was deleted")
    assert ledger.entry(CASE, "hip_regions").state == State.GONE


def test_more_readers_are_asked_of_a_case_that_was_answered(ledger: Ledger, case: int) -> None:
    ledger.take(case, 1, 900, [answer()])
    ledger.take(case, 2, 901, [answer("osteopenia")])
    assert not ledger.ask_more(case, 2)
    assert ledger.ask_more(case, 3)
    entry = ledger.entry(CASE, "hip_regions")
    assert (entry.state, entry.readers) == (State.WAITING, 3)
    ledger.claim(case, "one")
    ledger.pushed_all({case: [Task(case, 3, 31, reader=3)]}, "one")
    assert ledger.entry(CASE, "hip_regions").state == State.PUSHED
    assert len(ledger.answers()) == 2
    ledger.take(case, 3, 902, [answer()])
    assert ledger.entry(CASE, "hip_regions").state == State.ANSWERED


def test_history_keeps_whole_answers_with_who_and_when(ledger: Ledger, case: int) -> None:
    first = answer(outlines={"neck": (SQUARE,)}, certainty="sure")
    ledger.take(case, 1, 900, [first, answer(side="L")], NOON)
    ledger.take(case, 1, 900, [answer("osteopenia", minute=1)], NOON + timedelta(minutes=2), by="reader-2")
    ledger.take(case, 1, 900, [], NOON + timedelta(minutes=3), by="reader-1", because="cancelled by the expert")
    ledger.take(case, 2, 901, [answer()], NOON)
    ledger.keep_only(case, 2, [], NOON + timedelta(minutes=4))
    assert ledger.answers() == []
    changed, dropped, cancelled, deleted = ledger.withdrawn(case)
    assert changed.answer == first
    assert (changed.because, changed.by, changed.at) == (
        "changed by the expert",
        "reader-2",
        NOON + timedelta(minutes=2),
    )
    assert (dropped.answer.side, dropped.because) == ("L", "no longer in the annotation")
    assert (cancelled.answer.label, cancelled.because, cancelled.by) == (
        "osteopenia",
        "cancelled by the expert",
        "reader-1",
    )
    assert (deleted.because, deleted.by, deleted.blind) == ("deleted in Label Studio", None, False)


def test_the_last_decision_stands_and_says_what_it_came_from(ledger: Ledger, case: int) -> None:
    ledger.take(case, 1, 900, [answer()])
    ledger.take(case, 2, 901, [answer("osteopenia", annotator="reader-2")])
    ledger.adjudicate(case, answer("normal", annotator="third"), "clear cortex", NOON)
    ledger.adjudicate(case, answer("osteopenia", annotator="third"), "seen again", NOON + timedelta(minutes=1))
    (decided,) = ledger.adjudicated()
    assert (decided.label, decided.annotator, decided.side) == ("osteopenia", "third", "R")
    assert decided.answered_at == NOON + timedelta(minutes=1)
    first, last = ledger.adjudications(case)
    assert (first.stands, last.stands, first.because, last.because) == (False, True, "clear cortex", "seen again")
    assert [(one["annotator"], one["label"]) for one in last.from_answers] == [
        ("reader-1", "normal"),
        ("reader-2", "osteopenia"),
    ]
    assert len(ledger.answers()) == 2  # what the readers said stays as they said it


def test_a_region_is_decided_without_touching_the_class(ledger: Ledger, case: int) -> None:
    mask = BitMask.of(np.eye(4, dtype=bool))
    ledger.adjudicate(case, answer("osteopenia", certainty="sure"), "both say so", NOON)
    ledger.adjudicate(case, answer(None, masks={"neck": mask}, annotator="staple"), "consensus", NOON)
    ledger.adjudicate(case, answer(None, outlines={"hip": (SQUARE,)}), "drawn anew", NOON)
    (decided,) = ledger.adjudicated()
    assert (decided.label, decided.certainty) == ("osteopenia", "sure")
    assert (decided.masks, decided.outlines) == ({"neck": mask}, {"hip": (SQUARE,)})
    assert [one.part for one in ledger.adjudications(case)] == ["class", "neck", "hip"]
    assert ledger.reopen(case, "R", "class") == 1
    assert ledger.adjudicated()[0].label is None
    assert ledger.reopen(case, "R") == 2
    assert ledger.adjudicated() == []
    assert len(ledger.adjudications()) == 3


def test_a_film_that_cannot_be_judged_is_a_decision_too(ledger: Ledger, case: int) -> None:
    ledger.adjudicate(case, answer(None, reasons=("bone cut off",)), "agreed")
    (decided,) = ledger.adjudicated()
    assert (decided.label, decided.reasons) == (None, ("bone cut off",))


def test_a_decision_on_another_case_or_without_a_reason_is_refused(ledger: Ledger, case: int) -> None:
    with pytest.raises(ValueError, match="no reason"):
        ledger.adjudicate(case, answer(), "  ")
    with pytest.raises(ValueError, match="number 99"):
        ledger.adjudicate(99, answer(), "why")
    other = LabeledCase("b" * 24, "normal", "x", NOON, "hip_regions")
    with pytest.raises(ValueError, match="bbbb"):
        ledger.adjudicate(case, other, "why")
    assert ledger.adjudications() == []
