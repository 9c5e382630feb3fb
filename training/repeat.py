"""Bone density of the same simulated patients imaged again: in other poses, after JPEG compression, at lower dose."""

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import simulation
from core.example import ManifestError
from core.radiograph import Radiograph, Side
from core.settings import settings
from evidence.densitometry import Residuals
from evidence.statistics.agreement import repeatability
from imaging import read_radiograph
from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import Node
from simulation import VirtualFilm
from tasks import DENSITY
from training.cohorts.fresh import radiograph
from training.data.limbs import limb_of, limbs_on
from training.data.workers import each

Array = npt.NDArray[np.floating]
REPEATED = 9000  # seed of the patients who are imaged again; they are in no cohort
PERSONS = 40
POSES = 4
QUALITIES = (95, 90, 80, 70, 60, 50, 40, 30)
DOSES = (1.0, 0.5, 0.25, 0.1, 0.05)


def _node(folder: Path) -> Node:
    (node,) = registry.at(folder).ensemble(DENSITY.name).nodes
    return node


def repeatability_on(
    folder: Path, finder: Path, scanner: str, workers: int, tell: Callable[[int, int], None], persons: int = PERSONS
) -> dict[str, Any]:
    """The same virtual persons in other poses, through JPEG of falling quality, and at falling dose: coefficients of
    variation, and how far answers and errors move."""
    job = partial(_person, folder=folder, finder=finder, scanner=scanner)
    found = []
    for done, one in enumerate(each(job, range(persons), workers, chunk=2), start=1):
        found.append(one)
        tell(done, persons)
    kept = [one for one in found if one is not None]
    if len(kept) < 3:
        raise ManifestError(f"found the hip of {len(kept)} of {persons} virtual persons, expected 3 and more")
    regions = _node(folder).outputs
    truth, poses, packed, dimmed = (np.stack([one[part] for one in kept]) for part in range(4))  # [P, steps, R]

    def curve(steps: Sequence[float], answers: Array, at: int) -> list[dict[str, float | None]]:
        first = answers[:, 0, at]
        rows: list[dict[str, float | None]] = []
        for number, step in enumerate(steps):
            here = answers[:, number, at]
            there = np.isfinite(here) & np.isfinite(first)
            rows.append(
                {
                    "step": float(step),
                    "found": int(there.sum()),
                    "moved": round(float(np.abs(here - first)[there].mean()), 5) if there.any() else None,
                    "rmse": round(float(np.sqrt(((here - truth[:, at])[there] ** 2).mean())), 5)
                    if there.any()
                    else None,
                }
            )
        return rows

    return {
        "scanner": scanner,
        "persons": len(kept),
        "not_found": persons - len(kept),
        "regions": {
            region: {
                "poses": repeatability(poses[:, :, at]),
                "jpeg": curve((100, *QUALITIES), packed, at),
                "dose": curve(DOSES, dimmed, at),
            }
            for at, region in enumerate(regions)
        },
    }


def _person(index: int, folder: Path, finder: Path, scanner: str) -> tuple[Array, Array, Array, Array] | None:
    """Truth [R], poses, JPEG qualities and doses [steps, R] of one hip; None where a pose's hip is not found."""

    def taken(pose: int = 0, dose: float = 1.0) -> VirtualFilm:
        return simulation.simulate(
            "hip_ap", REPEATED, index, scanner, size=768, frame="hip", pose=pose, truth=False, dose=dose
        )

    films = [taken(pose) for pose in range(POSES)]
    row = films[0].rows[0]
    side: Side = row["side"]

    def told(film: Radiograph) -> Array:
        node = _node(folder)
        nothing = np.full(len(node.outputs), np.nan)
        limb = limb_of(side, limbs_on(film, finder))
        if limb is None:
            return nothing
        grey = Preprocess.from_dict(node.preprocessing).grey(limb.crop(film))
        one = engine.measure(node, grey, engine.device(settings().device))
        return Residuals.from_dict(node.outputs, node.facts).settled(one.abmd, one.spread)[0]

    poses = np.stack([told(radiograph(film)) for film in films])
    if not np.isfinite(poses).all():
        return None
    packed = [poses[0], *(told(_packed(films[0], quality)) for quality in QUALITIES)]
    dimmed = [poses[0], *(told(radiograph(taken(dose=dose))) for dose in DOSES[1:])]
    outputs = _node(folder).outputs
    truth = np.array([row[f"abmd_{region}"] for region in outputs])
    return truth, poses, np.stack(packed), np.stack(dimmed)


def _packed(film: VirtualFilm, quality: int) -> Radiograph:
    """The film after JPEG, read as an upload is."""
    file = io.BytesIO()
    Image.fromarray(np.round(film.pixels * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return read_radiograph(file.getvalue(), "film.jpg")
