"""The product on real films, part by part.

    python -m bench.real_films [--films N] [--repeat N] [--parts 1 2 3 4 7]

Needs the real films (setting OSTEOLENS_DATA); none of them, nor any crop, comes into the project. Answers are kept
under runs/real_films/, so that a run that is stopped goes on where it was. Writes docs/evidence/real_films.md.
"""

import argparse

import torch

from bench.real_films import behaviour, familiar, found, refused, repeat
from bench.real_films.films import pelves
from bench.section import write_section
from core.settings import ROOT
from reading import versions

PAGE = ROOT / "docs/evidence/real_films.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, help="every so-many-th pelvis is left out, until so many are left")
    parser.add_argument("--repeat", type=int, default=12, help="films that are shown in all ways")
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 3, 4, 7])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    films = pelves()
    step = max(1, len(films) // (asked.films or len(films)))
    films = films[::step]
    if not PAGE.exists():
        PAGE.write_text("# On real films\n", encoding="utf-8")
    write_section(PAGE, "What was measured", [
        f"Written by `python -m bench.real_films` with {', '.join(sorted(versions().values()))}. "
        "Intervals: 95 %, by bootstrap over persons. Nothing that ships learned from these films."
    ])  # fmt: skip
    if 1 in asked.parts:
        write_section(PAGE, "1. Found and outlined", found.section(films, "hip_bmd"))
    if 2 in asked.parts:
        write_section(PAGE, "2. Behaves as bone does?", behaviour.section(films))
    if 3 in asked.parts:
        some = films[:: max(1, len(films) // asked.repeat)][: asked.repeat]
        write_section(PAGE, "3. The same film again", repeat.section(some, familiar.virtual(asked.repeat)))
    if 4 in asked.parts:
        write_section(PAGE, "4. Far from home", familiar.section(films))
    if 7 in asked.parts:
        write_section(PAGE, "7. Metal and children", refused.section(None))


if __name__ == "__main__":
    main()
