"""What a bundle keeps of whom it learned from, however the tables name them."""

from pathlib import Path

from core.clinical import Clinical
from core.example import Example
from core.identity import key_name, machine_key, patient_pseudonym
from core.settings import settings
from training.data.manifest import Manifest
from training.data.taught import record


def patients(tmp_path: Path, patient: str | None, **others: str) -> list[str]:
    (tmp_path / "film.png").write_bytes(b"film")
    row = Example(tmp_path / "film.png", "normal", patient, Clinical(), None, others)
    return record([Manifest((row,), "f", "own", tmp_path)])["patients"]


def test_a_patients_number_and_an_exports_pseudonym_are_one_person(tmp_path: Path) -> None:
    key = machine_key(settings().home)
    pseudonym = patient_pseudonym("00 123a", key)
    assert pseudonym is not None
    exported = patients(tmp_path, pseudonym, patient_key=key_name(key))
    assert exported == patients(tmp_path, "123A") == [pseudonym]
    # A name that only looks like a pseudonym is a number like any other, and one made with another key names another.
    assert patients(tmp_path, pseudonym) != exported
    assert patients(tmp_path, pseudonym, patient_key="0" * 12) != exported


def test_nobody_is_no_patient(tmp_path: Path) -> None:
    assert patients(tmp_path, "anonymous") == patients(tmp_path, None) == []
