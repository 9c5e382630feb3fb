"""How long a 3,000 x 3,000 film of 16 bits takes from bytes to `Radiograph`, beside its decoder alone.

    python -m bench.decode [--side 3000] [--repeat 15] [--out docs/evidence/dicom.md]

Each time is the least of all runs, for whatever else the machine does only adds to it. Uncompressed films have no
decoder: what stands in its column is the copying of the words.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from scipy import ndimage

from bench.section import write_section
from core.identity import case_id, machine_key
from core.settings import settings
from imaging import read_radiograph
from imaging.collimation import exposed
from imaging.files.decode import Words, words_of
from imaging.files.dicom import DicomFile, open_dicom
from imaging.files.layout import Layout, layout_of
from imaging.grey import tone_of
from imaging.person.text import text_lines
from imaging.polarity import is_bone_dark
from tests.imaging.made import LOSSLESS, dicom

_WITH_DECODER: Final = ("rle", "jpeg_lossless", "jpeg_ls", "jpeg_2000", "htj2k")


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
    """Least wall time of an action, after one run to warm up."""
    action()
    times = []
    for _ in range(repeat):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=3000)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--out", type=Path, help="a Markdown file whose section on speed is written anew")
    arguments = parser.parse_args()
    stored = film(arguments.side)
    lines = [
        f"`python -m bench.decode`: a noisy film of {arguments.side} x {arguments.side} pixels of 16 bits on",
        f"{os.cpu_count()} cores, the least of {arguments.repeat} runs in milliseconds.",
        "",
        "| encoding | decoder alone | bytes to film | times |",
        "|---|---|---|---|",
    ]
    for syntax in LOSSLESS:
        data = dicom(stored, syntax, bits=16, WindowCenter=20000, WindowWidth=40000)
        file = open_dicom(data)
        layout = layout_of(file.header)
        alone = seconds(partial(_decoded, file, layout, syntax not in _WITH_DECODER), arguments.repeat)
        whole = seconds(partial(read_radiograph, data, ""), arguments.repeat)
        times = f"{whole / alone:.2f}" if syntax in _WITH_DECODER else ""
        lines.append(f"| {syntax} | {alone * 1e3:.1f} | {whole * 1e3:.1f} | {times} |")
        print(lines[-1])
    lines += ["", "| step after the decoder | on one core |", "|---|---|"]
    pixels, key, words = read_radiograph(data, "").pixels, machine_key(settings().home), _decoded(file, layout, False)
    tone = tone_of(file.header, layout, words, 16, 0)
    steps: dict[str, Callable[[], object]] = {
        "grey by look-up (on two cores)": partial(tone.pixels, words),
        "borders": partial(exposed, pixels),
        "polarity": partial(is_bone_dark, pixels),
        "text": partial(text_lines, pixels),
        "name by keyed hash (beside the three above)": partial(case_id, pixels, key),
    }
    lines += [f"| {name} | {seconds(step, arguments.repeat) * 1e3:.1f} |" for name, step in steps.items()]
    print("\n".join(lines))
    if arguments.out:
        write_section(arguments.out, "Speed", lines)


def _decoded(file: DicomFile, layout: Layout, copied: bool) -> Words:
    words, _ = words_of(file, layout, 0)
    return words.copy() if copied else words


if __name__ == "__main__":
    main()
