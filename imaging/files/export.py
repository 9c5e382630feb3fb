"""The forms in which a film leaves: as it is shown and pushed, and as it was read, to be learned from."""

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.radiograph import Radiograph

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LEVELS = 65535
_PARTS = {  # BodyPartExamined, and the region by its SNOMED code
    "hip": ("HIP", "24136001", "Hip joint"),
    "knee": ("KNEE", "72696002", "Knee"),
    "spine": ("SPINE", "421060004", "Vertebral column"),
}
_VIEWS = {"ap": "AP", "lateral": "LL"}


def to_png(film: Radiograph) -> bytes:
    """8-bit grey PNG of the film's pixels, [H, W], with no metadata at all."""
    grey = np.rint(film.pixels * 255).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(grey).save(stream, "PNG", compress_level=6)
    return stream.getvalue()


def to_jpeg(film: Radiograph, longest: int) -> bytes:
    """A small 8-bit grey JPEG of the film, no side longer than `longest` pixels, with no metadata."""
    picture = Image.fromarray(np.rint(film.pixels * 255).astype(np.uint8))
    picture.thumbnail((longest, longest), Image.Resampling.BOX)
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def to_dicom(film: Radiograph) -> bytes:
    """The film at 16 bits as a DX object, which a reading and a training read like any other: the same pixels, the same
    case, its spacing, orientation, site, view, side, age and sex, and nothing else of the person or the place."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = UID(_uid("film", film.case_id))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID = _uid("study", film.case_id), _uid("series", film.case_id)
    for empty in (
        "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyTime", "ContentDate", "ContentTime",
        "AccessionNumber", "ReferringPhysicianName", "StudyID", "SeriesNumber", "Manufacturer", "KVP",
    ):  # fmt: skip
        setattr(d, empty, None)
    d.PatientIdentityRemoved, d.DeidentificationMethod = "YES", "Pixels and facts of the taking alone were kept"
    d.Modality, d.PresentationIntentType, d.ImageType = "DX", "FOR PRESENTATION", ["DERIVED", "PRIMARY"]
    d.InstanceNumber, d.BurnedInAnnotation, d.LossyImageCompression = 1, "NO", "00"
    d.PositionerType, d.DetectorType = "NONE", "SCINTILLATOR"
    d.AcquisitionContextSequence, d.AnatomicRegionSequence = [], []
    d.PatientSex = film.clinical.sex or ""
    if film.clinical.age_years is not None:
        d.PatientAge = f"{round(film.clinical.age_years):03d}Y"
    if film.site in _PARTS:
        d.BodyPartExamined, code, meaning = _PARTS[film.site]
        region = Dataset()
        region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = code, "SCT", meaning
        d.AnatomicRegionSequence = [region]
    if film.view in _VIEWS:
        d.ViewPosition = _VIEWS[film.view]
    d.ImageLaterality = {"R": "R", "L": "L", "both": "B", None: "U"}[film.side]
    d.PatientOrientation = list(film.orientation) if film.orientation else None
    _scale(d, film)
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PresentationLUTShape = 1, "MONOCHROME2", "IDENTITY"
    d.Rows, d.Columns = film.pixels.shape
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.PixelIntensityRelationship, d.PixelIntensityRelationshipSign = "LOG", -1
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "0", "1", "US"
    d.WindowCenter, d.WindowWidth = f"{(_LEVELS + 1) / 2:g}", f"{_LEVELS + 1:g}"  # 0 is black, 65535 white
    levels = np.floor(film.pixels.astype(np.float32) * np.float32(_LEVELS) + np.float32(0.5))  # as its name is made
    d.PixelData = levels.astype("<u2").tobytes()
    d["PixelData"].VR = "OW"
    stream = BytesIO()
    dcmwrite(stream, d, enforce_file_format=True)
    return stream.getvalue()


def _scale(d: "Dataset", film: Radiograph) -> None:
    """Spacing under the tag by which a reading tells the same origin; a pixel's shape where that alone is known."""
    if film.spacing_mm is not None:
        spacing = [f"{value:.10g}" for value in film.spacing_mm]
        if film.spacing_origin == "detector":
            d.ImagerPixelSpacing = spacing
        else:
            d.PixelSpacing, d.PixelSpacingCalibrationType = spacing, "FIDUCIAL"
            d.PixelSpacingCalibrationDescription = "as read, or measured on a marker"
    elif film.pixel_aspect != 1:
        d.PixelAspectRatio = [round(1000 * film.pixel_aspect), 1000]


def _uid(*parts: str) -> str:
    """An identifier that is the same for the same parts (UUID-derived, ITU-T X.667)."""
    return f"2.25.{int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=15).digest())}"
