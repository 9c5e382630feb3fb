"""A run's file: what is done stays, what a kill cut short goes, another run's file is kept."""

import json
from pathlib import Path

import pytest

from core.system.run_file import RunFile, journal_of

RUN = {"recipe": "auto"}
UNITS = {"a": 1, "b": 1, "c": 1}


def begun(out: Path) -> None:
    with RunFile(out, RUN, UNITS) as file:
        file.add("a", 1, ["a right", "a left"], statuses=["read", "read"])
        file.add("b", 1, ["b"], statuses=["refused"])


@pytest.mark.parametrize("cut_short", [b"", b"c ri", b"c right\n", b"c right\nc le"])
def test_it_goes_on_after_the_last_unit_that_was_whole(tmp_path: Path, cut_short: bytes) -> None:
    out = tmp_path / "r.jsonl"
    begun(out)
    with out.open("ab") as file:
        file.write(cut_short)
    with RunFile(out, RUN, UNITS, "resume") as again:
        assert [*again.done] == ["a", "b"]
        assert again.done["b"]["statuses"] == ["refused"]
        again.add("c", 1, ["c right", "c left"])
    assert out.read_text().splitlines() == ["a right", "a left", "b", "c right", "c left"]
    with RunFile(out, RUN, UNITS) as whole:
        assert [*whole.done] == ["a", "b", "c"]


def test_a_journal_cut_short_or_ahead_of_its_file_costs_that_unit_alone(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    begun(out)
    with journal_of(out).open("a") as journal:
        journal.write('{"unit": "c", "sta')
    out.write_bytes(out.read_bytes()[:-1])  # power failed: the journal reached the disk, the last line did not
    with RunFile(out, RUN, UNITS) as again:
        assert [*again.done] == ["a"]
        again.add("b", 1, ["b"])
    assert out.read_text().splitlines() == ["a right", "a left", "b"]


@pytest.mark.parametrize(
    ("run", "units", "how"),
    [({"recipe": "hip_vit"}, UNITS, "either"), (RUN, {**UNITS, "b": 2}, "either"), (RUN, UNITS, "anew")],
)
def test_what_another_run_wrote_is_kept(tmp_path: Path, run: dict, units: dict, how: str) -> None:
    out = tmp_path / "r.jsonl"
    begun(out)
    before = out.read_bytes()
    with RunFile(out, run, units, how) as file:  # type: ignore[arg-type]
        assert file.done == {}
        assert file.kept == tmp_path / "r.1.jsonl"
    assert file.kept.read_bytes() == before
    with RunFile(file.kept, RUN, UNITS) as old:  # and it can be gone on with, there
        assert [*old.done] == ["a", "b"]


def test_a_file_without_a_journal_is_kept_and_never_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    out.write_text("precious\n")
    with pytest.raises(ValueError, match="another run"):
        RunFile(out, RUN, UNITS, "resume")
    assert out.read_text() == "precious\n"
    with RunFile(out, RUN, UNITS) as file:
        file.add("a", 1, ["a"])
    assert (tmp_path / "r.1.jsonl").read_text() == "precious\n"


def test_two_processes_do_not_write_to_one_file(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with RunFile(out, RUN, UNITS), pytest.raises(ValueError, match="another process is writing"):
        RunFile(out, RUN, UNITS)
    assert {one.name for one in tmp_path.iterdir()} == {"r.jsonl", "r.jsonl.run"}
    assert json.loads(journal_of(out).read_text()) == {"run": RUN}


def test_a_device_gets_the_lines_and_no_journal() -> None:
    with RunFile(Path("/dev/null"), RUN, UNITS) as file:
        file.add("a", 1, ["a"])
    assert not journal_of(Path("/dev/null")).exists()
