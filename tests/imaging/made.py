"""Films that the tests make: any layout, any encoding, any tags."""

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

LOSSLESS: dict[str, UID] = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big_endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
    "jpeg_lossless": JPEGLosslessSV1,
    "jpeg_ls": JPEGLSLossless,
    "jpeg_2000": JPEG2000Lossless,
    "htj2k": HTJ2KLossless,
}


def dicom(
    stored: np.ndarray, syntax: str = "explicit", bits: int = 12, shift: int = 0, allocated: int = 16, **tags: Any
) -> bytes:
    """A CR file of stored values [H, W] (or [N, H, W]), signed if they are, `shift` bits above bit 0.

    Tags by keyword; None leaves one out.
    """
    signed = stored.dtype.kind == "i"
    unsigned = np.uint8 if allocated == 8 else np.uint16
    words = ((stored.astype(np.int64) & ((1 << bits) - 1)) << shift).astype(unsigned)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4.5.6"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.Modality, dataset.PatientName, dataset.PatientID = "CR", "", ""
    dataset.Rows, dataset.Columns = words.shape[-2:]
    if words.ndim == 3:
        dataset.NumberOfFrames = len(words)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits, bits + shift - 1
    dataset.PixelRepresentation, dataset.SamplesPerPixel = int(signed), 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in tags.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
    uid, little = LOSSLESS[syntax], syntax != "big_endian"
    if uid.is_compressed and syntax != "deflated":
        frames = words if words.ndim == 3 else words[None]
        dataset.PixelData = encapsulate([_encoded(frame, syntax, bits + shift) for frame in frames])
    else:
        dataset.PixelData = words.astype(words.dtype.newbyteorder("<" if little else ">")).tobytes()
    dataset["PixelData"].VR = "OB" if allocated == 8 or (uid.is_compressed and syntax != "deflated") else "OW"
    dataset["PixelData"].is_undefined_length = uid.is_compressed and syntax != "deflated"
    if len(dataset.PixelData) % 2:
        dataset.PixelData += b"\0"
    return saved(dataset, uid)


def saved(dataset: Dataset, uid: UID) -> bytes:
    """The data set as a Part 10 file."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = uid, dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    stream = BytesIO()
    file = FileDataset(
        stream, dataset, bytes(128), meta, is_implicit_VR=uid.is_implicit_VR, is_little_endian=uid.is_little_endian
    )
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _encoded(frame: np.ndarray, syntax: str, bits: int) -> bytes:
    frame = np.ascontiguousarray(frame)
    match syntax:
        case "rle":
            return _run_length(frame)
        case "jpeg_lossless":
            depth = max(bits, 8 if frame.dtype == np.uint8 else 9)
            return bytes(imagecodecs.jpeg8_encode(frame, lossless=True, bitspersample=depth))
        case "jpeg_ls":
            return bytes(imagecodecs.jpegls_encode(frame))
        case "jpeg_2000":
            return bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0))
        case "htj2k":
            return bytes(imagecodecs.htj2k_encode(frame))
    raise ValueError(syntax)


def _run_length(frame: np.ndarray) -> bytes:
    planes = [frame] if frame.dtype == np.uint8 else [frame >> 8, frame & 255]
    segments = [imagecodecs.packbits_encode(plane.astype(np.uint8).tobytes()) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    header = np.array([len(segments), *starts, *[0] * (15 - len(starts))], "<u4").tobytes()
    return header + b"".join(segments)


def bone(shape: tuple[int, int] = (256, 192), noise: float = 0.01, seed: int = 0) -> np.ndarray:
    """Something like a limb, float32 [H, W] 0..1: two cortices and trabeculae in a thigh, air at the sides."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    across = (columns - shape[1] / 2 + 6 * np.sin(rows / 40)) / shape[1]
    flesh = 0.3 * np.clip(1 - (abs(across) / 0.42) ** 4, 0, 1)
    shaft = 0.25 * (abs(across) < 0.16)
    cortex = 0.35 * np.exp(-(((abs(across) - 0.15) / 0.015) ** 2))
    trabeculae = 0.05 * np.sin(rows / 3 + 9 * across) ** 8 * (abs(across) < 0.15)
    film = 0.03 + flesh + shaft + cortex + trabeculae + random.normal(0, noise, shape)
    return np.clip(film, 0, 1).astype(np.float32)
