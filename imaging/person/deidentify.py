"""A file without the person: PS3.15 Annex E's basic profile, keeping the device and the patient's age, sex and size.

Beyond the profile: private tags go, and so does every date, time and person's name whatever its tag, every value of
unknown type, and every kept text in which something of the person turns up again. Pixels are decoded and written
anew, so that nothing rides in a compressed stream, in unused bits or behind the image, and burnt-in text is painted
over. What may be text is left for a person: such a file is held until somebody has looked.
docs/decisions/de-identification.md says why, and what this does not promise.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from core.identity import machine_key, pseudonym
from core.radiograph import Box
from core.refusal import Code, Notice, Refused
from core.settings import settings
from imaging.files.decode import Words, words_of
from imaging.files.dicom import open_dicom
from imaging.files.export import to_png
from imaging.files.header import PARSING_FAULTS, element_of
from imaging.files.kind import refuse_directory
from imaging.files.layout import Layout, layout_of
from imaging.files.picture import is_picture
from imaging.person.pixels import Verdict, clean_pixels
from imaging.person.profile import Action, rules
from imaging.person.text import without
from imaging.read import read_radiograph

METHOD: Final = (
    "DICOM PS3.15 2026c Annex E Basic Profile",
    "Device identity kept; age, sex, size and weight kept",
    "Dates, times, private tags dropped; UIDs by keyed hash",
)
CODES: Final = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113109", "Retain Device Identity Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
_CLEAN_PIXELS: Final = ("113101", "Clean Pixel Data Option")
_OURS: Final = "2.25."  # UIDs made from a hash (PS3.5 B.2)
_STANDARD: Final = "1.2.840.10008."
_DATED: Final = frozenset({"DA", "DT", "TM"})
_OPAQUE: Final = frozenset({"UN", "OB", "OW", "OF", "OD", "OL", "OV"})
_TEXTS: Final = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"})
_DUMMY: Final[dict[str, object]] = {
    "AE": "ANONYMIZED", "AS": "000Y", "CS": "ANONYMIZED", "DS": "0", "IS": "0", "LO": "ANONYMIZED", "LT": "ANONYMIZED",
    "PN": "ANONYMIZED", "SH": "ANONYMIZED", "ST": "ANONYMIZED", "UC": "ANONYMIZED", "UT": "ANONYMIZED",
    "DA": "19000101", "DT": "19000101000000", "TM": "000000", "FD": 0.0, "FL": 0.0, "SL": 0, "SS": 0, "UL": 0, "US": 0,
}  # fmt: skip
_KEPT_BINARY: Final = frozenset({0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x7FE00010})  # LUTs, palette, pixels
_WHO: Final = (
    "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName",
    "AccessionNumber", "ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "StudyID",
    "PhysiciansOfRecord", "RequestingPhysician", "NameOfPhysiciansReadingStudy", "ResponsiblePerson",
    "InstitutionName", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers",
)  # fmt: skip
PATIENT_ID: Final = 0x00100020
_SHORTEST: Final = 3  # letters or digits by which a name or number may be recognised
_LONG: Final = 6  # by which they are recognised within other words and numbers too
_OLDEST: Final = 89  # years; older people are few enough to be known by it (45 CFR 164.514(b)(2)(i)(C))


@dataclass(frozen=True)
class Deidentified:
    """A file without the person, an opaque name for it that the same bytes get again, and what to know of it.

    suspected: boxes on its first such frame of what may be text; a person must look before it is let go. picture: that
    frame as a grey PNG, where there are any.
    """

    data: bytes
    name: str
    notices: tuple[Notice, ...] = ()
    suspected: tuple[Box, ...] = ()
    picture: bytes = b""


def opaque_name(data: bytes) -> str:
    """24 hex digits that only this installation can make from these bytes."""
    key = machine_key(settings().home)
    return hashlib.blake2b(data, key=key, digest_size=12, person=b"osteolens-file").hexdigest()


def deidentified(data: bytes, verdict: Verdict | None = None) -> Deidentified:
    """The film in these bytes without the person: DICOM stays DICOM, a picture becomes a bare grey PNG.

    verdict: what a person who has looked at it said of what may be text: `clear`, there is none, or `paint`, paint it
    over. Raises Refused where the file cannot be read: what cannot be decoded cannot be vouched for.
    """
    if is_picture(data):
        film = read_radiograph(data, "")
        if verdict == "paint":
            film = replace(film, pixels=without(film.pixels, film.suspected))
        suspected = () if verdict else film.suspected
        png = to_png(film)
        return Deidentified(png, opaque_name(data) + ".png", film.notices, suspected, png if suspected else b"")
    file = open_dicom(data)
    refuse_directory(file)
    layout = layout_of(file.header)
    frames = [words_of(file, layout, frame) for frame in range(layout.frames)]
    key = machine_key(settings().home)
    try:
        cleaned = _cleaned(file.header.dataset, _who(file.header.dataset), key)
        pixels = clean_pixels(frames, file.header, layout, verdict)
        _set_pixels(cleaned, pixels.frames, pixels.layout)
        _record(cleaned, pixels.painted, looked=pixels.painted > 0 or verdict is not None)
        if not cleaned.get("SOPInstanceUID"):  # a fresh one, the same for the same bytes
            cleaned.SOPInstanceUID = _new_uid(hashlib.sha256(data).hexdigest(), key)
        written = _written(cleaned)
    except PARSING_FAULTS as fault:
        raise Refused(
            Code.UNREADABLE, "The DICOM file has a tag that cannot be written anew; export it again from the archive."
        ) from fault
    return Deidentified(written, opaque_name(data) + ".dcm", pixels.notices, pixels.suspected, pixels.picture)


def _cleaned(dataset: Dataset, who: tuple[str, ...], key: bytes) -> Dataset:
    """A new data set that holds what may stay; the old one is left as it is."""
    kept = Dataset()
    for tag in list(dataset.keys()):
        if tag.is_private or tag.group in (0x0002, 0xFFFA, 0xFFFC) or tag.group & 0xFF00 in (0x5000, 0x6000):
            continue
        if tag == 0x7FE00010 or not dictionary_has_tag(tag):
            continue
        try:
            element = _element(element_of(dataset, tag), who, key)
        except PARSING_FAULTS:
            continue  # a value that cannot be parsed cannot be judged
        if element is not None:
            kept.add(element)
    return kept


def _element(element: DataElement, who: tuple[str, ...], key: bytes) -> DataElement | None:
    tag, vr = element.tag, element.VR
    rule = rules().get(int(tag))
    if rule is not None and not rule.kept_by:
        return _acted(element, rule.action, who, key)
    if vr == "SQ":
        return DataElement(tag, vr, Sequence([_cleaned(item, who, key) for item in element.value]))
    if vr == "UI":
        return DataElement(tag, vr, _new_uids(element.value, key))
    if vr in _DATED or vr == "PN" or (vr in _OPAQUE and int(tag) not in _KEPT_BINARY):
        return None
    if tag == 0x00101010:
        return DataElement(tag, vr, _coarse_age(str(element.value)))
    if vr in _TEXTS and _tells(str(element.value), who):
        return None
    if vr in ("DS", "IS") and _tells(str(element.value), tuple(word for word in who if len(word) >= _LONG)):
        return None  # a short number may well be a tube current that a study number happens to equal
    return DataElement(tag, vr, element.value)


def _acted(element: DataElement, action: Action, who: tuple[str, ...], key: bytes) -> DataElement | None:
    tag, vr = element.tag, element.VR
    if action == "X" or vr in _OPAQUE:
        return None
    if vr == "SQ":
        return DataElement(
            tag, vr, Sequence() if action == "Z" else [_cleaned(item, who, key) for item in element.value]
        )
    if action == "U" or (vr == "UI" and action == "D"):
        return DataElement(tag, vr, _new_uids(element.value, key))
    if tag == PATIENT_ID and element.value:  # one patient stays one patient, so that no split takes him in twice
        return DataElement(tag, vr, pseudonym("patient", str(element.value), key))
    if action == "Z":
        return DataElement(tag, vr, None if vr not in ("US", "SS", "UL", "SL", "FL", "FD") else [])
    return DataElement(tag, vr, _DUMMY.get(vr, ""))


def _new_uids(value: object, key: bytes) -> object:
    """Keyed hash of each UID, the same one for the same UID everywhere; the standard's own name no one and stay."""
    if isinstance(value, str):
        return _new_uid(value, key)
    return [_new_uid(str(part), key) for part in value] if value else None  # type: ignore[attr-defined]


def _new_uid(uid: str, key: bytes) -> str:
    if not uid or uid.startswith(_STANDARD):
        return uid
    digest = hashlib.blake2b(uid.encode(), key=key, digest_size=16, person=b"osteolens-uid").digest()
    return _OURS + str(int.from_bytes(digest, "big"))


def _who(dataset: Dataset) -> tuple[str, ...]:
    """The words, lower case, by which the file names people: to be looked for in what is kept."""
    words: set[str] = set()
    for keyword in _WHO:
        try:
            value = str(dataset.get(keyword) or "")
        except PARSING_FAULTS:
            continue
        words.update(word for word in re.findall(r"\w+", value.lower()) if len(word) >= _SHORTEST)
    return tuple(sorted(words))


def _tells(value: str, who: tuple[str, ...]) -> bool:
    low = value.lower()
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", low) or (len(word) >= _LONG and word in low) for word in who
    )


def _coarse_age(age: str) -> str:
    found = re.fullmatch(r"(\d{1,3})([DWMY]?)", age.strip())
    if not found:
        return ""
    return "090Y" if found[2] in ("Y", "") and int(found[1]) > _OLDEST else age.strip()


def _set_pixels(dataset: Dataset, frames: list[Words], layout: Layout) -> None:
    allocated = 8 * frames[0].dtype.itemsize
    data = b"".join(frame.astype(frame.dtype.newbyteorder("<"), copy=False).tobytes() for frame in frames)
    dataset.Rows, dataset.Columns = layout.rows, layout.columns
    dataset.BitsAllocated, dataset.BitsStored = allocated, min(layout.stored, allocated)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(layout.signed)
    dataset.SamplesPerPixel = layout.samples
    if layout.samples == 3:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    dataset.add(DataElement(0x7FE00010, "OB" if allocated == 8 else "OW", data + b"\0" * (len(data) % 2)))


def _record(dataset: Dataset, painted: int, looked: bool) -> None:
    """What was done, in the tags that the profile reserves for it, and nothing that was not.

    Clean pixels are claimed only where something was painted over; that no text is left, only where that was looked for
    anew after it, or by a person. What the file itself says of its text is otherwise left as it says.
    """
    if looked:
        dataset.BurnedInAnnotation = "NO"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = list(METHOD)
    dataset.DeidentificationMethodCodeSequence = Sequence()
    for value, meaning in (*CODES, *((_CLEAN_PIXELS,) if painted else ())):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        dataset.DeidentificationMethodCodeSequence.append(item)
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def _written(dataset: Dataset) -> bytes:
    if not dataset.get("SOPClassUID"):
        raise Refused(Code.UNREADABLE, "The DICOM file does not say what it is (SOP class); export it again.")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = UID(dataset.SOPInstanceUID)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    stream = BytesIO()
    file = FileDataset(stream, dataset, file_meta=meta, preamble=bytes(128))
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
