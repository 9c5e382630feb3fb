"""Nothing identifying leaves the door: identity planted in a film is looked for in everything the roads write."""

import json
import logging
from dataclasses import replace

import pytest

import learning
import reading
from annotation.films import Kept
from core.settings import settings
from imaging import opening
from tests.imaging.person.planted import FILE_NAME, planted_dicom, planted_jpeg, planted_png, planted_tiff, traces

pytestmark = pytest.mark.usefixtures("tiny_weights")
FILMS = {"DICOM": planted_dicom, "PNG": planted_png, "JPEG": planted_jpeg, "TIFF": planted_tiff}


@pytest.mark.parametrize("kind", FILMS)
def test_a_planted_film_leaves_no_trace_in_answer_worklist_films_or_log(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = FILMS[kind]()
    assert traces(data), "the film must hold what is looked for"
    with caplog.at_level(logging.DEBUG):
        (answer,) = reading.read(data, FILE_NAME, recipe="knee_resnet")
        if answer.status == "read":
            assert learning.enqueue(answer, reason="requested")
    kept = [file for file in settings().home.rglob("*") if file.is_file()]
    assert not traces(*(str(file.relative_to(settings().home)) for file in kept))
    assert not traces(*(file.read_bytes() for file in kept))
    assert not traces(caplog.text)
    # The caller's own name for the file is the one thing given back to the caller.
    assert not traces(json.dumps(replace(answer, path="").row()))
    if answer.status == "read":
        assert any(file.suffix == ".png" for file in kept)
        assert any("ledger" in file.name for file in kept)
        facts = Kept.load(settings().home, answer.case_id or "").facts
        assert (facts.patient == answer.case_id) == (kind != "DICOM")  # a picture does not say whose it is


def test_an_unforeseen_fault_is_logged_by_its_steps_and_never_by_what_it_quotes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def check(_: object) -> None:
        try:
            raise KeyError("DOE^JANE")
        except KeyError as first:
            raise RuntimeError("could not read the value 'DOE^JANE' born 1950-03-14") from first

    monkeypatch.setattr(opening, "check", check)
    with caplog.at_level(logging.DEBUG):
        (answer,) = reading.read(planted_png(), FILE_NAME, recipe="knee_resnet")
    assert answer.status == "failed"
    assert "RuntimeError" in caplog.text
    assert "KeyError" in caplog.text
    assert "in check" in caplog.text
    assert "opening.py:" in caplog.text
    assert "DOE" not in caplog.text
    assert "1950" not in caplog.text
