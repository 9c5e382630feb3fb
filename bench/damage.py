"""Every real picture cut off at fifty places: what came of each piece, how long the slowest took, at what memory.

    python -m bench.damage

Minutes on one core. The cuts are those of the slow tests.
"""

import resource
from collections import Counter
from time import perf_counter

from core.settings import settings
from tests.imaging.damage import CUTS, cuts
from tests.imaging.survival import FILM, survives
from tests.imaging.test_damage import PICTURES


def main() -> None:
    print("| pictures | number | pieces | came out as a film | refused | crashed, hung, over 5 s or 1 GiB |")
    print("|---|---|---|---|---|---|")
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
        print(
            f"| {folder.split('/')[0]} | {len(paths)} | {len(paths) * CUTS:,} | {ended[FILM]:,} | {codes} | {failed} |",
            flush=True,
        )
        most = max(most, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(f"\n{perf_counter() - start:.0f} s; the largest process took {most >> 10} MiB.")


if __name__ == "__main__":
    main()
