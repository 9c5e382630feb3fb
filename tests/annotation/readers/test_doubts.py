"""Answers that a model contradicts."""

from pathlib import Path

import numpy as np
import pytest

from annotation.readers import Bounds, Doubt, doubts, truths
from annotation.readers.doubts import ENOUGH
from core.case import LabeledCase
from core.labels import CLASSES
from tests.annotation.readers.panel import NOON, Panel, said

MODEL = {"name": "hip_vit", "version": "0.3.0"}


@pytest.fixture
def panel(home: Path) -> Panel:
    home.mkdir()
    return Panel(home)


def fill(panel: Panel, count: int, wrong: set[int]) -> None:
    """Cases of which a fair model is fairly sure; experts give the next class to those that are `wrong`."""
    random = np.random.default_rng(2)
    for number in range(1, count + 1):
        true = number % 3
        logits = random.normal(size=3) * 0.2 + 3 * np.eye(3)[true]
        likely = np.exp(logits) / np.exp(logits).sum()
        given = CLASSES[(true + 1) % 3] if number in wrong else CLASSES[true]
        row = {"probabilities": dict(zip(CLASSES, map(float, likely), strict=True)), "model": MODEL}
        panel.case(number, [said(given)], **row)


def found(panel: Panel) -> list[Doubt]:
    told = truths(panel.ledger, panel.home, Bounds())
    return doubts(panel.ledger.entries(), told, {})


def test_answers_that_the_model_contradicts_come_first(panel: Panel) -> None:
    fill(panel, 45, wrong={7, 20, 33})
    told = found(panel)
    assert {int(one.case_id, 16) for one in told} == {7, 20, 33}
    assert [one.quality for one in told] == sorted(one.quality for one in told)
    seven = next(one for one in told if int(one.case_id, 16) == 7)
    assert (seven.said, seven.instead, seven.model) == (CLASSES[2], CLASSES[1], "hip_vit@0.3.0")
    assert seven.probability > 0.5


def test_an_answer_that_a_person_has_decided_is_not_doubted_again(panel: Panel) -> None:
    fill(panel, 45, wrong={7, 20})
    case = f"{7:024x}"
    entry = panel.ledger.entry(case, "hip_vit")
    assert entry is not None
    panel.ledger.adjudicate(entry.id, LabeledCase(case, CLASSES[2], "judge", NOON, "hip_vit", "R"), "looked again")
    assert {int(one.case_id, 16) for one in found(panel)} == {20}


def test_what_a_model_learned_from_proves_nothing(panel: Panel) -> None:
    fill(panel, 45, wrong={7, 20})
    told = doubts(panel.ledger.entries(), truths(panel.ledger, panel.home, Bounds()), {"hip_vit@0.3.0": {f"{7:024x}"}})
    assert {int(one.case_id, 16) for one in told} == {20}


def test_of_a_few_answers_nothing_is_said(panel: Panel) -> None:
    fill(panel, ENOUGH - 1, wrong={7})
    assert found(panel) == []


def test_findings_are_doubted_each_for_itself(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    for number in range(1, 31):
        broken = number % 2 == 0
        scores = {
            "vertebral_fracture": {"probability": 0.95 if broken else 0.05, "positive": broken},
            "osteoporosis": {"probability": 0.9 if broken else 0.1, "positive": broken},
        }
        given = "yes" if broken != (number == 5) else "no"
        findings = {"vertebral_fracture": given, "osteoporosis": "yes" if broken else "no"}
        panel.case(number, [said("neither", None, findings=findings)], scores=scores, model=MODEL)
    (one,) = found(panel)
    assert (int(one.case_id, 16), one.part, one.said, one.instead) == (5, "vertebral_fracture", "yes", "no")
