"""A virtual film as a DX DICOM object (Digital X-Ray Image, for presentation)."""

import datetime
import hashlib
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from simulation.xray.film import VirtualFilm

ROOT = "2.25."
DAY = datetime.date(2024, 1, 1)  # every virtual film is taken on one day: a date must not tell cases apart
ANATOMY = {
    "hip_ap": (("24136001", "SCT", "Hip joint"), "HIP", ("399348003", "SCT", "antero-posterior"), "AP"),
    "pelvis": (("12921003", "SCT", "Pelvis"), "PELVIS", ("399348003", "SCT", "antero-posterior"), "AP"),
    "knee_ap": (("72696002", "SCT", "Knee"), "KNEE", ("399348003", "SCT", "antero-posterior"), "AP"),
    "spine_lateral": (("122496007", "SCT", "Lumbar spine"), "LSPINE", ("399198007", "SCT", "right lateral"), "RL"),
}


def uid(*parts: object) -> str:
    """An identifier that is the same for the same parts (UUID-derived, ITU-T X.667)."""
    return ROOT + str(int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=15).digest()))


def dataset(film: VirtualFilm, patient_id: str) -> Dataset:
    """The film as a DICOM data set: made-up identity, the scanner's bit depth and photometric interpretation."""
    scanner = film.scanner
    levels = 2**scanner.bits - 1
    stored = np.rint(film.pixels * levels).astype("<u2")
    if scanner.photometric == "MONOCHROME1":
        stored = levels - stored
    whole_pelvis = film.view == "hip_ap" and film.side == "both"
    anatomy, part, view, orientation = ANATOMY["pelvis" if whole_pelvis else film.view]

    d = Dataset()
    d.SOPClassUID = DigitalXRayImageStorageForPresentation
    d.SOPInstanceUID = uid("film", patient_id, scanner.name)
    d.StudyInstanceUID, d.SeriesInstanceUID = uid("study", patient_id), uid("series", patient_id, scanner.name)
    d.SpecificCharacterSet = "ISO_IR 192"
    d.StudyDate = d.SeriesDate = d.ContentDate = d.AcquisitionDate = DAY.strftime("%Y%m%d")
    d.StudyTime = d.SeriesTime = d.ContentTime = d.AcquisitionTime = "120000"
    d.AccessionNumber, d.ReferringPhysicianName, d.StudyID = "", "", "1"
    d.Modality, d.PresentationIntentType = "DX", "FOR PRESENTATION"
    d.Manufacturer, d.ManufacturerModelName = scanner.manufacturer, scanner.model
    d.DeviceSerialNumber, d.SoftwareVersions = "0", "1"
    d.StudyDescription = d.SeriesDescription = "Virtual patient, simulated film"
    d.PatientName, d.PatientID, d.PatientBirthDate = f"Virtual^{patient_id}", patient_id, ""
    d.PatientSex, d.PatientAge = film.patient.sex, f"{round(film.patient.age_years):03d}Y"
    d.PatientSize = f"{film.patient.height_cm / 100:.2f}"
    d.PatientWeight = f"{film.patient.bmi * (film.patient.height_cm / 100) ** 2:.1f}"
    d.SeriesNumber, d.InstanceNumber, d.AcquisitionNumber = 1, 1, 1
    d.ImageType = ["DERIVED", "PRIMARY"]
    d.DerivationDescription = "Simulated; no person was irradiated"
    d.BodyPartExamined, d.ViewPosition = part, orientation
    d.ImageLaterality = "B" if film.side == "both" else film.side if film.side in ("R", "L") else "U"
    d.PatientOrientation = ["P", "F"] if film.view == "spine_lateral" else ["L", "F"]
    d.AnatomicRegionSequence = Sequence([_code(*anatomy)])
    d.ViewCodeSequence = Sequence([_code(*view)])
    d.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([])
    d.AcquisitionContextSequence = Sequence([])
    d.KVP = f"{scanner.beam.kvp:.0f}"
    d.DistanceSourceToDetector = f"{scanner.source_mm:.1f}"
    d.DistanceSourceToPatient = f"{scanner.source_mm / film.magnification:.1f}"
    d.EstimatedRadiographicMagnificationFactor = f"{film.magnification:.4f}"
    d.PositionerType = "NONE"
    d.DetectorType, d.DetectorConfiguration = "SCINTILLATOR", "AREA"
    d.BurnedInAnnotation, d.LossyImageCompression = "NO", "00"
    row, column = film.spacing_mm
    d.ImagerPixelSpacing = [f"{row:.6g}", f"{column:.6g}"]
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, scanner.photometric
    d.Rows, d.Columns = film.pixels.shape
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, scanner.bits, scanner.bits - 1, 0
    d.PixelIntensityRelationship = "LOG"
    d.PixelIntensityRelationshipSign = 1 if scanner.photometric == "MONOCHROME2" else -1
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "0", "1", "US"
    d.WindowCenter, d.WindowWidth = f"{(levels + 1) / 2:g}", f"{levels + 1:g}"
    d.PresentationLUTShape = "INVERSE" if scanner.photometric == "MONOCHROME1" else "IDENTITY"
    d.PixelData = stored.tobytes()
    d["PixelData"].VR = "OW"
    return d


def write(film: VirtualFilm, path: Path, patient_id: str) -> None:
    """Write the film as a DICOM file with file meta information."""
    d = dataset(film, patient_id)
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(path, d, enforce_file_format=True)


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
