"""Drawn knees to click on: solid bones of simple shapes, projected as an X-ray tube would see them.

Not a patient and not a measurement: the shapes are smooth unions of cones and ellipsoids, and nothing in them was
fitted to a person. They exist so that a fresh installation has films to show. Virtual patients, with exact truth
about their density, are another part of `simulation`.

`python -m simulation.phantom --out samples` makes the films that ship.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, RLELossless, generate_uid
from scipy.interpolate import PchipInterpolator

Array = npt.NDArray[np.float32]
Point = tuple[float, float, float]
# Signed distance in mm, negative inside, at x lateral, y distal, z anterior; z is one slice, so a number.
Depth = float | np.float32
Solid = Callable[[Array, Array, Depth], Array]

# Linear attenuation at about 50 keV effective, 1/mm (NIST XCOM, rounded): what a 60 to 65 kVp knee film is taken with.
FAT, MUSCLE, CORTEX, MARROW = 0.0190, 0.0226, 0.0780, 0.0205
STEP_MM = 1.0  # along the ray


@dataclass(frozen=True)
class Bone:
    """How dense the drawn bone is.

    cortex: thickness of the cortical shell relative to a healthy adult's.
    trabeculae: share of the marrow space that is bone, 0..1, at the joint; it thins towards the shafts.
    coarseness: size of the trabecular mesh in mm.
    """

    cortex: float = 1.0
    trabeculae: float = 0.22
    coarseness: float = 0.8


HEALTHY = Bone()
THIN = Bone(cortex=0.52, trabeculae=0.12, coarseness=1.5)


def ellipsoid(centre: Point, radii: Point) -> Solid:
    """Distance to an ellipsoid, first order: exact on the surface, good close to it."""
    (cx, cy, cz), (rx, ry, rz) = centre, radii

    def distance(x: Array, y: Array, z: Depth) -> Array:
        u, v, w = (x - cx) / rx, (y - cy) / ry, (z - cz) / rz
        k0 = np.sqrt(u * u + v * v + w * w) + 1e-6
        k1 = np.sqrt((u / rx) ** 2 + (v / ry) ** 2 + (w / rz) ** 2) + 1e-6
        return np.asarray(k0 * (k0 - 1) / k1, np.float32)

    return distance


def cone(start: Point, start_radius: float, end: Point, end_radius: float, depth: float = 1.0) -> Solid:
    """Distance to a limb-like solid: radius runs smoothly from one end to the other; `depth` flattens it along z."""
    a, b = np.array(start, np.float32), np.array(end, np.float32)
    axis = b - a
    length2 = float(axis @ axis)

    def distance(x: Array, y: Array, z: Depth) -> Array:
        px, py, pz = x - a[0], y - a[1], z - a[2]
        along = np.clip((px * axis[0] + py * axis[1] + pz * axis[2]) / length2, 0, 1)
        ease = along * along * (3 - 2 * along)
        radius = start_radius + (end_radius - start_radius) * ease
        off = np.sqrt((px - along * axis[0]) ** 2 + (py - along * axis[1]) ** 2 + ((pz - along * axis[2]) / depth) ** 2)
        return np.asarray(off - radius, np.float32)

    return distance


def merge(blend: float, *solids: Solid) -> Solid:
    """Union with rounded seams `blend` mm wide."""

    def distance(x: Array, y: Array, z: Depth) -> Array:
        result = solids[0](x, y, z)
        for solid in solids[1:]:
            other = solid(x, y, z)
            share = np.maximum(blend - np.abs(result - other), 0) / blend
            result = np.minimum(result, other) - share * share * (blend / 4)
        return result

    return distance


def carve(blend: float, body: Solid, tool: Solid) -> Solid:
    """`body` without `tool`, the edge rounded."""

    def distance(x: Array, y: Array, z: Depth) -> Array:
        first, second = body(x, y, z), -tool(x, y, z)
        share = np.maximum(blend - np.abs(first - second), 0) / blend
        return np.maximum(first, second) + share * share * (blend / 4)

    return distance


def plateau(height: float, tilt: float, slope: float) -> Solid:
    """What lies above the tibial plateau: two shallow cups, falling off towards the back."""

    def distance(x: Array, y: Array, z: Depth) -> Array:
        cups = 1.6 * np.exp(-(((np.abs(x) - 20) / 11) ** 2))
        return np.asarray(y - height - cups - tilt * x + slope * z, np.float32)

    return distance


def tube(*knots: tuple[float, float, float, float, float]) -> Solid:
    """A limb-like solid along y through (y, centre x, centre z, half width, half depth), smoothly between the knots."""
    table = np.array(knots, np.float64)
    profile = PchipInterpolator(table[:, 0], table[:, 1:])
    first, last = table[0, 0], table[-1, 0]

    def distance(x: Array, y: Array, z: Depth) -> Array:
        column = np.clip(y[:, :1], first, last)
        cx, cz, rx, rz = (profile(column)[..., index].astype(np.float32) for index in range(4))
        u, w = (x - cx) / rx, (z - cz) / rz
        k0 = np.sqrt(u * u + w * w) + 1e-6
        k1 = np.sqrt((u / rx) ** 2 + (w / rz) ** 2) + 1e-6
        return np.maximum(k0 * (k0 - 1) / k1, np.maximum(first - y, y - last))

    return distance


FEMUR = carve(
    5,
    merge(
        6,
        tube(
            (-340, 15, 4, 13.5, 14.5), (-150, 7, 3, 14.5, 15), (-105, 4, 1, 17, 16), (-75, 1.5, -1, 24, 20),
            (-50, 0, -3, 34, 26), (-34, -0.5, -5, 41, 28), (-18, -0.5, -8, 39, 28), (-6, 0, -8, 32, 24),
        ),
        ellipsoid((21.5, -17, -8), (19, 21.5, 30)),
        ellipsoid((-22, -15.5, -8), (19.5, 23.5, 31)),
    ),
    ellipsoid((0, 8, -22), (9, 21, 32)),
)  # fmt: skip
TIBIA = merge(
    4,
    carve(
        3,
        tube(
            (4, 0, -6, 37, 24), (16, 0, -6, 38.5, 25), (27, 0, -5, 36, 23), (42, 0, -3, 28.5, 21),
            (62, -0.5, -1, 21, 19), (90, -1.5, 0, 16, 16.5), (130, -2.5, 0, 13.5, 14), (340, 0, 0, 11.5, 12),
        ),
        plateau(8.6, -0.03, 0.10),
    ),
    ellipsoid((5.5, 9.0, -9), (4.0, 4.5, 8)),
    ellipsoid((-5.5, 9.0, -6), (4.0, 6.0, 8)),
    ellipsoid((5, 50, 15), (10, 19, 10)),
)  # fmt: skip
FIBULA = tube(
    (19, 36, -18, 3, 3), (23, 37, -18, 8, 8), (31, 37.5, -18, 10.5, 10), (42, 37, -18, 8, 8), (60, 35, -19, 5.6, 6),
    (110, 33, -19, 6.2, 6.5), (340, 30, -16, 7, 7),
)  # fmt: skip
PATELLA = merge(6, ellipsoid((2, -46, 40), (22, 17, 9)), ellipsoid((2, -38, 39), (14, 19, 8)))
LEG = merge(
    60,
    cone((2, -340, -8), 84.0, (0, -60, -4), 60.0),
    cone((0, -70, -4), 58.0, (1, 60, -8), 52.0),
    cone((1, 45, -10), 50.0, (6, 165, -20), 52.0),
    cone((4, 165, -18), 52.0, (0, 340, -8), 36.0),
)


def _cortex_mm(name: str, y: Array) -> Array:
    """Cortical thickness along the bone: thick in the shafts, a thin shell towards the joint."""
    if name == "femur":
        return np.interp(y, [-330, -140, -75, -45, 10], [5.6, 4.6, 2.0, 0.9, 1.1]).astype(np.float32)
    if name == "tibia":
        return np.interp(y, [0, 18, 45, 90, 150, 330], [1.7, 1.0, 1.3, 3.2, 4.6, 5.2]).astype(np.float32)
    if name == "fibula":
        return np.interp(y, [15, 45, 70, 330], [0.8, 1.2, 2.2, 2.9]).astype(np.float32)
    return np.full_like(y, 1.1)


def _trabecular_share(name: str, y: Array) -> Array:
    """How much of the trabecular bone of the joint is left at this height: the shafts hold marrow alone."""
    knots = {
        "femur": ([-150, -70, -25, 10], [0.02, 0.35, 1.0, 1.05]),
        "tibia": ([5, 25, 70, 130], [1.2, 0.9, 0.35, 0.02]),
        "fibula": ([20, 40, 75], [0.8, 0.5, 0.05]),
    }
    return np.interp(y, *knots[name]).astype(np.float32) if name in knots else np.full_like(y, 0.85)


def _filtered(rng: np.random.Generator, shape: tuple[int, ...], size_px: float, stretch: float) -> Array:
    """Band-passed noise with unit deviation, grains `size_px` wide and `stretch` times as long along the limb."""
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    radius = np.hypot(fy * stretch, fx) * size_px
    band = radius * np.exp(-((radius * 1.6) ** 2))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * band, s=shape)
    return np.asarray(noise / noise.std(), np.float32)


def _blurred(image: Array, sigma_px: float) -> Array:
    """Gaussian blur by Fourier transform, edges mirrored."""
    pad = int(4 * sigma_px) + 1
    wide = np.pad(image, pad, mode="reflect" if pad < min(image.shape) else "edge")
    fy, fx = np.fft.fftfreq(wide.shape[0])[:, None], np.fft.rfftfreq(wide.shape[1])[None, :]
    soft = np.fft.irfft2(np.fft.rfft2(wide) * np.exp(-2 * (np.pi * sigma_px) ** 2 * (fy**2 + fx**2)), s=wide.shape)
    return soft[pad:-pad, pad:-pad].astype(np.float32)


def attenuation(x: Array, y: Array, bone: Bone, rng: np.random.Generator, pixel_mm: float) -> Array:
    """Line integral of attenuation through one leg for rays along z, at points x, y in mm: [H, W], no unit."""
    total = np.zeros_like(x)
    fat_mm = 7.0
    for z in np.arange(-95, 95, 2 * STEP_MM, dtype=np.float32):
        depth = LEG(x, y, z)
        flesh = np.where(depth < -fat_mm, MUSCLE, FAT) * np.clip(0.5 - depth / (2 * STEP_MM), 0, 1)
        total += flesh * (2 * STEP_MM)
    fascicles = _filtered(rng, x.shape, 22 / pixel_mm, 7.0)
    total *= 1 + 0.012 * fascicles
    mesh = _filtered(rng, x.shape, 1.7 * bone.coarseness / pixel_mm, 3.0)
    mesh += 0.5 * _filtered(rng, x.shape, 3.6 * bone.coarseness / pixel_mm, 4.5)
    for name, solid in (("femur", FEMUR), ("tibia", TIBIA), ("fibula", FIBULA), ("patella", PATELLA)):
        near = solid(x, y, np.float32(0 if name in ("femur", "tibia") else -16 if name == "fibula" else 40)) < 40
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        if rows.size == 0:
            continue
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        bx, by = x[window], y[window]
        shell = np.zeros_like(bx)
        inside = np.zeros_like(bx)
        cortex = _cortex_mm(name, by) * bone.cortex
        for z in np.arange(-52, 56, STEP_MM, dtype=np.float32):
            depth = solid(bx, by, z)
            filled = np.clip(0.5 - depth / STEP_MM, 0, 1)
            core = np.clip(0.5 - (depth + cortex) / STEP_MM, 0, 1)
            shell += (filled - core) * STEP_MM
            inside += core * STEP_MM
        share = bone.trabeculae * _trabecular_share(name, by) * (1 + 0.22 * mesh[window] * np.exp(-inside / 90))
        spongy = MARROW + np.clip(share, 0, 0.8) * (CORTEX - MARROW)
        total[window] += shell * (CORTEX - MUSCLE) + inside * (spongy - MUSCLE)
    return total


def expose(line_integral: Array, rng: np.random.Generator, pixel_mm: float, photons: float = 20000) -> Array:
    """From line integrals to a displayed film, float32 [H, W] in 0..1, bone bright.

    Focal-spot and detector blur, scatter, quantum noise, the logarithm that digital systems take, and the frequency
    processing that every maker applies: large steps between flesh and bone are held back, edges are kept.
    """
    primary = np.exp(-_blurred(line_integral, 0.35 / pixel_mm))
    scattered = primary + 0.10 * _blurred(primary, 28 / pixel_mm)
    counted = rng.poisson(scattered * photons).astype(np.float32) / photons
    log = -np.log(np.clip(counted, 1e-4, None))
    base = _blurred(log, 9 / pixel_mm)
    processed = 0.85 * base + 1.5 * (log - base)
    low, high = 0.62, float(np.percentile(processed, 99.5)) * 1.02
    film = np.clip((processed - low) / (high - low), 0, 1.15)
    curve = 1 / (1 + np.exp(-4.2 * (film - 0.62)))  # the sigmoid look-up table of a skeletal preset
    floor = 1 / (1 + np.exp(4.2 * 0.62))
    return np.clip((curve - floor) / (0.90 - floor), 0, 1).astype(np.float32)


def one_knee(bone: Bone, seed: int, shape: tuple[int, int] = (660, 540), pixel_mm: float = 0.35) -> Array:
    """A right knee, AP, joint a little below the middle; lateral is on the image's left."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x = (shape[1] * 0.5 - columns) * pixel_mm
    y = (rows - shape[0] * 0.50) * pixel_mm
    return expose(attenuation(x, y, bone, rng, pixel_mm), rng, pixel_mm)


def both_knees(bone: Bone, seed: int, shape: tuple[int, int] = (1024, 840), pixel_mm: float = 0.42) -> Array:
    """Both knees, AP, standing a hand apart; the patient's right is on the image's left, as films are hung."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y = (rows - shape[0] * 0.47) * pixel_mm
    across = (columns - shape[1] / 2) * pixel_mm
    total = np.zeros(shape, np.float32)
    for direction, offset, lean, drop in ((-1, -92.0, 0.030, 0.0), (1, 90.0, 0.022, 3.5)):
        x = direction * (across - offset) - lean * y
        total += attenuation(x, y - drop, bone, rng, pixel_mm)
    return expose(total, rng, pixel_mm)


def save_png(film: Array, path: Path) -> None:
    """8-bit grey PNG without metadata."""
    Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(path, optimize=True)


def save_dicom(film: Array, path: Path, pixel_mm: float, side: str) -> None:
    """A DX object For Presentation, 12 bits, MONOCHROME2, RLE Lossless. It names no person: the fields are empty."""
    stored = np.rint(film * 4095).astype("<u2")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["osteolens drawn knee", path.name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["osteolens drawn study", path.name])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=["osteolens drawn series", path.name])
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.ReferringPhysicianName = ds.StudyID = ""
    ds.PatientName = ds.PatientID = ds.PatientBirthDate = ds.PatientSex = ""
    ds.ContentDate = ds.ContentTime = ds.InstanceNumber = ds.AcquisitionNumber = ""
    ds.SeriesNumber = "1"
    ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "Drawn by a program: no patient"
    ds.Modality, ds.PresentationIntentType = "DX", "FOR PRESENTATION"
    ds.Manufacturer, ds.ManufacturerModelName = "Osteolens", "Drawn phantom"
    ds.BodyPartExamined, ds.ViewPosition, ds.ImageLaterality = "KNEE", "AP", side
    ds.PatientOrientation = ["L", "F"]
    ds.BurnedInAnnotation, ds.LossyImageCompression = "NO", "00"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", 1
    ds.PresentationLUTShape = "IDENTITY"
    ds.ImagerPixelSpacing = [pixel_mm, pixel_mm]
    ds.KVP = "63"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = stored.tobytes()
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.save_as(path, enforce_file_format=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulation.phantom", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("samples"), help="folder to write the films to")
    parser.add_argument("--previews", type=Path, help="folder to write small pictures of them to")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    healthy, thin, single = both_knees(HEALTHY, seed=1), both_knees(THIN, seed=2), one_knee(HEALTHY, seed=3)
    save_png(healthy, args.out / "both_knees.png")
    save_png(thin, args.out / "both_knees_thin_bone.png")
    save_dicom(single, args.out / "right_knee.dcm", 0.35, "R")
    if args.previews:
        for name, film in (("both_knees", healthy), ("both_knees_thin_bone", thin), ("right_knee", single)):
            small = Image.fromarray(np.rint(film * 255).astype(np.uint8))
            small.thumbnail((240, 240))
            small.save(args.previews / f"{name}.png", optimize=True)
    for path in sorted(args.out.iterdir()):
        print(f"{path} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
