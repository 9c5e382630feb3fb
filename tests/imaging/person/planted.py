"""A film full of identity, planted wherever one can hide, and the search for it in whatever comes out.

`SECRET` stands in every tag of the profile, in private tags, nested sequences, file meta, preamble and after the
image; `planted_dicom`, `planted_png`, `planted_jpeg` and `planted_tiff` give the files, `FILE_NAME` names them, and
`traces` finds what is left of it.
"""

import json
import unicodedata
from datetime import date
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from imaging.person.profile import rules
from tests.imaging.made import bone, saved

SECRET = "Zwetschgenbaum"
NUMBER = "7391846250"
BORN = date(1951, 3, 27)
UID_ROOT = "1.2.826.0.1.3680043.77391846"
FILE_NAME = f"{SECRET}_{NUMBER}_{BORN:%Y%m%d}.dcm"
NEEDLES = (SECRET, NUMBER, f"{BORN:%Y%m%d}", UID_ROOT, "7391846")


def traces(*written: bytes | str) -> list[str]:
    """The planted words that are found again in what was written, in any common encoding and any case."""
    found = []
    for one in written:
        data = one if isinstance(one, bytes) else one.encode()
        low = data.lower()
        for needle in NEEDLES:
            forms = (needle.encode(), needle.encode("utf-16-le"), needle.encode("utf-16-be"))
            if any(form.lower() in low for form in forms):
                found.append(needle)
    return found


@cache
def planted_dicom(text: bool = True) -> bytes:
    """An uncompressed CR of a limb with identity everywhere, burnt-in text beside the limb if asked."""
    stored = np.rint(film_with_text() * 4095 if text else bone((512, 384)) * 4095).astype(np.uint16)
    dataset = _planted(Dataset(), depth=0)
    dataset.SOPClassUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.1", "CR"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientAge, dataset.PatientSex, dataset.PatientSize, dataset.PatientWeight = "074Y", "F", "1.62", "70"
    dataset.Manufacturer, dataset.ManufacturerModelName = "ACME", "CR-1"
    block = dataset.private_block(0x0099, f"{SECRET} PRIVATE", create=True)
    block.add_new(0x01, "LO", SECRET)
    block.add_new(0x02, "UN", SECRET.encode())
    block.add_new(0x03, "SQ", Sequence([_planted(Dataset(), depth=1)]))
    dataset.BodyPartExamined, dataset.ViewPosition = "KNEE", "AP"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation, dataset.SamplesPerPixel = 0, 1
    dataset.PhotometricInterpretation, dataset.WindowCenter, dataset.WindowWidth = "MONOCHROME2", 2048, 4096
    hidden = np.frombuffer(f"{SECRET}{NUMBER}".encode(), np.uint8)
    stored[:2, : 4 * hidden.size // 2] |= (
        np.unpackbits(hidden).reshape(2, -1)[:, : 4 * hidden.size // 2].astype(np.uint16) << 15
    )
    dataset.PixelData = stored.tobytes()
    dataset.add_new(0x60000010, "US", stored.shape[0])
    dataset.add_new(0x60000011, "US", stored.shape[1])
    dataset.add_new(0x60000022, "LO", SECRET)
    dataset.add_new(0x60003000, "OW", (SECRET * 200).encode())
    dataset.add_new(0xFFFCFFFC, "OB", SECRET.encode() * 3)
    data = bytearray(saved(dataset, ExplicitVRLittleEndian))
    data[: len(SECRET)] = SECRET.encode()  # in the preamble
    return bytes(data)


@cache
def planted_png() -> bytes:
    """A PNG with identity in text chunks, EXIF, and burnt in beside the limb."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET)
    info.add_itxt("Comment", f"{SECRET} {NUMBER}")
    info.add_text("Description", SECRET * 50, zip=True)
    return _saved("PNG", pnginfo=info, exif=_exif())


def planted_jpeg() -> bytes:
    return _saved("JPEG", quality=95, comment=f"{SECRET} {NUMBER}", exif=_exif())


def planted_tiff() -> bytes:
    return _saved("TIFF", tiffinfo={270: SECRET, 315: f"{SECRET} {NUMBER}", 306: f"{BORN:%Y:%m:%d} 00:00:00"})


def film_with_text(over: bool = False) -> np.ndarray:
    """A limb, float32 [512, 384], with name and number burnt in at the top left, or across the limb."""
    image = Image.fromarray(np.rint(bone((512, 384)) * 255).astype(np.uint8))
    if not over:
        image.paste(0, (0, 0, 384, 60))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    draw.text((110 if over else 12, 240 if over else 18), f"{SECRET} {NUMBER}" if not over else NUMBER, 255, font)
    return np.asarray(image, np.float32) / 255


def _saved(kind: str, **options: object) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.rint(film_with_text() * 255).astype(np.uint8)).save(stream, kind, **options)
    return stream.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x9286] = SECRET, SECRET, NUMBER
    return exif.tobytes()


_PLANTS: dict[str, object] = {
    "AE": SECRET, "AS": "074Y", "CS": SECRET.upper(), "DA": f"{BORN:%Y%m%d}", "DS": NUMBER,
    "DT": f"{BORN:%Y%m%d}101500",
    "IS": NUMBER[:9], "LO": SECRET, "LT": f"{SECRET}, {NUMBER}", "PN": f"{SECRET}^Anna", "SH": SECRET, "ST": SECRET,
    "TM": "101500", "UC": SECRET, "UR": f"http://example.org/{SECRET}", "UT": f"{SECRET} {NUMBER}",
    "OB": SECRET.encode(), "OW": SECRET.encode(), "UN": SECRET.encode(), "FD": 7391846.0, "FL": 7391846.0,
    "SL": 7391846, "UL": 7391846, "US": 7391, "SS": 7391,
}  # fmt: skip


def _planted(dataset: Dataset, depth: int) -> Dataset:
    """The data set with every tag of the profile filled with identity, sequences two levels down too."""
    for number in rules():
        if number >> 16 in (0x0000, 0x0002, 0x0004) or number == 0x00081190 or not dictionary_has_tag(number):
            continue
        vr = dictionary_VR(number).split(" or ")[0]
        if vr == "SQ":
            if depth < 2 and number in (0x00400275, 0x00081111, 0x00102203, 0x0040A730, 0x00081140, 0x00400555):
                dataset.add_new(number, "SQ", Sequence([_planted(Dataset(), depth + 1)]))
            continue
        value = f"{UID_ROOT}.{number}" if vr == "UI" else _PLANTS.get(vr)
        if value is not None:
            dataset.add_new(number, vr, value)
    dataset.PatientName, dataset.PatientID = f"{SECRET}^Anna", NUMBER
    dataset.PatientBirthDate, dataset.AccessionNumber = f"{BORN:%Y%m%d}", NUMBER
    return dataset


def planted_count(data: bytes) -> int:
    """How many tags of the file, at any depth, carry something planted: the proof that the plants took."""
    dataset, count = dcmread(BytesIO(data)), 0
    for element in dataset.iterall():
        count += bool(traces(unicodedata.normalize("NFC", json.dumps(str(element.value)))))
    return count
