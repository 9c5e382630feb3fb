"""`python cli.py simulate`: the contract of the command line."""

import csv
from pathlib import Path

import pytest

import cli


def test_it_writes_a_manifest_and_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", "knee_ap", "--seed", "4", "--scanner", "beta", "--size", "96", "--workers", "1"]
    assert cli.main([*words, "--n", "1", "--out", str(tmp_path)]) == 0
    first = (tmp_path / "films/000000.dcm").stat().st_mtime_ns
    assert cli.main([*words, "--n", "2", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "films/000000.dcm").stat().st_mtime_ns == first
    with (tmp_path / "truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == {"films/000000.dcm", "films/000001.dcm"}
    assert {row["side"] for row in rows} <= {"R", "L"}
    assert str(tmp_path / "truth.csv") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["skull", "--n", "1"], "there are hip_ap, knee_ap, spine_lateral"),
        (["hip_ap", "--n", "0"], "expected at least 1"),
        (["hip_ap", "--n", "1", "--scanner", "gamma"], "there are alpha, beta, vfa"),
        (["knee_ap", "--n", "1", "--size", "100000"], "expected 64 to 4096"),
        (["hip_ap", "--n", "1", "--meshes", "nowhere"], "no mesh"),
    ],
)
def test_wrong_use_ends_with_code_2_and_one_sentence(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["simulate", *words, "--seed", "1", "--workers", "1", "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert not (tmp_path / "out").exists()
