"""Virtual hips and spines to click on: films of the simulator, as a fresh installation shows them.

Virtual patients, no patient: drawn from a cohort (seed 7,000) that no network learns from or is measured on.

`python -m simulation.samples --out samples --previews present/samples` makes the films that ship.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import simulation

SEED = 7000
SIZE = 768
PREVIEW = 240


@dataclass(frozen=True)
class VirtualSample:
    """Which film of the cohort a sample is, and under what name it is kept."""

    name: str
    index: int
    scanner: str
    frame: str
    view: str = "hip_ap"


SAMPLES = (
    VirtualSample("virtual_pelvis", 0, "alpha", "pelvis"),
    VirtualSample("virtual_hip", 2, "alpha", "hip"),
    VirtualSample("virtual_pelvis_other_scanner", 3, "beta", "pelvis"),
    VirtualSample("virtual_spine", 9, "alpha", "any", "spine_lateral"),
    VirtualSample("virtual_spine_broken", 65, "alpha", "any", "spine_lateral"),
)


def picture(sample: VirtualSample) -> Image.Image:
    """The film at 8 bits, bone bright."""
    film = simulation.simulate(sample.view, SEED, sample.index, sample.scanner, SIZE, frame=sample.frame, truth=False)
    return Image.fromarray(np.rint(film.pixels * 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulation.samples", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("samples"), help="folder to write the films to")
    parser.add_argument("--previews", type=Path, help="folder to write small pictures of them to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        film = picture(sample)
        file = arguments.out / f"{sample.name}.png"
        film.save(file, optimize=True)
        if arguments.previews:
            film.thumbnail((PREVIEW, PREVIEW))
            film.save(arguments.previews / file.name, optimize=True)
        print(f"{file} {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
