from pathlib import Path

import pytest

from core.clinical import Clinical
from training.data.manifest import ManifestError, read_manifest


def manifest(folder: Path, text: str, name: str = "manifest.csv") -> Path:
    for film in ("a.png", "b.png"):
        (folder / film).touch()
    path = folder / name
    path.write_text(text)
    return path


def test_rows_become_examples_and_unknown_columns_are_kept(tmp_path: Path) -> None:
    table = "path,label,patient,age_years,sex,t_total_hip\na.png,normal,007,61,female,-0.5\nb.png,,,,,\n"
    first, second = read_manifest(manifest(tmp_path, table)).examples
    assert first.path == tmp_path / "a.png"
    assert first.patient == "007"
    assert first.clinical == Clinical(age_years=61, sex="F")
    assert first.others["t_total_hip"] == -0.5
    assert second.label is None
    assert second.patient is None
    assert second.clinical == Clinical()


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    path = manifest(tmp_path, "path,label,age_years\na.png,normal,61\n")
    pandas.read_csv(path).to_parquet(tmp_path / "m.parquet")
    assert read_manifest(tmp_path / "m.parquet").examples == read_manifest(path).examples


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("label\nnormal\n", "has columns label, expected one named path"),
        ("path,label\n", "has a header and no rows"),
        ("path,label\nc.png,normal\n", "line 2 names c.png, which is not there"),
        (
            "path,label\na.png,normal\nb.png,thin\n",
            "line 3 has label 'thin', expected normal, osteopenia, osteoporosis",
        ),
        ("path,label,sex\na.png,normal,x\n", "line 2: sex is 'x', expected F, M or nothing"),
        ("path,label,age_years\na.png,normal,old\n", "line 2: age_years is 'old'"),
    ],
)
def test_a_wrong_manifest_is_told_where_and_what(tmp_path: Path, table: str, sentence: str) -> None:
    with pytest.raises(ManifestError, match=sentence):
        read_manifest(manifest(tmp_path, table))


def test_what_is_no_table_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    path.write_bytes(b"\0\1\2")
    with pytest.raises(ManifestError, match="cannot be read as a table"):
        read_manifest(path)
