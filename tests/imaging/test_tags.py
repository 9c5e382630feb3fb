"""What tags say of spacing, site, view, side and patient, and what they cannot make anyone believe."""

import re
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.radiograph import Radiograph
from core.refusal import Code, NoticeCode, Refused
from imaging import read_radiograph
from tests.imaging.made import bone, dicom

STORED = (bone((96, 96)) * 4095).astype(np.uint16)


def film(**tags: object) -> Radiograph:
    return read_radiograph(dicom(STORED, **tags), "")


def code(value: str, scheme: str = "SCT", **inner: Sequence) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "meaning"
    for keyword, sequence in inner.items():
        setattr(item, keyword, sequence)
    return Sequence([item])


@pytest.mark.parametrize(
    ("tags", "spacing", "origin"),
    [
        ({}, None, "none"),
        ({"ImagerPixelSpacing": [0.2, 0.3]}, (0.2, 0.3), "detector"),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25},
            (0.16, 0.16),
            "calibrated",
        ),
        ({"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 0}, (0.2, 0.2), "detector"),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "detector"),
        ({"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.2, 0.2]}, (0.15, 0.15), "calibrated"),
        ({"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.2, 0.2), "calibrated"),
        ({"PixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "detector"),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"PixelSpacing": [0, 0]}, None, "none"),
        ({"PixelSpacing": [0.2, -0.2], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"PixelSpacing": [200, 200]}, None, "none"),
    ],
)
def test_spacing_comes_with_its_origin_or_not_at_all(tags: dict, spacing: tuple | None, origin: str) -> None:
    read = film(**tags)
    assert read.spacing_origin == origin
    assert read.spacing_mm == (None if spacing is None else pytest.approx(spacing))


@pytest.mark.parametrize(
    ("tags", "site", "view"),
    [
        ({"BodyPartExamined": "HIP", "ViewPosition": "AP"}, "hip", "ap"),
        ({"BodyPartExamined": "Pelvis", "ViewPosition": ""}, "hip", None),
        ({"BodyPartExamined": "LSPINE", "ViewPosition": "LL"}, "spine", "lateral"),
        ({"BodyPartExamined": "CHEST", "ViewPosition": "PA"}, "other", "other"),
        ({"BodyPartExamined": "EXTREMITY"}, None, None),
        ({"AnatomicRegionSequence": code("T-D9200", "SRT"), "ViewCodeSequence": code("R-10206", "SRT")}, "knee", "ap"),
        ({"AnatomicRegionSequence": code("24136001"), "ViewCodeSequence": code("399067008")}, "hip", "lateral"),
        ({"AnatomicRegionSequence": code("816094009")}, "other", None),
        ({}, None, None),
    ],
)
def test_site_and_view_come_from_words_and_codes(tags: dict, site: str | None, view: str | None) -> None:
    read = film(**tags)
    assert (read.site, read.view) == (site, view)


@pytest.mark.parametrize(
    ("tags", "side"),
    [
        ({"ImageLaterality": "R"}, "R"),
        ({"Laterality": "L"}, "L"),
        ({"ImageLaterality": "B"}, "both"),
        ({"ImageLaterality": "U"}, None),
        ({"SeriesDescription": "Right hip AP"}, "R"),
        ({"StudyDescription": "upright abdomen"}, None),
        ({"AnatomicRegionSequence": code("24136001", AnatomicRegionModifierSequence=code("7771000"))}, "L"),
    ],
)
def test_the_side_comes_from_whatever_tag_states_it(tags: dict, side: str | None) -> None:
    assert film(**tags).side == side


def test_tags_at_odds_about_the_side_give_none_and_say_so() -> None:
    read = film(ImageLaterality="R", Laterality="L")
    assert read.side is None
    assert [notice.code for notice in read.notices] == ["side_contradicted"]


@pytest.mark.parametrize(
    ("tags", "age"),
    [
        ({"PatientAge": "067Y"}, 67),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientAge": "000Y"}, None),
        ({"PatientAge": "", "PatientBirthDate": "19500615", "StudyDate": "20200614"}, 69),
        ({"PatientBirthDate": "19000101", "StudyDate": "20200614"}, None),
    ],
)
def test_age_is_stated_or_counted_or_unknown(tags: dict, age: float | None) -> None:
    assert film(**tags).clinical.age_years == age


def test_size_and_sex_are_never_nought() -> None:
    read = film(PatientSize="1.6", PatientWeight="64", PatientSex="F").clinical
    assert (read.height_cm, read.weight_kg, read.sex) == (160, 64, "F")
    assert read.bmi == pytest.approx(25)
    read = film(PatientSize="0", PatientWeight="0", PatientSex="O").clinical
    assert (read.height_cm, read.weight_kg, read.sex, read.bmi) == (None, None, None, None)


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "SR"])
def test_what_is_no_projection_is_no_radiograph(modality: str) -> None:
    with pytest.raises(Refused) as refused:
        film(Modality=modality)
    assert refused.value.refusal.code == Code.NOT_A_RADIOGRAPH


def test_a_tag_that_owns_up_to_burnt_in_text_is_passed_on() -> None:
    owning_up = film(BurnedInAnnotation="YES")
    assert [notice.code for notice in owning_up.notices] == [Code.BURNED_IN_TEXT, NoticeCode.TEXT_SUSPECTED]
    assert owning_up.suspected == ((0, 0, 96, 96),)  # none was found, so that it may stand anywhere
    assert film(BurnedInAnnotation="NO").notices == ()


def test_a_shutter_marks_what_it_covers() -> None:
    read = film(
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=10,
        ShutterRightVerticalEdge=91,
        ShutterUpperHorizontalEdge=20,
        ShutterLowerHorizontalEdge=81,
    )
    assert read.valid is not None
    assert not read.valid[:20].any()
    assert not read.valid[80:].any()
    assert not read.valid[:, :10].any()
    assert read.valid[20:80, 10:90].all()
    round_ = film(ShutterShape="CIRCULAR", CenterOfCircularShutter=[48, 48], RadiusOfCircularShutter=30)
    assert round_.valid is not None
    assert abs(round_.valid.sum() - np.pi * 900) < 60
    corners = film(ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[1, 1, 1, 97, 97, 1])
    assert corners.valid is not None
    assert corners.valid[10, 10]
    assert not corners.valid[90, 90]


def test_two_visits_of_one_patient_get_one_pseudonym_which_says_nothing_of_the_number() -> None:
    first, again, other = film(PatientID="0012345A"), film(PatientID=" 12345a "), film(PatientID="12346A")
    assert first.patient == again.patient != other.patient
    assert re.fullmatch("[0-9a-f]{12}", first.patient or "")


def test_without_the_key_nobody_gets_the_same_pseudonym(home: Path) -> None:
    first = film(PatientID="0012345A").patient
    (home / "key").unlink()
    assert film(PatientID="0012345A").patient != first


@pytest.mark.parametrize("number", ["", "  ", "0", "000", "Anonymous", "ANON", "n/a", "--", None])
def test_a_number_that_stands_for_nobody_is_no_patient(number: str | None) -> None:
    assert film(**({} if number is None else {"PatientID": number})).patient is None
