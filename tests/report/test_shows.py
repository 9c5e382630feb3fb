"""A task of its own brings how it is shown, and nothing else needs to know."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from core.model_facts import ModelFacts
from evidence.figure import Figure
from evidence.record import Evidence
from evidence.shown import Answers, Result, Section, Table
from evidence.study import Study
from report.card import model_card
from report.page import write
from report.screen import shown_model
from report.shows import show_of


def length() -> ModuleType:
    """A toy sixth task: how long a bone is."""
    module = ModuleType("tasks.length.show")

    def rows(evidence: Evidence) -> tuple[tuple[str, str], ...]:
        return tuple((name, f"{one.model_extra['lengths']['femur']} mm") for name, one in evidence.sets.items()
                     if one.model_extra)  # fmt: skip

    module.answers = lambda facts, evidence: Answers("Length of the femur.", "other")
    module.sentence = lambda facts, evidence: "Length to 3 mm."
    module.card = lambda facts, evidence: [Section("Lengths", (Table(("Set", "Error"), rows(evidence)),), 3)]
    module.intervals = lambda facts, evidence: []
    module.page = lambda study: [Section("Lengths", (Table(("Set", "Error"), rows(study.evidence)),))]
    module.results = lambda evidence: [Result("mae", "Length error", Figure(3.0, 2.0, 4.0), "internal")]
    module.limits = lambda facts, evidence: ["One bone only."]
    return module


def test_a_sixth_task_is_shown_on_card_page_and_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tasks.length", ModuleType("tasks.length"))
    monkeypatch.setitem(sys.modules, "tasks.length.show", length())
    facts = ModelFacts("rule", "0.1.0", "A rule")
    evidence = Evidence.from_plain({"tasks": ["length"], "internal": {"films": 7, "lengths": {"femur": 3}}})
    card = model_card(facts, evidence)
    assert "Length of the femur." in card
    assert "| internal | 3 mm |" in card
    assert "- One bone only." in card
    assert "type: mae" in card
    _, page = write(Study(facts, evidence, "virtual", "2026-01-01"), tmp_path)
    assert "## Lengths\n\n| Set | Error |\n|---|---|\n| internal | 3 mm |" in page.read_text()
    shown = shown_model(facts, evidence.to_plain())
    assert shown.measured == "Length to 3 mm."
    assert [section.title for section in shown.sections] == ["Lengths"]


def test_a_task_that_says_nothing_of_its_evidence_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected tasks/nothing/show\.py"):
        show_of("nothing")
