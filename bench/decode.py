"""How long a 3,000 x 3,000 film of 16 bits takes from bytes to `Radiograph`, beside its decoder alone.

    python -m bench.decode [--side 3000] [--repeat 7]

Uncompressed films have no decoder: what stands in its column is the copying of the words.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from scipy import ndimage

from core.identity import case_id, machine_key
from core.settings import settings
from imaging import read_radiograph
from imaging.collimation import exposed
from imaging.decode import words_of
from imaging.dicom import open_dicom
from imaging.layout import layout_of
from imaging.polarity import is_bone_dark
from imaging.text import text_lines
from tests.imaging.made import LOSSLESS, dicom


def film(side: int) -> np.ndarray:
    """A noisy limb-like film of stored values, uint16, over 16 bits."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:side, 0:side] / side
    limb = 22000 * np.exp(-(((columns - 0.5) / 0.18) ** 4)) + 9000 * np.exp(-(((columns - 0.42) / 0.01) ** 2))
    texture = ndimage.zoom(random.normal(0, 1500, (side // 20, side // 20)), 20, order=1)
    texture = np.pad(texture, (0, side))[:side, :side]
    return np.clip(4000 + limb * (0.8 + 0.2 * rows) + texture + random.normal(0, 40, (side, side)), 0, 65535).astype(
        np.uint16
    )


def seconds(action: Callable[[], object], repeat: int) -> float:
    """Median wall time of an action, after one run to warm up."""
    action()
    times = []
    for _ in range(repeat):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=3000)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    stored = film(arguments.side)
    print(f"{arguments.side} x {arguments.side}, 16 bits, median of {arguments.repeat}, milliseconds")
    print(f"{'encoding':<15}{'decoder':>9}{'bytes to film':>15}{'times':>7}")
    for syntax in LOSSLESS:
        data = dicom(stored, syntax, bits=16, WindowCenter=20000, WindowWidth=40000)
        file = open_dicom(data)
        layout = layout_of(file.header)
        alone = seconds(lambda file=file, layout=layout: words_of(file, layout, 0)[0].copy(), arguments.repeat)
        whole = seconds(lambda data=data: read_radiograph(data, ""), arguments.repeat)
        print(f"{syntax:<15}{alone * 1e3:>9.1f}{whole * 1e3:>15.1f}{whole / alone:>7.2f}")
    pixels, key = read_radiograph(data, "").pixels, machine_key(settings().home)
    words = words_of(file, layout, 0)[0]
    table = np.linspace(0, 1, 65536, dtype=np.float32)
    print("\nthe steps after the decoder")
    for name, step in {
        "grey by look-up": lambda: table[words],
        "borders": lambda: exposed(pixels),
        "polarity": lambda: is_bone_dark(pixels),
        "text": lambda: text_lines(pixels),
        "name by keyed hash": lambda: case_id(pixels, key),
    }.items():
        print(f"{name:<24}{seconds(step, arguments.repeat) * 1e3:>7.1f}")


if __name__ == "__main__":
    main()
