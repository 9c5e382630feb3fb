"""Every real picture cut off at fifty places: what came of each piece, how long the slowest took, at what memory.

    python -m bench.damage [--out docs/evidence/dicom.md]

Minutes on one core. The cuts are those of the slow tests.
"""

import argparse
import resource
from collections import Counter
from pathlib import Path
from time import perf_counter

from bench.section import write_section
from core.settings import settings
from tests.imaging.damage import CUTS, TAIL, cuts
from tests.imaging.survival import FILM, survives
from tests.imaging.test_damage import PICTURES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a Markdown file whose section on damage is written anew")
    arguments = parser.parse_args()
    lines = [
        f"`python -m bench.damage`: every real picture cut off at {CUTS} places, denser at its start, {len(TAIL)}",
        "of them within its last 100 bytes. Each piece is read in a child process and must end in a film or a coded",
        "refusal within 5 s and 1 GiB.",
        "",
        "| pictures | number | pieces | came out as a film | refused | crashed, hung, or over a limit |",
        "|---|---|---|---|---|---|",
    ]
    start, most = perf_counter(), 0
    for folder in PICTURES:
        ended: Counter[str] = Counter()
        paths, failed = sorted((settings().data / folder).iterdir()), 0
        for path in paths:
            try:
                ended += survives(cuts(path.read_bytes()))
            except AssertionError as fault:
                failed += 1
                print(f"{path.name}: {fault}")
        codes = ", ".join(f"{number:,} `{code}`" for code, number in ended.most_common() if code != FILM)
        films, pieces = len(paths), f"{len(paths) * CUTS:,}"
        lines.append(f"| {folder.split('/')[0]} | {films} | {pieces} | {ended[FILM]:,} | {codes or 0} | {failed} |")
        most = max(most, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    lines += ["", f"{perf_counter() - start:.0f} s in all; the largest process took {most >> 10} MiB."]
    print("\n".join(lines))
    if arguments.out:
        write_section(arguments.out, "Damaged pictures", lines)


if __name__ == "__main__":
    main()
