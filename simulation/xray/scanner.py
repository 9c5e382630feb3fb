"""Scanners: everything that makes one department's films differ from another's, as named presets."""

from dataclasses import dataclass, field, replace

import numpy as np

from simulation.xray.physics import Beam


@dataclass(frozen=True)
class Processing:
    """A vendor's road from signal to display.

    detail: gain of structures of 0.3, 1.2, 5 and 20 mm in a Laplacian pyramid. compression: exponent below 1 lifts
    weak detail. base: share of the coarse brightness that is kept. edge: unsharp masking at 0.6 mm. soft: grey at
    which the LUT puts soft tissue. gamma, shoulder: its shape. levelled: share of what is thinner than most of the body
    that is evened out before detail is lifted.
    """

    detail: tuple[float, float, float, float] = (1.0, 1.45, 1.6, 1.5)
    compression: float = 0.86
    base: float = 0.62
    edge: float = 0.25
    gamma: float = 1.28
    soft: float = 0.31
    shoulder: float = 0.9
    levelled: float = 0.0

    def evened(self, share: float) -> "Processing":
        """The program for a view whose tissue is uneven: less of the coarse brightness, more of the detail."""
        lift = 1 + 0.9 * (1 - share)
        finest, fine, middle, broad = self.detail
        return replace(
            self,
            base=self.base * share,
            detail=(finest, fine * lift, middle * lift, broad * lift),
            levelled=min(1.36 * (1 - share), 1.0),
        )

    def viewed(self, by: tuple[float, float]) -> "Processing":
        """As a radiographer leaves it: brighter or darker, steeper or flatter, by two standard normal draws."""
        return replace(
            self, gamma=self.gamma * float(np.exp(0.20 * by[0])), soft=min(max(self.soft + 0.06 * by[1], 0.15), 0.5)
        )

    def gain(self, scale_mm: float) -> float:
        """Gain of structures of that size, between the stated ones on a logarithmic scale."""
        return float(np.interp(np.log(scale_mm), np.log([0.3, 1.2, 5.0, 20.0]), self.detail))


@dataclass(frozen=True)
class Scanner:
    """source_mm: focal spot to film. table_mm: table top to film. fluence: signal quanta a mm2 behind the patient.

    scatter: scatter to primary behind 20 cm of tissue, after the grid if there is one. focus_mm: focal spot.
    detector_mm: blur of the detector (standard deviation). electronic: read noise in quanta a mm2.
    pitch_mm: detector pixel of the untouched film. parallel: narrow scanning fan (DXA) instead of a cone.
    """

    name: str
    manufacturer: str
    model: str
    beam: Beam = field(default_factory=Beam)
    source_mm: float = 1150.0
    table_mm: float = 65.0
    fluence: float = 22000.0
    scatter: float = 0.35
    grid: bool = True
    focus_mm: float = 1.0
    detector_mm: float = 0.11
    electronic: float = 60.0
    pitch_mm: float = 0.14
    parallel: bool = False
    processing: Processing = field(default_factory=Processing)
    bits: int = 12
    photometric: str = "MONOCHROME2"
    markers: bool = True
    collimated: float = 0.5  # share of films that show the collimator's edges


SCANNERS = {
    "alpha": Scanner("alpha", "Osteolens Virtual Imaging", "Alpha DR"),
    "beta": Scanner(
        "beta",
        "Osteolens Virtual Imaging",
        "Beta CR",
        Beam(84.0, (("aluminium", 2.7), ("copper", 0.1))),
        source_mm=1020.0,
        table_mm=80.0,
        fluence=9500.0,
        scatter=0.62,
        focus_mm=1.2,
        detector_mm=0.20,
        electronic=220.0,
        pitch_mm=0.175,
        processing=Processing((0.95, 1.2, 1.3, 1.2), 0.93, 0.80, 0.55, gamma=1.35, soft=0.40, shoulder=0.8),
        bits=10,
        photometric="MONOCHROME1",
        collimated=0.75,
    ),
    "vfa": Scanner(
        "vfa",
        "Osteolens Virtual Imaging",
        "VFA Densitometer",
        Beam(100.0, (("aluminium", 3.0), ("copper", 0.25))),
        source_mm=1000.0,
        table_mm=60.0,
        fluence=60000.0,
        scatter=0.05,
        grid=False,
        focus_mm=0.8,
        detector_mm=0.42,
        electronic=20.0,
        pitch_mm=0.5,
        parallel=True,
        processing=Processing((0.9, 1.0, 1.0, 1.0), 1.0, 0.85, 0.0, gamma=1.15, soft=0.38, shoulder=1.0),
        bits=12,
        markers=False,
        collimated=0.0,
    ),
}


def scanner_named(name: str) -> Scanner:
    """The preset of that name; a wrong name lists the known ones."""
    if name not in SCANNERS:
        raise ValueError(f"no scanner {name!r}; there are {', '.join(SCANNERS)}")
    return SCANNERS[name]
