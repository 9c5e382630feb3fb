"""The audit of films on faults that were planted, on real sets with known traps, and on many films.

    python -m bench.audit [--parts copies traps many labels] [--films N] [--hips N]

Virtual films are made for it; real ones are looked up through the setting OSTEOLENS_DATA, and none of them, nor any
crop, comes into the project: what is planted lies under runs/audit. Writes docs/evidence/audit.md, a section a part.
"""

import argparse

from bench.audited import copies, labels, many, traps
from bench.section import write_section
from core.settings import ROOT

PAGE = ROOT / "docs/evidence/audit.md"
RUNS = ROOT / "runs/audit"
INTRO = """# The audit of films

Written by `python -m bench.audit`, each section by its own part. Intervals are 95 %: of shares by Wilson, of areas by
bootstrap over patients or groups of copies. Virtual films are those of `simulate`; the real films are no part of the
project.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["copies", "traps", "many", "labels"])
    parser.add_argument("--films", type=int, default=10, help="virtual films of each view, to plant copies among")
    parser.add_argument("--many", type=int, default=20_000, help="films whose descriptors are made up")
    parser.add_argument("--hips", type=int, default=40, help="virtual films whose labels are flipped")
    asked = parser.parse_args()
    if not PAGE.exists():
        PAGE.write_text(INTRO, encoding="utf-8")
    if "copies" in asked.parts:
        write_section(PAGE, "Planted copies", copies.section(RUNS / "copies", asked.films))
    if "traps" in asked.parts:
        write_section(PAGE, "Traps of the real knee films", traps.section(RUNS / "traps"))
    if "many" in asked.parts:
        write_section(PAGE, "Many films", many.section(asked.many))
    if "labels" in asked.parts:
        write_section(PAGE, "Flipped labels", labels.section(RUNS / "labels", asked.hips))


if __name__ == "__main__":
    main()
