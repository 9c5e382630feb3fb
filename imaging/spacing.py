"""Millimetres per pixel, and how far they can be trusted (PS3.3 10.7, C.8.11.2, C.8.11.4)."""

from dataclasses import dataclass
from typing import Final

from core.radiograph import SpacingOrigin
from imaging.files.header import Header

Spacing = tuple[float, float]
FINEST_MM: Final = 0.01  # below any detector made
COARSEST_MM: Final = 5.0  # above any that makes a radiograph
_MAGNIFIES: Final = (1.0, 3.0)  # a body lies in front of its detector, and not at the tube

_LEAST_SQUARE: Final = (0.1, 10.0)  # height over width of any pixel


@dataclass(frozen=True)
class Scale:
    """Row and column spacing in mm, in the plane that `origin` names."""

    spacing_mm: Spacing | None
    origin: SpacingOrigin


def scale_of(header: Header) -> Scale:
    """Calibrated spacing before the detector's own, the detector's before that of a scanned film.

    PixelSpacing of a projection is in the patient only if it says how it was calibrated, or if it differs from the
    detector's; otherwise it repeats the detector's.
    """
    pixel = _pair(header, "PixelSpacing")
    imager = _pair(header, "ImagerPixelSpacing")
    stated = header.text("PixelSpacingCalibrationType") in ("GEOMETRY", "FIDUCIAL")
    if pixel and (stated or (imager and not _alike(pixel, imager))):
        return Scale(pixel, "calibrated")
    if imager:
        factor = header.number("EstimatedRadiographicMagnificationFactor")
        if factor is not None and _MAGNIFIES[0] < factor <= _MAGNIFIES[1]:
            return Scale((imager[0] / factor, imager[1] / factor), "calibrated")
        return Scale(imager, "detector")
    for keyword in ("PixelSpacing", "NominalScannedPixelSpacing", "ImagePlanePixelSpacing"):
        found = _pair(header, keyword)
        if found:
            return Scale(found, "detector")
    return Scale(None, "none")


def aspect_of(header: Header) -> float:
    """Height over width of a pixel by PixelAspectRatio, 1 where the file does not say or says what cannot be."""
    said = header.numbers("PixelAspectRatio")
    if len(said) != 2 or min(said) <= 0 or not _LEAST_SQUARE[0] <= said[0] / said[1] <= _LEAST_SQUARE[1]:
        return 1.0
    return said[0] / said[1]


def _pair(header: Header, keyword: str) -> Spacing | None:
    found = header.numbers(keyword)
    if len(found) != 2 or not all(FINEST_MM <= value <= COARSEST_MM for value in found):
        return None
    return found[0], found[1]


def _alike(one: Spacing, other: Spacing) -> bool:
    return all(abs(a - b) <= 0.001 * b for a, b in zip(one, other, strict=True))
