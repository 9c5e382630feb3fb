"""Virtual films, as the preset makes them and plain, and the real films at hand to hold beside them."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

import simulation
from bench.simulated.cohort import SEED
from core.settings import settings
from simulation import Uncommon
from simulation.xray.scanner import SCANNERS, Processing

Picture = npt.NDArray[np.float32]

PLAIN = replace(
    SCANNERS["alpha"],
    name="plain",
    scatter=0.0,
    fluence=1e9,
    focus_mm=0.01,
    detector_mm=0.01,
    collimated=0.0,
    processing=Processing((1.0, 1.0, 1.0, 1.0), 1.0, 1.0, 0.0, gamma=1.0, shoulder=1.0),
)


def film_of(job: tuple[str, int, str, int]) -> Picture:
    view, index, look_name, size = job
    simulation.SCANNERS.setdefault("plain", PLAIN)
    return simulation.simulate(view, SEED + 2, index, look_name, size=size, truth=False).pixels


def with_metal(job: tuple[int, str, int]) -> Picture:
    index, look_name, size = job
    return simulation.simulate(
        "hip_ap",
        SEED + 3,
        index,
        look_name,
        size=size,
        truth=False,
        frame="hip" if index % 2 else "any",
        uncommon=Uncommon(implants=1.0),
    ).pixels


def real_films(view: str) -> list[Picture]:
    """Real films of the view at hand, bone bright, 0..1; copies of one film among the knees are left out."""
    data = settings().data
    pictures: list[Image.Image] = []
    if view == "knee_ap" and (data / "knee_qus/manifest.csv").exists():
        seen: list[Picture] = []
        for path in sorted((data / "knee_qus/images").iterdir()):
            picture = Image.open(path).convert("L")
            small = np.asarray(picture.resize((24, 24)), np.float32).ravel()
            small = (small - small.mean()) / (small.std() + 1e-6)
            if all(float(small @ other) / small.size < 0.985 for other in seen):
                seen.append(small)
                pictures.append(picture)
    elif view == "spine_lateral":
        pictures = [
            Image.open(path).convert("L").resize((800, 1024)) for path in sorted((data / "spine_lateral").glob("*.jpg"))
        ]
    elif view == "hip_ap":
        pictures = [
            ImageOps.invert(Image.open(path).convert("L")) for path in sorted((data / "hip_inverted").glob("*_ap.png"))
        ]
    return [np.asarray(picture, np.float32) / np.float32(255) for picture in pictures]
