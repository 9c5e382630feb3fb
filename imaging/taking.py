"""How the film was taken, as its tags tell it: site, view, side, apparatus, and the patient's age, sex and size."""

import re
from typing import Final

from core.clinical import Clinical, Sex
from core.identity import patient_pseudonym
from core.radiograph import Side, Site, View
from core.refusal import Notice, NoticeCode
from imaging.files.header import Header
from imaging.words import side_in, site_in, view_in

SITE_BY_SNOMED: Final[dict[str, Site]] = {
    **dict.fromkeys(("29836001", "24136001", "816092008", "12921003", "1231522001", "71341001", "68367000"), "hip"),
    **dict.fromkeys(("72696002", "49076000", "64234005"), "knee"),
    **dict.fromkeys(("421060004", "122496007", "1217253001", "122495006", "1217256009"), "spine"),
}
_LIMBS: Final = frozenset({"66019005", "61685007", "30021000", "72001000", "38266002"})
VIEW_BY_SNOMED: Final[dict[str, View]] = {
    "399348003": "ap",
    "399033003": "ap",
    **dict.fromkeys(("399067008", "399173006", "399198007", "399352003", "399260004", "30730003"), "lateral"),
}
SIDE_BY_SNOMED: Final[dict[str, Side]] = {"24028007": "R", "7771000": "L", "51440002": "both"}
_OF_THE_FILM: Final = ("SeriesDescription", "ProtocolName")
_DESCRIPTIONS: Final = (*_OF_THE_FILM, "StudyDescription")
_SNOMED: Final = frozenset({"SCT", "SRT", "SNM3", "99SDM"})


def site_of(header: Header) -> Site | None:
    """From BodyPartExamined, else the coded anatomic region, else a description that names one of the sites read.

    None where none of them says: a word that is not known to be another part is none.
    """
    site = site_in(header.text("BodyPartExamined") or "")
    if site is not None:
        return site
    for code, standard, meaning in _codes(header, "AnatomicRegionSequence"):
        if code not in _LIMBS:
            site = SITE_BY_SNOMED.get(code) or site_in(meaning) or ("other" if standard else None)
            if site is not None:
                return site
    named = (site_in(header.text(keyword) or "") for keyword in _DESCRIPTIONS)
    return next((site for site in named if site not in (None, "other")), None)


def view_of(header: Header) -> View | None:
    """From the coded view, else ViewPosition, else what else names the view of this one film.

    None where none of them says.
    """
    for code, standard, meaning in _codes(header, "ViewCodeSequence"):
        view = VIEW_BY_SNOMED.get(code) or view_in(meaning) or ("other" if standard else None)
        if view is not None:
            return view
    view = view_in(header.text("ViewPosition") or "")
    if view is not None:
        return view
    named = (view_in(header.text(keyword) or "") for keyword in ("BodyPartExamined", *_OF_THE_FILM))
    return next((view for view in named if view not in (None, "other")), None)


def side_of(header: Header) -> tuple[Side | None, tuple[Notice, ...]]:
    """The side by every tag that may state it; tags at odds with each other give None and a notice."""
    said: dict[str, Side] = {}
    for keyword in ("ImageLaterality", "FrameLaterality", "Laterality"):
        side = side_in(header.text(keyword) or "", beside_a_limb=False)
        if side:
            said[keyword] = side
    for item in header.items("AnatomicRegionSequence"):
        for code, _, _ in _codes(item, "AnatomicRegionModifierSequence"):
            if code in SIDE_BY_SNOMED:
                said["AnatomicRegionModifierSequence"] = SIDE_BY_SNOMED[code]
    for keyword in ("BodyPartExamined", *_DESCRIPTIONS):
        side = side_in(header.text(keyword) or "")
        if side in ("R", "L"):  # "both" is said of a study, whose films may show one each
            said[keyword] = side
    if len(set(said.values())) > 1:
        told = ", ".join(f"{keyword} {side}" for keyword, side in said.items())
        message = f"The file's tags disagree about the side ({told}); none was taken: look at the marker on the film."
        return None, (Notice(NoticeCode.SIDE_CONTRADICTED, message),)
    return next(iter(said.values()), None), ()


def orientation_of(header: Header) -> tuple[str, str] | None:
    """Where a row and a column lead in the patient, one of L R A P H F each, by PatientOrientation (PS3.3 C.7.6.1.1.1).

    None where the two name no plane.
    """
    said = header.texts("PatientOrientation")
    if len(said) != 2:
        return None
    row, column = (text.upper()[:1] for text in said)
    axes = {letter: axis for axis, pair in enumerate(("LR", "AP", "HF")) for letter in pair}
    if row not in axes or column not in axes or axes[row] == axes[column]:
        return None
    return row, column


def clinical_of(header: Header) -> Clinical:
    """Age, sex and size by the tags; whatever is absent, nought or impossible is None."""
    sexes: dict[str, Sex] = {"F": "F", "M": "M"}
    height_m, weight_kg = header.number("PatientSize"), header.number("PatientWeight")
    height_cm = None
    if height_m is not None:  # metres by the standard; some writers give centimetres
        height_cm = _within(height_m * 100, 40, 260) or _within(height_m, 40, 260)
    weight_kg = None if weight_kg is None else _within(weight_kg, 2, 400)
    bmi = _within(weight_kg / (height_cm / 100) ** 2, 8, 100) if height_cm and weight_kg else None
    return Clinical(_age(header), sexes.get((header.text("PatientSex") or "").upper()), bmi, height_cm, weight_kg)


def patient_of(header: Header, key: bytes) -> str | None:
    """A pseudonym for the patient's number; None where there is none."""
    return patient_pseudonym(header.text("PatientID") or "", key)


def _age(header: Header) -> float | None:
    """Years by PatientAge, else from birth to study. 000Y and a birth in 1900 are how writers leave them out."""
    found = re.fullmatch(r"(\d{1,3})([DWMY]?)", header.text("PatientAge") or "")
    if found and int(found[1]):
        return _within(int(found[1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1, "": 1}[found[2]], 0, 120)
    born, taken = (
        re.fullmatch(r"(\d{4})(\d{2})(\d{2})", header.text(keyword) or "")
        for keyword in ("PatientBirthDate", "StudyDate")
    )
    if not born or not taken or born[1] <= "1900":
        return None
    years = int(taken[1]) - int(born[1]) - ((taken[2], taken[3]) < (born[2], born[3]))
    return _within(float(years), 0, 120) if years > 0 else None


def _within(value: float, low: float, high: float) -> float | None:
    return value if low <= value <= high else None


def _snomed_ct(code: str) -> str:
    """The code of SNOMED CT for one of the older SNOMED RT, or the code itself."""
    from pydicom.sr._snomed_dict import mapping  # loads tables of every code, which few films need

    return mapping["SRT"].get(code, code)


def _codes(header: Header, keyword: str) -> list[tuple[str, bool, str]]:
    """Code, whether it is SNOMED's, and meaning, of each item of a code sequence; codes of the older SNOMED RT
    (T-15710) are translated."""
    codes = []
    for item in header.items(keyword):
        code = item.text("CodeValue") or item.text("LongCodeValue") or ""
        standard = (item.text("CodingSchemeDesignator") or "").upper() in _SNOMED
        codes.append((_snomed_ct(code) if standard else code, standard, item.text("CodeMeaning") or ""))
    return [code for code in codes if code[0]]
