"""What the rays become: tube spectrum, attenuation, and the polyenergetic signal as one lookup.

Attenuation comes from the tables of Elam, Ravel & Sieber 2002 through xraydb; tissue compositions from ICRU Report 44.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
import xraydb
from torch import Tensor

Values = npt.NDArray[np.float64]

# Mass fractions, ICRU 44; density in g/cm3.
TISSUES: dict[str, tuple[dict[str, float], float]] = {
    "lean": (
        {"H": 0.102, "C": 0.143, "N": 0.034, "O": 0.710, "Na": 0.001, "P": 0.002, "S": 0.003, "Cl": 0.001, "K": 0.004},
        1.05,
    ),
    "fat": ({"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001}, 0.95),
    "mineral": ({"H": 0.0020, "O": 0.4141, "P": 0.1850, "Ca": 0.3989}, 3.16),  # hydroxyapatite Ca5(PO4)3OH
    "air": ({"N": 0.755, "O": 0.232, "Ar": 0.013}, 0.0012),
    "lead": ({"Pb": 1.0}, 11.35),
    "titanium": ({"Ti": 1.0}, 4.5),
    "steel": ({"Fe": 0.655, "Cr": 0.175, "Ni": 0.14, "Mo": 0.03}, 7.95),  # ISO 5832-1
    "cobalt_chrome": ({"Co": 0.65, "Cr": 0.29, "Mo": 0.06}, 8.3),  # ISO 5832-4
    "alumina": ({"Al": 0.529, "O": 0.471}, 3.95),
    "cement": ({"C": 0.540, "H": 0.0725, "O": 0.3275, "Ba": 0.0353, "S": 0.0247}, 1.25),  # PMMA, 6 % BaSO4
    "aluminium": ({"Al": 1.0}, 2.7),
    "copper": ({"Cu": 1.0}, 8.96),
    "caesium_iodide": ({"Cs": 0.5115, "I": 0.4885}, 4.51),
}


def mass_attenuation(material: str, kev: Values) -> Values:
    """Mass attenuation coefficient in cm2/g at energies in keV."""
    if material not in TISSUES:
        raise KeyError(f"no material {material!r}; there are {sorted(TISSUES)}")
    fractions, _ = TISSUES[material]
    return np.asarray(sum(part * xraydb.mu_elam(element, kev * 1e3) for element, part in fractions.items()))


@dataclass(frozen=True)
class Beam:
    """The rays that fall on the patient and what of them the detector takes.

    kvp: peak tube voltage. filters_mm: thickness in mm of each filter. monoenergetic_kev: one energy, for checks.
    """

    kvp: float = 75.0
    filters_mm: tuple[tuple[str, float], ...] = (("aluminium", 3.0),)
    monoenergetic_kev: float | None = None

    def __post_init__(self) -> None:
        if not 30 <= self.kvp <= 150:
            raise ValueError(f"tube voltage {self.kvp} kV was asked for, expected 30 to 150 kV")

    def spectrum(self) -> tuple[Values, Values]:
        """Energies in keV and the share of the detector's signal each brings in the open beam, summing to 1.

        Thick-target bremsstrahlung (Kramers 1923) with the tungsten anode's own absorption and, above 69.5 kV, its
        K lines; filtered; weighted with the energy taken up in 0.5 mm of caesium iodide.
        """
        if self.monoenergetic_kev is not None:
            return np.array([self.monoenergetic_kev]), np.ones(1)
        kev: Values = np.arange(15.0, self.kvp, 1.5).astype(np.float64)
        photons = (self.kvp - kev) / kev
        photons *= np.exp(-xraydb.mu_elam("W", kev * 1e3) * 19.3 * 8e-4)
        if self.kvp > 69.5:
            lines = photons.sum() * 0.09 * ((self.kvp / 69.5) - 1) ** 1.63
            for line, share in ((58.6, 0.58), (67.2, 0.24), (57.9, 0.18)):
                photons[np.abs(kev - line).argmin()] += lines * share
        for material, thickness in self.filters_mm:
            photons *= np.exp(-mass_attenuation(material, kev) * TISSUES[material][1] * thickness / 10)
        taken = 1 - np.exp(-mass_attenuation("caesium_iodide", kev) * 4.51 * 0.05)
        signal = photons * taken * kev
        return kev, signal / signal.sum()

    def mean_signal_energy(self) -> float:
        """Signal-weighted mean energy in keV: turns a signal into a number of quanta."""
        kev, share = self.spectrum()
        return float((kev * share).sum())

    def log_attenuation(self) -> "LogAttenuation":
        return _table(self)

    def metal_attenuation(self, material: str, length_mm: Tensor) -> Tensor:
        """-ln of what is left of the signal behind that much metal, for a beam hardened by 20 cm of lean tissue."""
        table = _metal_table(self, material).to(length_mm.device)
        at = (length_mm / METAL_STEP_MM).clamp(0, len(table) - 1.001)
        low = at.long()
        return table[low] + (table[low + 1] - table[low]) * (at - low)


MINERAL_MAX, LEAN_MAX, FAT_MAX = 9.0, 48.0, 36.0  # g/cm2
_NODES = (25, 33, 17)
METAL_STEP_MM, METAL_MAX_MM = 0.5, 120.0


@dataclass(frozen=True, eq=False)
class LogAttenuation:
    """-ln(signal / open signal) over areal masses of mineral, lean and fat tissue; [fat, lean, mineral] nodes."""

    table: Tensor

    def __call__(self, mineral: Tensor, lean: Tensor, fat: Tensor) -> Tensor:
        """Areal masses in g/cm2, any common shape -> -ln of what is left of the signal."""
        grid = torch.stack([mineral * (2 / MINERAL_MAX) - 1, lean * (2 / LEAN_MAX) - 1, fat * (2 / FAT_MAX) - 1], -1)
        table = self.table.to(mineral.device)
        found = torch.nn.functional.grid_sample(
            table[None, None], grid.reshape(1, 1, 1, -1, 3), mode="bilinear", padding_mode="border", align_corners=True
        )
        return found.reshape(mineral.shape)


@cache
def _table(beam: Beam) -> LogAttenuation:
    kev, share = beam.spectrum()
    mineral = np.linspace(0, MINERAL_MAX, _NODES[0])[None, None, :, None] * mass_attenuation("mineral", kev)
    lean = np.linspace(0, LEAN_MAX, _NODES[1])[None, :, None, None] * mass_attenuation("lean", kev)
    fat = np.linspace(0, FAT_MAX, _NODES[2])[:, None, None, None] * mass_attenuation("fat", kev)
    total = mineral + lean + fat
    lowest = total.min(-1, keepdims=True)
    table = lowest[..., 0] - np.log((share * np.exp(lowest - total)).sum(-1))
    return LogAttenuation(torch.from_numpy(table.astype(np.float32)))


@cache
def _metal_table(beam: Beam, material: str) -> Tensor:
    kev, share = beam.spectrum()
    behind = share * np.exp(-20 * TISSUES["lean"][1] * mass_attenuation("lean", kev))
    length_cm = np.arange(0, METAL_MAX_MM + METAL_STEP_MM, METAL_STEP_MM)[:, None] / 10
    left = (behind * np.exp(-length_cm * TISSUES[material][1] * mass_attenuation(material, kev))).sum(1)
    return torch.from_numpy(-np.log(left / left[0] + 1e-30).astype(np.float32))
