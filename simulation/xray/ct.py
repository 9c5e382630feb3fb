"""A calibrated CT instead of a virtual body: mineral in mg/cm3 from Hounsfield units, through the same geometry.

Hounsfield units mean bone mineral only by a calibration line of that scanner and voltage (from a phantom in or beside
the scan). A CT without one is refused: nothing is guessed.
"""

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt
import pydicom
import torch
from torch import Tensor
from torch.nn import functional

from simulation.xray.detector import expose
from simulation.xray.frame import beam_geometry
from simulation.xray.processing import processed
from simulation.xray.projector import Geometry
from simulation.xray.scanner import scanner_named

Volume = npt.NDArray[np.float32]


class BadCt(ValueError):
    """The CT cannot be used: what was found, what was expected, what to do."""


@dataclass(frozen=True)
class Calibration:
    """density [mg/cm3] = slope x HU + intercept, from the calibration phantom of the scan."""

    slope: float
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not 0.3 <= self.slope <= 3.0 or not -200 <= self.intercept <= 200:
            raise BadCt(
                f"the calibration line {self.slope:g} x HU + {self.intercept:g} mg/cm3 was given, "
                "expected a slope of 0.3 to 3 and an intercept of -200 to 200"
            )


@dataclass(frozen=True, eq=False)
class CtVolume:
    """hu: [x, y, z] Hounsfield units on axes that run to the patient's left, up and forwards; spacing_mm likewise."""

    hu: Volume
    spacing_mm: tuple[float, float, float]

    def density(
        self, calibration: Calibration | None, mask: npt.NDArray[np.bool_] | None = None, floor: float = 0.0
    ) -> Volume:
        """Mineral in mg/cm3 [x, y, z], within the bone mask where one is given, densities below `floor` left out."""
        if calibration is None:
            raise BadCt(
                "the CT has no calibration, expected the line from Hounsfield units to mg/cm3 of its phantom: "
                "give Calibration(slope, intercept)"
            )
        if mask is not None and mask.shape != self.hu.shape:
            raise BadCt(f"the bone mask is {mask.shape}, the CT {self.hu.shape}; expected the same grid")
        density = calibration.slope * self.hu + calibration.intercept
        density = np.where(density > floor, density, 0)
        return (density if mask is None else density * mask).astype(np.float32)


def read(path: Path) -> CtVolume:
    """A CT from a NIfTI file, or from a folder that holds one DICOM series."""
    if path.is_dir():
        return _series(path)
    return _checked(*_nifti(path), path.name)


def read_mask(path: Path) -> npt.NDArray[np.bool_]:
    """A mask [x, y, z] on the CT's axes from a NIfTI file, true wherever its value is above 0."""
    return np.ascontiguousarray(_nifti(path)[0] > 0)


def _nifti(path: Path) -> tuple[Volume, tuple[float, float, float]]:
    """Values on axes to the left, up and forwards, and their spacing in mm."""
    try:
        image = nibabel.load(path)
        canonical = nibabel.as_closest_canonical(image)  # axes to right, forwards, up
        values = np.asarray(canonical.dataobj, dtype=np.float32)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError) as fault:
        raise BadCt(
            f"{path.name} cannot be read as NIfTI ({fault}), expected .nii, .nii.gz or a folder of DICOM"
        ) from fault
    if values.ndim != 3:
        raise BadCt(f"{path.name} has {values.ndim} dimensions, expected one volume of 3")
    right, forwards, up = (float(v) for v in canonical.header.get_zooms()[:3])
    return values[::-1].transpose(0, 2, 1), (right, up, forwards)


def _series(folder: Path) -> CtVolume:
    slices = []
    for file in sorted(p for p in folder.iterdir() if p.is_file()):
        try:
            one = pydicom.dcmread(file)
        except pydicom.errors.InvalidDicomError:
            continue
        if one.get("Modality") == "CT" and "ImagePositionPatient" in one:
            slices.append(one)
    if len(slices) < 2:
        raise BadCt(f"{folder.name} holds {len(slices)} CT slices, expected a series of at least 2")
    series = {one.SeriesInstanceUID for one in slices}
    if len(series) > 1:
        raise BadCt(f"{folder.name} holds {len(series)} series, expected one: put each into a folder of its own")
    if [round(float(v), 2) for v in slices[0].ImageOrientationPatient] != [1, 0, 0, 0, 1, 0]:
        raise BadCt(f"{folder.name} is not cut across the body's axis, expected axial slices, head first, supine")
    slices.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    heights = np.array([float(one.ImagePositionPatient[2]) for one in slices])
    steps = np.diff(heights)
    if np.ptp(steps) > 0.05 * abs(steps.mean()) or steps.mean() <= 0:
        raise BadCt(
            f"{folder.name} has slices {steps.min():.2f} to {steps.max():.2f} mm apart, "
            "expected one spacing: a slice is missing"
        )
    stack = np.stack(
        [one.pixel_array * float(one.get("RescaleSlope", 1)) + float(one.get("RescaleIntercept", 0)) for one in slices]
    ).astype(np.float32)  # [z, y, x]: y runs backwards, x to the left
    row, column = (float(v) for v in slices[0].PixelSpacing)
    return _checked(stack.transpose(2, 0, 1)[:, :, ::-1], (column, float(steps.mean()), row), folder.name)


def _checked(hu: Volume, spacing: tuple[float, float, float], name: str) -> CtVolume:
    low, high = float(hu.min()), float(hu.max())
    if low < -3500 or high > 32000 or high < 200 or low > -500:
        raise BadCt(
            f"{name} runs from {low:.0f} to {high:.0f}, "
            "expected Hounsfield units with air near -1000 and bone above 200"
        )
    return CtVolume(np.ascontiguousarray(hu, dtype=np.float32), spacing)


def project(
    density: Volume | Tensor,
    spacing_mm: tuple[float, float, float],
    geometry: Geometry,
    centre: tuple[float, float, float] | Tensor = (0, 0, 0),
    step_mm: float | None = None,
    device: str = "cpu",
    rotation: Tensor | None = None,
) -> Tensor:
    """Areal mass in g/cm2 [H, W]: the density [x, y, z] in mg/cm3 summed along each ray of the geometry.

    Several densities on one grid, [C, x, y, z], give as many projections [C, H, W]. centre: where the volume's middle
    stands in the world, mm; rotation: how it is turned about it, [3, 3]. Gradients flow back to both where they ask
    for them. step_mm: between samples, half a voxel unless told.
    """
    volume = (torch.from_numpy(density) if isinstance(density, np.ndarray) else density).to(device)
    volume = volume if volume.ndim == 4 else volume[None]
    size = torch.tensor(volume.shape[1:], device=device) * torch.tensor(spacing_mm, device=device)
    step = step_mm or 0.5 * min(spacing_mm)
    middle = torch.as_tensor(centre, dtype=torch.float32, device=device)
    upright = float(size[2]) if rotation is None else float((rotation[2].detach().abs() * size).sum())
    depth = upright + spacing_mm[2]  # the outermost voxels fade over half a voxel beyond their edge
    count = max(1, round(depth / step))
    step = depth / count
    heights = float(middle[2].detach()) + depth / 2 - step * (torch.arange(count, device=device) + 0.5)
    columns = (torch.arange(geometry.shape[1], device=device) + 0.5)[None]
    rows = (torch.arange(geometry.shape[0], device=device) + 0.5)[:, None]
    total = torch.zeros((volume.shape[0], *geometry.shape), device=device)
    for z in heights:
        points = geometry.back_project(columns, rows, z) - middle
        points = (points if rotation is None else points @ rotation) * (2 / size)  # -1..1 over the voxels' outer edges
        grid = points.flip(-1)[None, None].float()
        total += functional.grid_sample(volume[None], grid, padding_mode="zeros", align_corners=False)[0, :, 0]
    total = total * (step * geometry.slant(columns, rows) * 1e-4)
    return total if density.ndim == 4 else total[0]


@dataclass(frozen=True, eq=False)
class CtFilm:
    """A film taken of a CT. pixels: float32 [H, W], 0..1, bone bright; mineral: float32 [H, W] in g/cm2."""

    pixels: Volume
    mineral: Volume
    spacing_mm: tuple[float, float]


def film(
    volume: CtVolume,
    calibration: Calibration | None,
    mask: npt.NDArray[np.bool_] | None = None,
    scanner_name: str = "alpha",
    size: int = 512,
    seed: int = 0,
    device: str = "cpu",
) -> CtFilm:
    """An AP film of the body in the CT, middle on middle, through the same beam, detector and processing.

    Without a bone mask, what holds more than 120 mg/cm3 counts as bone. What is no mineral is fat below -30 HU and lean
    tissue above, with the density that its Hounsfield units state.
    """
    scanner = scanner_named(scanner_name)
    mineral = volume.density(calibration, mask, floor=0.0 if mask is not None else 120.0)
    tissue = np.clip(1000.0 + np.clip(volume.hu, -1000, 100), 0, None).astype(np.float32)  # mg/cm3
    tissue = np.where(mineral > 0, np.maximum(1050.0 * (1 - mineral / 3160.0), 0), tissue).astype(np.float32)
    tissue[volume.hu < -700] = 0
    is_fat = (volume.hu < -30) & (mineral == 0)
    spacing = volume.spacing_mm
    wide, high, deep = (n * s for n, s in zip(volume.hu.shape, spacing, strict=True))
    film_z = -deep / 2 - scanner.table_mm
    aim = np.zeros(2)
    scale = 1.0 if scanner.parallel else scanner.source_mm / (scanner.source_mm + film_z)
    rng = np.random.default_rng(seed)
    geometry = beam_geometry(aim, wide * scale, high * scale, size, film_z, scanner, rng, 0.0)

    parts = np.stack([mineral, np.where(is_fat, 0, tissue), np.where(is_fat, tissue, 0)])
    bone, lean, fat = project(parts, spacing, geometry, step_mm=min(spacing), device=device)
    attenuation = scanner.beam.log_attenuation()(bone, lean, fat)
    thickness = (lean + fat + bone) * 10
    body = (thickness > 15).float()
    field = torch.ones_like(bone)
    target = float(torch.exp(-attenuation)[body > 0.5].double().mean())
    generator = torch.Generator(device).manual_seed(seed)
    magnification = geometry.magnification(0.0)
    signal = expose(attenuation, thickness, geometry.pitch_mm, magnification, scanner, generator, field, target)
    pixels = processed(signal, field, body, geometry.pitch_mm, scanner.processing)
    return CtFilm(pixels.cpu().numpy(), bone.cpu().numpy(), (geometry.pitch_mm, geometry.pitch_mm))
