"""Which DICOM objects are films, told by what they say that they are."""

from typing import Final

from pydicom.uid import UID

from core.refusal import Code, Refused
from imaging.files.dicom import DicomFile

# Modalities whose images are no projection of the body onto a detector.
_NOT_PROJECTIONS: Final = {
    "CT": "a CT slice", "MR": "an MR slice", "US": "an ultrasound image", "NM": "a nuclear medicine image",
    "PT": "a PET slice", "OP": "an ophthalmic photograph", "OPT": "an optical tomography", "ES": "an endoscopy",
    "XC": "a photograph", "GM": "a microscopy", "SM": "a microscopy", "ECG": "an electrocardiogram",
    "SR": "a report", "PR": "a presentation state", "KO": "a key object note", "DOC": "a document",
    "SEG": "a segmentation", "RTSTRUCT": "a set of structures", "RTPLAN": "a plan", "RTDOSE": "a dose map",
}  # fmt: skip


def refuse_other_objects(file: DicomFile) -> str | None:
    """The modality of a film. Raises Refused `not_a_radiograph` for an object that is none."""
    refuse_directory(file)
    modality = (file.header.text("Modality") or "").upper() or None
    if modality in _NOT_PROJECTIONS:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The DICOM object is {_NOT_PROJECTIONS[modality]} ({modality}), expected a radiograph; send the film.",
        )
    stored_as = UID(file.header.text("SOPClassUID") or "").name
    if file.start is None and stored_as.endswith("Storage") and "Image" not in stored_as:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The DICOM object holds no pixels ({stored_as}), expected an image; send the film itself.",
        )
    return modality


def refuse_directory(file: DicomFile) -> None:
    """Raises Refused `not_a_radiograph` for a DICOMDIR."""
    if file.is_directory:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            "The file is a DICOMDIR, the directory of a disc, and holds no film; send the files that it lists.",
        )
