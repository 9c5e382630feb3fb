"""The worklist's page, with small untrained networks behind it."""

from pathlib import Path

import pytest

import learning
from core.reading import Reading
from core.settings import settings
from present.samples import SAMPLES
from reading import read
from tests.pages.app import KNEES, click, opened, said

pytestmark = pytest.mark.usefixtures("tiny_weights")


def test_a_plain_case_goes_to_the_worklist_by_the_button_and_a_hard_one_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OSTEOLENS_CONTROL_RATE", "0")
    settings.cache_clear()
    app = opened()
    for sample in KNEES:
        click(app, sample.title)
        (reading,) = read(sample.path.read_bytes(), sample.name)
        assert reading.difficulty is not None
        listed = {entry.case_id for entry in learning.worklist()}
        if reading.difficulty.hard:
            assert reading.case_id in listed
            assert "a hard case goes there by itself" in said(app)
        else:
            assert reading.case_id not in listed
            click(app, "Send to the worklist")
            assert reading.case_id in {entry.case_id for entry in learning.worklist()}
            assert "as requested" in said(app)


def test_a_film_sent_by_the_button_takes_both_hips_along(
    two_hips: list[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.entering.reasons_to_ask", lambda *_, requested: ["requested"] if requested else [])
    click(click(opened(), SAMPLES[0].title), "Send to the worklist")
    (entry,) = learning.worklist()
    assert entry.case_id == two_hips[0].case_id
    assert entry.sides == ("R", "L")


def test_the_worklist_says_what_waits_for_what_and_how_to_connect() -> None:
    app = opened("pages/worklist.py")
    assert "empty" in said(app)
    (reading,) = read(SAMPLES[0].path.read_bytes(), "x.png")
    learning.enqueue(reading, reason="requested")
    app.run()
    assert "1 film waits for Label Studio" in said(app)
    assert "make label-studio" in said(app)
    (table,) = app.dataframe
    assert reading.case_id is not None
    assert list(table.value["Case"]) == [reading.case_id[:8]]
    assert "Requested" in table.value["Why"][0]
    assert table.value["Film"][0].startswith("data:image/")


def test_the_worklist_tells_a_spine_s_scores() -> None:
    (reading,) = read(SAMPLES[0].path.read_bytes(), "x.png")
    assert reading.case_id is not None
    told = {
        "vertebral_fracture": {"positive": True, "undecided": True},
        "osteoporosis": {"positive": False, "undecided": False},
    }
    row = {**reading.row(), "label": None, "probabilities": {}, "scores": told}
    learning.ledger().enter(reading.case_id, "spine_vertex", ("requested",), row)
    assert list(opened("pages/worklist.py").dataframe[0].value["Answer"]) == ["Vertebral fracture, undecided"]


def test_the_worklist_can_be_narrowed_by_reason() -> None:
    first, second = (read(sample.path.read_bytes(), "x.png")[0] for sample in SAMPLES[:2])
    for reading, reason in ((first, "low_quality"), (second, "requested")):
        assert reading.case_id is not None
        assert reading.recipe is not None
        learning.ledger().enter(reading.case_id, reading.recipe, (reason,), reading.row())
    app = opened("pages/worklist.py")
    assert len(app.dataframe[0].value) == 2
    app.pills[1].set_value(["low_quality"]).run()
    assert list(app.dataframe[0].value["Why"]) == ["Poor film quality"]


def test_a_worklist_that_cannot_be_opened_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OSTEOLENS_LEDGER_URL", f"sqlite:///{tmp_path}/file/ledger.sqlite")
    settings.cache_clear()
    app = opened("pages/worklist.py")
    assert "check OSTEOLENS_LEDGER_URL" in said(app)


def test_a_film_is_read_even_where_the_worklist_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OSTEOLENS_LEDGER_URL", f"sqlite:///{tmp_path}/file/ledger.sqlite")
    settings.cache_clear()
    app = click(opened(), "Both knees")
    assert app.get("bidi_component")
    assert "check OSTEOLENS_LEDGER_URL" in app.warning[0].value
