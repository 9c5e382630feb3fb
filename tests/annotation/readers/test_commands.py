"""What several readers said, told by the command line."""

import json
from pathlib import Path

import pytest

import cli
import learning
from tests.annotation.readers.panel import Panel, said, square


@pytest.fixture
def panel(home: Path) -> Panel:
    home.mkdir()
    return Panel(home)


def told(capsys: pytest.CaptureFixture, *words: str) -> tuple[str, str]:
    assert cli.main(["queue", *words]) == 0
    out = capsys.readouterr()
    return out.out, out.err


def test_what_readers_differ_on_is_listed_and_goes_to_one_more(panel: Panel, capsys: pytest.CaptureFixture) -> None:
    differs = panel.case(1, [said("normal")], [said("osteopenia")])
    panel.case(2, [said("normal"), said("normal", "L")], [said("normal"), said("normal", "L")])
    out, err = told(capsys, "review")
    (line,) = out.splitlines()[1:]
    assert f"{1:024x}" in line
    assert "Readers say normal and osteopenia" in line
    assert err == "1 case settled, 1 on which readers differ, 2 in all.\n"
    _, err = told(capsys, "review", "--ask")
    assert "One more reader is asked about 1 case at" in err
    entry = learning.ledger().entry_numbered(differs)
    assert entry is not None
    assert (entry.state, entry.readers, entry.asked_first) == ("waiting", 3, 2)
    assert [one.case_id for one in learning.waiting()] == [entry.case_id]
    _, err = told(capsys, "review", "--ask")
    assert "about 0 cases at" in err
    assert "with one more reader" in err
    rows = [json.loads(line) for line in told(capsys, "review", "--all", "--json")[0].splitlines()]
    assert [(row["side"], row["settled"], row["asked"]) for row in rows[:1]] == [("R", False, True)]
    assert rows[2]["how"] == {"class": "agreed"}


def test_agreement_is_told_with_intervals(panel: Panel, capsys: pytest.CaptureFixture) -> None:
    assert "queue push --readers 2" in told(capsys, "agreement")[0]
    labels = ["normal", "osteopenia", "osteoporosis", "normal", "osteopenia", "osteopenia"]
    for number, label in enumerate(labels, start=1):
        masks = {"total_hip": square(20, 20, 40)}
        second = "normal" if number == 6 else label
        panel.case(number, [said(label, masks=masks)], [said(second, masks=masks)])
    out, _ = told(capsys, "agreement")
    (cohen,) = [line for line in out.splitlines() if "Cohen's kappa" in line]
    assert "reader and reader" in cohen
    assert " to " in cohen
    assert any("Total hip" in line and "Dice" in line and "1.00" in line for line in out.splitlines())
    plain = json.loads(told(capsys, "agreement", "--json")[0])
    assert {row["measure"] for row in plain["agreement"]} == {
        "same",
        "fleiss",
        "cohen",
        "quadratic",
        "dice",
        "boundary",
    }
    assert plain["left_out"] == {"seen": 0, "late": 0, "odd": 0}
