"""Identity is planted wherever it can hide, and looked for in everything that comes out."""

import logging
import subprocess
import sys
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag

from core.refusal import Refused
from imaging import check, deidentified, deidentify_folder, read_radiograph, to_png
from imaging.person.profile import rules
from tests.imaging.made import bone, dicom
from tests.imaging.person import planted

PICTURES = {"png": planted.planted_png, "jpeg": planted.planted_jpeg, "tiff": planted.planted_tiff}


def test_the_plants_took() -> None:
    data = planted.planted_dicom()
    assert planted.planted_count(data) > 400
    assert set(planted.traces(data)) == set(planted.NEEDLES)
    for make in PICTURES.values():
        assert planted.SECRET in planted.traces(make())


def test_nothing_planted_is_left_in_a_dicom_file() -> None:
    clean = deidentified(planted.planted_dicom())
    assert planted.traces(clean.data, clean.name, str(clean.notices)) == []


def test_what_may_stay_stays() -> None:
    dataset = dcmread(BytesIO(deidentified(planted.planted_dicom()).data))
    assert (dataset.PatientAge, dataset.PatientSex, str(dataset.PatientSize)) == ("074Y", "F", "1.62")
    assert (dataset.Manufacturer, dataset.BodyPartExamined, dataset.ViewPosition) == ("ACME", "KNEE", "AP")
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.1"


def test_the_method_is_recorded() -> None:
    dataset = dcmread(BytesIO(deidentified(planted.planted_dicom()).data))
    assert dataset.PatientIdentityRemoved == "YES"
    assert "PS3.15" in str(dataset.DeidentificationMethod)
    codes = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113109", "113108", "113101"]
    assert dataset.LongitudinalTemporalInformationModified == "REMOVED"


def test_a_station_keeps_its_name_unless_the_name_tells_of_a_person() -> None:
    stored = (bone() * 4095).astype(np.uint16)
    kept = dcmread(BytesIO(deidentified(dicom(stored, StationName="ROOM-3", PatientName="Oz^Ida")).data))
    assert kept.StationName == "ROOM-3"
    gone = dcmread(BytesIO(deidentified(dicom(stored, StationName="DR IDA", PatientName="Oz^Ida")).data))
    assert "StationName" not in gone


def test_the_very_old_are_not_told_by_their_age() -> None:
    stored = (bone() * 4095).astype(np.uint16)
    assert dcmread(BytesIO(deidentified(dicom(stored, PatientAge="096Y")).data)).PatientAge == "090Y"


def test_uids_change_alike_everywhere_and_cannot_be_told_without_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from core.settings import settings

    stored = (bone() * 4095).astype(np.uint16)
    one = dcmread(BytesIO(deidentified(dicom(stored, SOPInstanceUID="1.2.3.4.5.7")).data))
    two = dcmread(BytesIO(deidentified(dicom(stored, SOPInstanceUID="1.2.3.4.5.8")).data))
    assert one.StudyInstanceUID == two.StudyInstanceUID != "1.2.3.4"
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert len(one.SOPInstanceUID) <= 64
    monkeypatch.setenv("OSTEOLENS_HOME", str(tmp_path / "other"))
    settings.cache_clear()
    elsewhere = dcmread(BytesIO(deidentified(dicom(stored, SOPInstanceUID="1.2.3.4.5.7")).data))
    assert elsewhere.StudyInstanceUID != one.StudyInstanceUID


@pytest.mark.parametrize("syntax", ["explicit", "big_endian", "rle", "jpeg_lossless", "jpeg_2000"])
def test_the_film_is_the_same_film_afterwards(syntax: str) -> None:
    values = np.rint(bone() * 4095).astype(np.int16) - 2048
    for stored in (values + 2048, values):
        data = dicom(stored, syntax, WindowCenter=100, WindowWidth=3000, PhotometricInterpretation="MONOCHROME1")
        assert read_radiograph(deidentified(data).data, "").case_id == read_radiograph(data, "").case_id


def test_burnt_in_text_goes_from_picture_and_dicom_alike() -> None:
    film = read_radiograph(planted.planted_dicom(), "")
    clean = read_radiograph(deidentified(planted.planted_dicom()).data, "")
    for pixels in (film.pixels, clean.pixels, read_radiograph(planted.planted_png(), "").pixels):
        assert float(np.ptp(pixels[10:50])) < 0.05
    assert film.valid is not None
    assert not film.valid[20:40, 20:200].any()


@pytest.mark.parametrize("kind", PICTURES)
def test_nothing_planted_is_left_in_a_picture(kind: str) -> None:
    clean = deidentified(PICTURES[kind]())
    assert clean.name.endswith(".png")
    assert planted.traces(clean.data, clean.name) == []


@pytest.mark.parametrize("make", [planted.planted_dicom, planted.planted_png, planted.planted_jpeg])
def test_a_radiograph_and_its_export_know_nothing_of_the_person(
    make: object, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        film = read_radiograph(make(), planted.FILE_NAME)  # type: ignore[operator]
        notices = check(film)
        png = to_png(film)
    out, err = capfd.readouterr()
    told = [
        str(vars(film) | {"pixels": 0, "valid": 0}),
        str(notices),
        caplog.text,
        out,
        err,
        *(str(w.message) for w in warned),
    ]
    assert planted.traces(png, *told) == []


def test_refusals_tell_nothing_of_the_person(caplog: pytest.LogCaptureFixture) -> None:
    data, told = planted.planted_dicom(), []
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for length in range(150, len(data), len(data) // 40):
            try:
                read_radiograph(data[:length], planted.FILE_NAME)
            except Refused as refused:
                told.append(str(refused))
    assert told
    assert planted.traces(*told, caplog.text, *(str(w.message) for w in warned)) == []


def test_a_folder_is_written_once_under_opaque_names(tmp_path: Path) -> None:
    source, out = tmp_path / "in" / planted.SECRET, tmp_path / "out"
    source.mkdir(parents=True)
    (source / planted.FILE_NAME).write_bytes(planted.planted_dicom())
    (source / f"{planted.SECRET}.png").write_bytes(planted.planted_png())
    (source / "report.pdf").write_bytes(b"%PDF " + planted.SECRET.encode())
    first = list(deidentify_folder(source, out))
    assert [film.status for film in first].count("written") == 2
    assert [film.status for film in first].count("refused") == 1
    assert planted.traces(str(first), *(path.name for path in out.iterdir())) == []
    assert planted.traces(*(path.read_bytes() for path in out.iterdir())) == []
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = list(deidentify_folder(source, out))
    assert [film.status for film in again].count("there") == 2
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_what_stands_there_is_never_written_over(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    (source / "a.png").write_bytes(planted.planted_png())
    name = deidentified(planted.planted_png()).name
    (out / name).write_bytes(b"mine")
    assert [film.status for film in deidentify_folder(source, out)] == ["there"]
    assert (out / name).read_bytes() == b"mine"


def test_the_command_line_tells_nothing_either(tmp_path: Path, home: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / planted.FILE_NAME).write_bytes(planted.planted_dicom())
    (source / f"{planted.SECRET}.txt").write_text(planted.SECRET)
    root = Path(__file__).resolve().parents[3]
    ran = subprocess.run(
        [sys.executable, str(root / "cli.py"), "deidentify", str(source), "--out", str(out)],
        capture_output=True,
        check=False,
        cwd=root,
    )
    assert ran.returncode == 0
    assert b"1 written, 0 there, 1 refused, 0 held" in ran.stderr
    assert planted.traces(ran.stdout, ran.stderr) == []


def test_every_tag_of_the_table_is_one_of_the_standard_or_newer_than_the_dictionary() -> None:
    table = rules()
    assert len(table) > 600
    assert sum(dictionary_has_tag(tag) for tag in table) > 600
    assert {rule.action for rule in table.values()} == {"X", "Z", "D", "U"}
    assert table[0x00100010].action == "Z"
    assert table[0x00080018].action == "U"
    assert table[0x00101010].kept_by == "patient"
    assert table[0x00181000].kept_by == "device"
