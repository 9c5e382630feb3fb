"""Virtual films made as training goes, on the training device: no two epochs see the same person."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

import simulation
from anatomy.femur import FEMUR, NEEDED, OUTLINED, box_of
from anatomy.joint import Joint
from core.clinical import Clinical
from core.example import Example
from core.radiograph import Radiograph, Side
from core.settings import settings
from simulation import VirtualFilm
from tasks.samples import Samples
from training.cohorts.virtual import LEARNING
from training.data.limbs import known_bits, loose_crop, loose_masks
from training.data.squares import squared


def squares(count: int, seed: int, epoch: int, view: str = "hip_ap", joint: Joint = FEMUR) -> Samples:
    """Films of hips, or knees, with their landmarks for one epoch. Nobody in it is in another epoch, or in a
    cohort on disk."""
    taken = [squared(radiograph(film), marks(film), joint) for film in _made(view, count, seed, epoch)]
    nobody = tuple(_example(f"{epoch}-{number}", {}) for number in range(count))
    squares_of, points_of = zip(*taken, strict=True)
    known = np.full((count, len(joint.outputs)), True)
    return Samples(nobody, {"squares": np.stack(squares_of), "points": np.stack(points_of), "known": known})


def limbs(count: int, seed: int, epoch: int) -> Samples:
    """Femora of one epoch cut out by their true landmarks; being off a little, as the finder is, is left to chance's
    moves."""
    examples, crops, masks, known = [], [], [], []
    for film in _made("hip_ap", count, seed, epoch):
        seen, places = radiograph(film), marks(film)
        for row in film.rows:
            side: Side = row["side"]
            points = {name: places[f"{side}_{name}"] for name in NEEDED if f"{side}_{name}" in places}
            if len(points) < len(NEEDED):
                continue
            box = box_of(points, side)
            own = {region: film.masks[f"{side}_{region}"] for region in OUTLINED if f"{side}_{region}" in film.masks}
            examples.append(_example(str(row["patient"]) if "patient" in row else None, row))
            crops.append(loose_crop(seen, box))
            masks.append(loose_masks(own, box))
            known.append(known_bits(own, complete=True))
    return Samples(
        tuple(examples), {"crops": np.stack(crops), "masks": np.stack(masks), "known": np.array(known, np.uint8)}
    )


def _example(patient: str | None, row: dict[str, Any]) -> Example:
    return Example(Path(), row.get("label"), patient, Clinical(), None, row)


def radiograph(film: VirtualFilm) -> Radiograph:
    """A virtual film as every later step sees a film."""
    return Radiograph(film.pixels, case_id="", spacing_mm=film.spacing_mm, spacing_origin="detector")


def marks(film: VirtualFilm) -> dict[str, tuple[float, float]]:
    """Its landmarks by side and name, the middle of the first pixel at 0.5."""
    return {name: (x + 0.5, y + 0.5) for name, (x, y) in film.landmarks.items()}


def _made(view: str, count: int, seed: int, epoch: int) -> list[VirtualFilm]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    first = 1_000_000 * (epoch + 1)  # far beyond any cohort on disk
    meshes = settings().meshes if view == "hip_ap" else None
    return simulation.batch(view, LEARNING + seed, range(first, first + count), size=768, device=device, meshes=meshes)
