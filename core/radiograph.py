"""One film, ready to be looked at: pixels and the facts of its taking, nothing of the person."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.clinical import Clinical
from core.refusal import Notice

Site = Literal["hip", "knee", "spine", "other"]
View = Literal["ap", "lateral", "other"]
Side = Literal["R", "L", "both"]
SpacingOrigin = Literal["detector", "calibrated", "marker", "none"]
Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, half open
PIXEL_MM = (0.01, 5.0)  # between which the edge of a pixel may be given


@dataclass(frozen=True)
class Acquisition:
    """How the film was taken, as far as the file says. Nothing here identifies a person."""

    kvp: float | None = None
    manufacturer: str | None = None
    model: str | None = None
    photometric: str | None = None
    modality: str | None = None
    bits_stored: int | None = None
    encoding: str | None = None  # DICOM transfer syntax name, or PNG, JPEG, ...
    window: str | None = None  # which of the file's windows the pixels were shown through


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A film as every later step sees it.

    pixels: float32 [H, W] in 0..1, bone bright.
    case_id: keyed hash of the pixels: the same film is the same case, and nobody without the key can tell which.
    spacing_mm: (row, column) millimetres per pixel in the plane that `spacing_origin` names, or None.
    valid: bool [H, W], False under collimator, shutter, padding and masked burnt-in text; None when all is film.
    clinical: what the file itself says of age, sex and size; all None for a picture file.
    orientation: where the patient lies along a row and down a column, as the file says: ("L", "F") for a film from in
        front whose left is the patient's right, head above; None where it does not say.
    pixel_aspect: height over width of a pixel where no spacing is known.
    patient: keyed hash of the patient's number, so that two visits of one person are known for one and nobody without
        the key can tell whose; None where the file does not say.
    suspected: boxes of what may be burnt-in text and was left. Such a film goes nowhere until a person has looked.
    """

    pixels: Pixels
    case_id: str
    spacing_mm: tuple[float, float] | None = None
    spacing_origin: SpacingOrigin = "none"
    site: Site | None = None
    view: View | None = None
    side: Side | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)
    clinical: Clinical = field(default_factory=Clinical)
    valid: Mask | None = None
    notices: tuple[Notice, ...] = ()
    orientation: tuple[str, str] | None = None
    pixel_aspect: float = 1.0
    patient: str | None = None
    suspected: tuple[Box, ...] = ()

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def seen(self) -> Pixels:
        """The values [N] of the pixels that are film; of all of them where none is known to be."""
        return self.pixels.ravel() if self.valid is None or not self.valid.any() else self.pixels[self.valid]
