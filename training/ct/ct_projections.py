"""The projections that a person's own CT gives for their film: calibrated by its phantom, laid upon the film, cast
through the film's own geometry. The route of the original study.

Columns of a manifest, a row a hip: `ct` (NIfTI, or a folder with one DICOM series), `bone_mask` and `femur_mask` (NIfTI
on the CT's grid: all bone, and this row's femur alone), `pose_x_mm`, `pose_y_mm`, `pose_z_mm`, `pose_x_deg`,
`pose_y_deg`, `pose_z_deg` (a registration that is known; sought from the middle of the film where there is none),
`source_mm` (focal spot to detector), `ct_slope` and `ct_intercept` (the phantom's line, where it is not the setting's).
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f

from core.radiograph import Radiograph
from core.settings import settings
from simulation.xray import ct
from simulation.xray.projector import Geometry
from training.ct.registration import CtPose, register

Projection = npt.NDArray[np.float32]
POSE = tuple(f"pose_{number}" for number in CtPose.__dataclass_fields__)
FILES = ("ct", "bone_mask", "femur_mask")
SOURCE_MM, TABLE_MM = 1150.0, 65.0  # where nothing is told: focal spot to detector, table's top to detector
BONE_FROM = 120.0  # mg/cm3, where no mask says what is bone
FINEST_MM = 0.75  # pixels of a projection; a femur's crop has no finer ones
ALIKE = 0.2  # gradient correlation below which a CT is not taken to lie on its film


class NotLaid(ValueError):
    """This CT could not be laid on this film: what was found, what was expected, what to do."""


def projections_of_ct(row: dict[str, Any], folder: Path, film: Radiograph) -> dict[str, Projection]:
    """`all_bone`, and `proximal_femur` where a femur's mask is named: [H, W] in g/cm2 on the film's pixels.

    A registration takes a minute, so its projections are kept under OSTEOLENS_HOME. Raises NotLaid for a row that
    cannot be used, ct.BadCt for a CT that cannot be read or is not calibrated.
    """
    line = ct.Calibration(*_line(row))
    kept = settings().home / "projections" / f"{_fingerprint(row, folder, film, line)}.npz"
    if not kept.is_file():
        made = _made(row, folder, film, line)
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as out:
            np.savez_compressed(out, **{name: one.astype(np.float16) for name, one in made.items()})  # type: ignore[arg-type]
        draft.replace(kept)
    with np.load(kept) as file:
        coarse = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files}
    factor = _factor(film)
    return {name: _on_film(one, factor, film) for name, one in coarse.items()}


def _line(row: dict[str, Any]) -> tuple[float, float]:
    slope, intercept = row.get("ct_slope") or settings().ct_slope, row.get("ct_intercept")
    if slope is None:
        raise ct.BadCt(
            "the CT has no calibration, expected the line from Hounsfield units to mg/cm3 of its phantom: set "
            "OSTEOLENS_CT_SLOPE and OSTEOLENS_CT_INTERCEPT, or add columns ct_slope and ct_intercept"
        )
    return float(slope), float(settings().ct_intercept if intercept is None else intercept)


def _made(row: dict[str, Any], folder: Path, film: Radiograph, line: ct.Calibration) -> dict[str, Projection]:
    geometry = geometry_of(row, film)
    volume = ct.read(folder / str(row["ct"]))
    masks = {name: ct.read_mask(folder / str(row[name])) for name in FILES[1:] if row.get(name)}
    told = masks.get("bone_mask")
    bone = volume.density(line, told, 0.0 if told is not None else BONE_FROM)
    known = [float(row[column]) for column in POSE if row.get(column) is not None]
    if len(known) not in (0, len(POSE)):
        raise NotLaid(f"the row names {len(known)} of the pose's six numbers, expected {', '.join(POSE)}")
    middle = TABLE_MM + volume.hu.shape[2] * volume.spacing_mm[2] / 2
    start = CtPose(*known) if known else CtPose(z_mm=middle)
    pose, alike = register(bone, volume.spacing_mm, film.pixels, geometry, start)
    if alike < ALIKE:
        raise NotLaid(
            f"the edges of the CT's bone agree with the film's by {alike:.2f}, expected at least {ALIKE}; name a pose "
            f"that is nearer ({', '.join(POSE)}), or check that both are of one person"
        )
    parts = {"all_bone": bone}
    if "femur_mask" in masks:
        parts["proximal_femur"] = volume.density(line, masks["femur_mask"])
    cast = ct.project(
        np.stack(list(parts.values())),
        volume.spacing_mm,
        geometry.coarser(_factor(film)),
        (pose.x_mm, pose.y_mm, pose.z_mm),
        min(volume.spacing_mm),
        rotation=torch.from_numpy(pose.rotation()).float(),
    )
    return {name: one.numpy() for name, one in zip(parts, cast, strict=True)}


def geometry_of(row: dict[str, Any], film: Radiograph) -> Geometry:
    """The film as the projector knows it: its middle at 0, the focal spot straight above it. Raises NotLaid for a film
    whose pixels have no known size, or are not square."""
    if film.spacing_mm is None or abs(film.spacing_mm[0] / film.spacing_mm[1] - 1) > 0.01:
        said = "does not say how large a pixel is" if film.spacing_mm is None else "has pixels that are not square"
        raise NotLaid(f"the film {said}, expected square pixels of known size, so that a CT can be laid on it")
    pitch = float(film.spacing_mm[1])
    source = float(row.get("source_mm") or SOURCE_MM)
    corner = (-film.width * pitch / 2, film.height * pitch / 2)
    return Geometry((0.0, 0.0, source), 0.0, corner, pitch, (film.height, film.width))


def _factor(film: Radiograph) -> int:
    return max(1, round(FINEST_MM / film.spacing_mm[1])) if film.spacing_mm else 1


def _on_film(coarse: torch.Tensor, factor: int, film: Radiograph) -> Projection:
    """A projection of coarser pixels at the film's; the last ones hang over its edge."""
    size = [n * factor for n in coarse.shape]
    fine = f.interpolate(coarse[None, None], size, mode="bilinear", align_corners=False)[0, 0]
    return np.ascontiguousarray(fine[: film.height, : film.width].numpy())


def _fingerprint(row: dict[str, Any], folder: Path, film: Radiograph, line: ct.Calibration) -> str:
    """Of all that the projections turn on; files by their size and time."""
    told = [film.case_id, film.spacing_mm, line, row.get("source_mm"), *(row.get(column) for column in POSE)]
    for name in FILES:
        path = folder / str(row[name]) if row.get(name) else None
        files = [] if path is None else sorted(path.iterdir()) if path.is_dir() else [path]
        told.append([(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()])
    return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()
