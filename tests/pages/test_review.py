"""The page Review: two readers' answers side by side, settled in place."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import learning
from annotation.worklist import truths
from core.mask import BitMask
from tests.annotation.readers.panel import Panel, said, square
from tests.pages.app import click, opened, said as told

pytestmark = pytest.mark.usefixtures("tiny_weights")
PAGE = "pages/review.py"


@pytest.fixture
def panel(home: Path) -> Panel:
    home.mkdir()
    return Panel(home)


def button(app: AppTest, label: str) -> bool:
    return any(one.label == label for one in app.button)


def truth(side: str = "R", case: int = 1):
    return next(one for one in truths(case_id=f"{case:024x}") if one.side == side)


def test_without_answers_the_page_says_where_they_come_from() -> None:
    app = opened(PAGE)
    assert "Nobody has answered yet" in told(app)
    assert "queue push --readers 2" in told(app)


def test_disagreements_come_first_and_a_reader_s_answer_is_taken_with_what_was_drawn(panel: Panel) -> None:
    near, far = {"total_hip": square(20, 20, 40)}, {"total_hip": square(50, 40, 30)}
    panel.case(1, [said("normal"), said("normal", "L")], [said("normal"), said("normal", "L")])
    panel.case(2, [said("normal", masks=near, remark="thin")], [said("osteopenia", masks=far)])
    app = opened(PAGE)
    assert "Readers say normal and osteopenia" in app.warning[0].value.replace("\\", "")
    assert app.radio[0].proto.captions[0].replace("\\", "") == "differ: class and 1 more"
    assert app.radio[0].value == learning.ledger().entry(f"{2:024x}", "hip_vit").id
    assert app.get("bidi_component")
    (progress,) = app.get("progress")
    assert progress.proto.text == "1 of 2 cases settled"
    click(app, "Take B")
    settled = truth(case=2)
    assert settled.answer is not None
    assert settled.answer.label == "osteopenia"
    assert settled.answer.masks["total_hip"] == far["total_hip"]
    (decision,) = [one for one in learning.ledger().adjudications() if one.part == "class"]
    assert decision.because == "Reader B's answer"
    assert decision.answer.annotator not in ("reader-1", "reader-2")


def test_a_decision_is_undone_and_the_history_keeps_it(panel: Panel) -> None:
    panel.case(1, [said("normal")], [said("osteopenia")])
    app = click(opened(PAGE), "Take A")
    assert truth().has_class
    assert "Readers agree on every case." in told(app)
    click(app, "Undo the last decision")
    assert not truth().has_class
    click(app, "Take A")
    (cases,) = [one for one in app.segmented_control if one.label == "Which cases"]
    cases.set_value("all").run()
    click(app, "Undo the decision")
    assert not truth().has_class
    (history,) = [one for one in app.dataframe if "Who" in one.value.columns]
    what = list(history.value["What"])
    assert what[0] == "read it"
    assert "decided (no longer stands)" in what
    assert {"Reader A (reader)", "Reader B (reader)"} <= set(history.value["Who"])


def test_an_own_answer_takes_outlines_of_the_reader_who_is_chosen(panel: Panel) -> None:
    masks = ({"total_hip": square(20, 20, 40)}, {"total_hip": square(60, 40, 20)})
    panel.case(1, [said("normal", masks=masks[0])], [said("osteopenia", masks=masks[1])])
    app = opened(PAGE)
    click(app, "Decide")
    assert any("Choose an answer" in one.value for one in app.error)
    (choice,) = [one for one in app.segmented_control if one.label == "Class"]
    choice.set_value("osteoporosis")
    (way,) = [one for one in app.selectbox if one.label == "Outlines and points"]
    assert way.options == ["Leave as they are", "Reader A", "Reader B", "Consensus"]
    way.set_value("Reader A")
    (because,) = [one for one in app.text_input if one.label == "Why you decide so"]
    because.set_value("two compressed levels above")
    click(app, "Decide")
    settled = truth()
    assert settled.answer is not None
    assert (settled.answer.label, settled.answer.remark) == ("osteoporosis", "two compressed levels above")
    assert settled.answer.masks["total_hip"] == masks[0]["total_hip"]
    assert set(settled.how.values()) == {"adjudicated"}


def test_a_film_that_cannot_be_judged_is_settled_as_such(panel: Panel) -> None:
    panel.case(1, [said("normal")], [said(None, reasons=("bone cut off",))])
    app = opened(PAGE)
    (choice,) = [one for one in app.segmented_control if one.label == "Class"]
    choice.set_value("cannot be judged")
    click(app, "Decide")
    assert truth().has_class
    assert truth().answer.label is None


def test_the_consensus_settles_outlines_and_leaves_a_class_that_differs_open(panel: Panel) -> None:
    masks = ({"total_hip": square(20, 20, 40)}, {"total_hip": square(36, 20, 40)})
    panel.case(1, [said("normal", masks=masks[0])], [said("osteopenia", masks=masks[1])])
    click(opened(PAGE), "Consensus")
    settled = truth()
    assert settled.how == {"total_hip": "adjudicated"}
    assert list(settled.differs) == ["class"]
    joint: BitMask = settled.answer.masks["total_hip"]
    (columns,) = joint.pixels()[40].nonzero()
    assert (columns[0], columns[-1]) == pytest.approx((28, 67), abs=1)  # half-way


def test_what_differs_goes_to_one_more_reader_by_a_click(panel: Panel) -> None:
    entry = panel.case(1, [said("normal")], [said("osteopenia")])
    app = opened(PAGE)
    click(app, "Send 1 case to one more reader")
    case = learning.ledger().entry_numbered(entry)
    assert case is not None
    assert (case.state, case.readers) == ("waiting", 3)
    assert not button(app, "Send 1 case to one more reader")
    assert "one more reader is asked" in app.warning[0].value


def test_findings_of_a_spine_are_decided_each_for_itself(home: Path) -> None:
    home.mkdir()
    panel = Panel(home, "spine_vertex")
    yes, no = {"vertebral_fracture": "yes", "osteoporosis": "yes"}, {"vertebral_fracture": "no", "osteoporosis": "yes"}
    panel.case(1, [said("both", None, findings=yes)], [said("osteoporosis", None, findings=no)])
    app = opened(PAGE)
    for label, value in (("Vertebral fracture", "no"), ("Osteoporosis", "yes")):
        (choice,) = [one for one in app.segmented_control if one.label == label]
        choice.set_value(value)
    click(app, "Decide")
    settled = truth(None)  # type: ignore[arg-type]
    assert settled.answer is not None
    assert settled.answer.label == "osteoporosis"
    assert dict(settled.answer.findings) == no


def test_the_worklist_tells_what_experts_say_and_at_once_what_was_decided(panel: Panel) -> None:
    panel.case(1, [said("normal")], [said("osteopenia")])
    panel.case(2, [said("normal")], [said("normal")])
    panel.case(3, asked=2)
    app = opened("pages/worklist.py")
    assert list(app.dataframe[0].value["Experts"]) == ["", "R: Normal, readers agree", "R: readers differ"]
    click(app.switch_page(PAGE).run(), "Take B")
    app.switch_page("pages/worklist.py").run()
    assert app.dataframe[0].value["Experts"][2] == "R: Osteopenia, adjudicated"


def test_agreement_is_worked_out_when_it_is_asked_for(panel: Panel) -> None:
    for number, label in enumerate(("normal", "osteopenia", "normal"), start=1):
        panel.case(number, [said(label)], [said("normal")])
    app = opened(PAGE)
    app.toggle[0].set_value(True).run()
    (table,) = [one for one in app.dataframe if "Measure" in one.value.columns]
    assert "Cohen's kappa" in set(table.value["Measure"])


def test_a_worklist_that_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import settings

    (tmp_path / "file").touch()
    monkeypatch.setenv("OSTEOLENS_LEDGER_URL", f"sqlite:///{tmp_path}/file/ledger.sqlite")
    settings.cache_clear()
    assert "check OSTEOLENS_LEDGER_URL" in told(opened(PAGE))
