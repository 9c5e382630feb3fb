"""Write two sections of docs/evidence/dicom.md: every real file, polarity margins and text found.

python -m bench.dicom_table [--out docs/evidence/dicom.md]
"""

import argparse
import platform
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from bench.section import write_section
from core.radiograph import Radiograph
from core.refusal import Refused
from core.settings import settings
from imaging import check, read_radiograph
from imaging.collimation import exposed
from imaging.polarity import DARK_BELOW, bone_brightness

FOLDERS = ("knee_qus/images", "knee_binary/images", "spine_lateral", "wrong_site", "hip_inverted")


def by_hand(data: bytes, words: np.ndarray | None = None) -> np.ndarray:
    """The film 0..1 from the words given, or those that pydicom decodes, by the standard's formulas written out pixel
    by pixel."""
    dataset = dcmread(BytesIO(data), force=True)
    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", {}):
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
        )
    words = _words(dataset) if words is None else words
    values = apply_modality_lut(words, dataset).astype(np.float64)
    if "VOILUTSequence" in dataset and dataset.VOILUTSequence:
        shown = apply_voi(values.astype(np.int64), dataset, 0).astype(np.float64)
        grey = shown / (2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    elif dataset.get("WindowWidth") not in (None, ""):
        centre, width = (np.atleast_1d(dataset[name].value)[0] for name in ("WindowCenter", "WindowWidth"))
        centre, width = float(centre), float(width)
        exact = width < 1
        grey = (values - centre) / width + 0.5 if exact else (values - (centre - 0.5)) / (width - 1) + 0.5
        grey = np.clip(grey, 0, 1)
    elif dataset.BitsStored <= 8:
        grey = values / 255
    else:
        padding = dataset.get("PixelPaddingValue")
        film = values if padding is None else values[words != padding]
        grey = np.clip((values - film.min()) / (film.max() - film.min()), 0, 1)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"
    grey = 1 - grey if inverted else grey
    if dataset.get("PixelPaddingValue") is not None:
        grey[words == dataset.PixelPaddingValue] = 0
    return grey


def _words(dataset: object) -> np.ndarray:
    """pydicom's words; 12-bit JPEG, which none of its permissive plugins reads, by the JPEG decoder alone."""
    import imagecodecs
    from pydicom.encaps import get_frame

    try:
        words = dataset.pixel_array  # type: ignore[attr-defined]
    except RuntimeError:
        words = imagecodecs.jpeg_decode(get_frame(dataset.PixelData, 0, number_of_frames=1))  # type: ignore[attr-defined]
    return words[0] if words.ndim == 3 else words


def by_gdcm(path: Path) -> np.ndarray | None:
    """The stored words of a file's first frame as GDCM decodes them, [H, W]; None where it does not read the file."""
    import gdcm

    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        return None
    image = reader.GetImage()
    form = image.GetPixelFormat()
    kind = np.dtype(f"{'i' if form.GetPixelRepresentation() else 'u'}{form.GetBitsAllocated() // 8}")
    buffer = image.GetBuffer()
    if buffer is None:
        return None
    words = np.frombuffer(buffer.encode("utf-8", "surrogateescape"), kind)
    columns, rows = image.GetDimension(0), image.GetDimension(1)
    if form.GetSamplesPerPixel() != 1 or words.size < rows * columns:
        return None
    return words[: rows * columns].reshape(rows, columns)


def agreement(path: Path) -> str:
    """How far the film by GDCM's words lies from the one by pydicom's, in words for the table."""
    theirs = by_gdcm(path)
    if theirs is None:
        return "not read by GDCM"
    data = path.read_bytes()
    return f"{float(abs(by_hand(data, theirs) - by_hand(data)).max()):.1e}"


def _row(path: Path) -> str:
    data = path.read_bytes()
    dataset = dcmread(path, force=True, stop_before_pixels=True)
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None) if hasattr(dataset, "file_meta") else None
    facts = f"| {path.name} | {syntax.name if syntax else 'none named'} | {dataset.PhotometricInterpretation} "
    facts += f"| {dataset.BitsStored} of {dataset.BitsAllocated} "
    try:
        film, frames = read_radiograph(data, ""), ""
    except Refused as refused:
        if not dataset.get("NumberOfFrames", 1) or int(dataset.get("NumberOfFrames", 1) or 1) < 2:
            return facts + f"| refused, `{refused.refusal.code}`: {refused.refusal.message} | | |"
        film, frames = read_radiograph(data, "", frame=0), f"refused, `{refused.refusal.code}`; frame 1 chosen: "
    expected = by_hand(data)
    notices = [str(notice.code) for notice in film.notices]
    expected = 1 - expected if "polarity" in notices else expected
    kept = np.ones(expected.shape, bool) if film.valid is None else film.valid
    difference = float(abs(film.pixels - expected)[kept].max())
    return facts + f"| {frames}{_came_out(film)} | {difference:.1e} | {agreement(path)} |"


def _came_out(film: Radiograph) -> str:
    words = [f"{film.width} x {film.height}", str(film.acquisition.window)]
    words.append("no spacing" if film.spacing_mm is None else f"{film.spacing_mm[0]:.3g} mm ({film.spacing_origin})")
    words += [f"{name} {value}" for name in ("site", "view", "side") if (value := getattr(film, name))]
    words += [f"notice `{notice.code}`" for notice in film.notices]
    try:
        words += [f"check `{notice.code}`" for notice in check(film)]
    except Refused as refused:
        words.append(f"check refuses, `{refused.refusal.code}`")
    return "; ".join(words)


def _polarity(root: Path) -> list[str]:
    evidence: dict[str, list[float]] = defaultdict(list)
    turned: dict[str, int] = defaultdict(int)
    painted: dict[str, int] = defaultdict(int)
    worst: list[tuple[float, str]] = []
    for folder in FOLDERS:
        for path in sorted((root / folder).iterdir()):
            film = read_radiograph(path.read_bytes(), "")
            codes = [notice.code for notice in film.notices]
            turned[folder] += "polarity" in codes
            painted[folder] += "burned_in_text" in codes
            value = bone_brightness(film.pixels, exposed(film.pixels))
            evidence[folder].append(value)
            worst.append((evidence[folder][-1], f"{folder.split('/')[0]}/{path.name}"))
    lines = ["| films | number | inverted | least evidence | median | inverted copies noticed | text painted over |"]
    lines.append("|---|---|---|---|---|---|---|")
    for folder in FOLDERS:
        values = np.array(evidence[folder])
        noticed = np.mean(abs(values[values > 0]) > -DARK_BELOW) * np.mean(values > 0)
        lines.append(
            f"| {folder.split('/')[0]} | {values.size} | {turned[folder]} "
            f"| {values.min():.2f} | {np.median(values):.2f} "
            f"| {noticed:.0%} | {painted[folder]} |"
        )
    upright = sorted(one for one in worst if "hip_inverted" not in one[1])[:5]
    lines += ["", f"A film is turned below {DARK_BELOW}. Nearest to it of the films that must stay: "]
    lines[-1] += ", ".join(f"{name} {value:.2f}" for value, name in upright) + "."
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/dicom.md"))
    out, root = parser.parse_args().out, settings().data
    packages = ", ".join(f"{name} {version(name)}" for name in ("pydicom", "imagecodecs", "numpy", "pillow"))
    table = [
        f"`python -m bench.dicom_table` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()},",
        f"{packages}. The films are not part of the project.",
        "",
        "The last two columns are largest differences, of a scale of 0 to 1: between the film as read and one built by",
        "hand from the words that pydicom decodes, wherever the film was not painted over or marked as no film; and",
        "between that one and one built alike from the words that GDCM decodes.",
        "",
        "| file | transfer syntax | photometric | bits | what came out | to pydicom | GDCM to pydicom |",
        "|---|---|---|---|---|---|---|",
        *(_row(path) for path in sorted((root / "dicom").glob("*.dcm"))),
    ]
    pixels = [
        *_polarity(root),
        "",
        "`hip_inverted` is coloured by a rainbow map, which may run either way: the films come out bone bright by",
        "taking the map back, and where it ran from red to blue by turning as well. The evidence is the weighted",
        "sum of `imaging/polarity.py` on the film as it came out.",
    ]
    write_section(out, "Every DICOM file", table)
    write_section(out, "Polarity and text, on every real film", pixels)
    print(out)


if __name__ == "__main__":
    main()
