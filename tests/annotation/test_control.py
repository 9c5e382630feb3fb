"""The control arm's error rate, from cases and answers as the ledger keeps them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from annotation.control import answer_of, consensus, control_rates
from annotation.ledger import Ledger, TakenAnswer
from core.case import LabeledCase

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def a_row(side: str | None, label: str) -> dict[str, object]:
    return {"side": side, "label": label, "model": {"name": "hip_vit", "version": "0.3.0"}, "status": "read"}


def an_answer(case: str, side: str | None, label: str | None, blind: bool | None = True) -> TakenAnswer:
    return TakenAnswer(1, 1, 1, 1, blind, NOW, LabeledCase(case, label, "a", NOW, "hip_vit", side))


def test_only_cases_drawn_at_random_count_each_limb_once(ledger: Ledger) -> None:
    drawn, hard, open_ = "1" * 24, "2" * 24, "3" * 24
    for case, reasons in ((drawn, ["near_threshold", "control"]), (hard, ["near_threshold"]), (open_, ["control"])):
        for side in ("R", "L"):
            ledger.enter(case, "hip_vit", reasons, a_row(side, "normal"))
    answers = [
        an_answer(drawn, "R", "normal"),
        an_answer(drawn, "L", "osteopenia"),
        an_answer(hard, "R", "osteoporosis"),
        an_answer(open_, "R", None),
    ]
    (arm,) = control_rates(ledger.entries(), answers)
    assert (arm.model, arm.drawn, arm.films, arm.judged, arm.wrong) == ("hip_vit@0.3.0", 2, 1, 2, 1)
    assert arm.rate.value == 0.5
    assert arm.as_json()["rate"]["low"] < 0.5 < arm.as_json()["rate"]["high"]


def test_answers_of_readers_who_saw_the_models_do_not_count(ledger: Ledger) -> None:
    case = "1" * 24
    ledger.enter(case, "hip_vit", ["control"], a_row("R", "normal"))
    for blind, judged in ((False, 0), (True, 1), (None, 1)):
        (arm,) = control_rates(ledger.entries(), [an_answer(case, "R", "osteopenia", blind)])
        assert (arm.drawn, arm.judged) == (1, judged)


def test_without_answers_the_arm_is_there_and_its_rate_is_not_defined(ledger: Ledger) -> None:
    ledger.enter("1" * 24, "hip_vit", ["control"], a_row("R", "normal"))
    (arm,) = control_rates(ledger.entries(), [])
    assert (arm.drawn, arm.judged, arm.rate.value) == (1, 0, None)


def test_most_readers_decide_and_a_tie_decides_nothing() -> None:
    assert consensus(["normal", "normal", "osteopenia"]) == "normal"
    assert consensus(["normal", "osteopenia"]) is None
    assert consensus([]) is None


def test_scores_are_told_as_an_expert_is_asked() -> None:
    def scores(*positive: bool) -> dict[str, object]:
        return {
            "label": None,
            "scores": {n: {"positive": p} for n, p in zip(("fracture", "bone"), positive, strict=True)},
        }

    told = [answer_of(scores(*one)) for one in ((False, False), (True, False), (True, True))]
    assert told == ["neither", "fracture", "both"]
    assert answer_of({"label": None}) is None
