"""Are virtual patients like real ones? A cohort beside published figures, films beside real films, and two traps.

    python -m bench.simulation_evidence [cohort] [shortcut] [look] [sheets]     # all of them unless named

Writes docs/evidence/simulation.md, one section a part, and contact sheets of virtual films beside it. Where real films
are at hand (setting OSTEOLENS_DATA) the side-by-side sheets go to runs/simulation/, which is not kept: real films stay
out of the project.
"""

import re
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch

from bench.simulated.cohort import cohort
from bench.simulated.look import look
from bench.simulated.sheets import sheets
from bench.simulated.shortcut import shortcut
from core.settings import ROOT

PAGE = ROOT / "docs/evidence/simulation.md"
WORKERS = 2


def main() -> None:
    parts: dict[str, Callable[[ProcessPoolExecutor], str]] = {
        "cohort": cohort,
        "shortcut": shortcut,
        "look": look,
        "sheets": sheets,
    }
    wanted = sys.argv[1:] or list(parts)
    unknown = set(wanted) - set(parts)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for name in wanted:
            print(f"{name} ...", flush=True)
            _keep(name, parts[name](pool))


def _keep(name: str, text: str) -> None:
    """Put one part's text between its marks in the page, leaving the other parts as they stand."""
    page = (
        PAGE.read_text()
        if PAGE.exists()
        else "# Virtual patients beside real ones\n\nWritten by `python -m bench.simulation_evidence`.\n"
    )
    block = f"<!-- {name} -->\n{text.strip()}\n<!-- /{name} -->"
    pattern = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    page = pattern.sub(lambda _: block, page) if pattern.search(page) else page.rstrip() + f"\n\n{block}\n"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
