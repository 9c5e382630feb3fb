"""Where the finder finds hips, and where it must not.

    python -m bench.finder [--films 300] [--workers 2]

Virtual persons nobody learned from on both scanners, hips with metal in them, and, where they are at hand (setting
OSTEOLENS_DATA), real films: hips from in front and from the side, knees, spines, chests. Writes
docs/evidence/hip_finder.md. Real films stay out of the project: pictures of them go to runs/finder/.
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch

from anatomy.femur import NEEDED
from anatomy.find import find_limbs
from bench.section import write_section
from core.radiograph import Radiograph
from core.refusal import Refused
from core.settings import ROOT, settings
from imaging import check, read_radiograph
from models import registry
from recipes.hip_finder import FINDER
from simulation.uncommon import Uncommon
from training.cohorts.fresh import marks, radiograph
from training.cohorts.virtual import EXTERNAL, INTERNAL, METAL

PAGE = ROOT / "docs/evidence/hip_finder.md"
COHORTS = {
    "internal scanner": ("alpha", INTERNAL, Uncommon()),
    "external scanner": ("beta", EXTERNAL, Uncommon()),
    "dysplasia, internal scanner": ("alpha", METAL + 300, Uncommon(dysplasia=1.0)),
    "dysplasia, external scanner": ("beta", METAL + 400, Uncommon(dysplasia=1.0)),
    "metal, internal scanner": ("alpha", METAL + 100, Uncommon(implants=1.0)),
    "metal, external scanner": ("beta", METAL + 200, Uncommon(implants=1.0)),
}
REAL = {
    "hips from in front": ("hip_inverted", "*_ap.png"),
    "hips from the side": ("hip_inverted", "*_l.png"),
    "knees (knee_qus)": ("knee_qus/images", "*"),
    "spines from the side": ("spine_lateral", "*"),
    "chests and spines from in front (wrong_site)": ("wrong_site", "**/*.*"),
}


def virtual(index: int, scanner: str, seed: int, uncommon: Uncommon) -> list[dict[str, Any]]:
    """One virtual film: for each of its femora whether it was found, and how far its landmarks are off, in mm."""
    import simulation

    film = simulation.simulate("hip_ap", seed, index, scanner, 768, uncommon=uncommon)
    seen, places = radiograph(film), marks(film)
    limbs = {limb.side: limb for limb in _limbs(seen)}
    flagged = any(notice.code == "implant" for notice in _notices(seen))
    rows = []
    for row in film.rows:
        limb = limbs.get(row["side"])
        known = [name for name in NEEDED if f"{row['side']}_{name}" in places]
        off = (
            [float(np.hypot(*np.subtract(limb.points[name], places[f"{row['side']}_{name}"]))) for name in known]
            if limb
            else []
        )
        rows.append(
            {
                "found": limb is not None,
                "flagged": flagged,
                "implant": row.get("implant") or "",
                "arthritis": bool(row.get("arthritis")),
                "dysplasia": bool(row.get("dysplasia")),
                "off_mm": dict(zip(known, np.multiply(off, film.spacing_mm[0]).tolist(), strict=False)),
            }
        )
    return rows


def _limbs(film: Radiograph):  # type: ignore[no-untyped-def]
    finder = registry.bundle(FINDER, settings().weights).networks["finder"]
    return find_limbs(film, finder, torch.device("cpu"))


def _notices(film: Radiograph):  # type: ignore[no-untyped-def]
    try:
        return check(film)
    except Refused as fault:
        return [fault.refusal]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--films", type=int, default=300)
    words.add_argument("--workers", type=int, default=2)
    asked = words.parse_args()
    PAGE.write_text(f"# Where {FINDER} finds hips\n\nWritten by `python -m bench.finder --films {asked.films}`.\n")
    with ProcessPoolExecutor(asked.workers, get_context("spawn"), partial(torch.set_num_threads, 1)) as pool:
        for name, (scanner, seed, uncommon) in COHORTS.items():
            count = asked.films if not uncommon.asked() else max(40, asked.films // 4)
            job = partial(virtual, scanner=scanner, seed=seed, uncommon=uncommon)
            rows = [row for film in pool.map(job, range(count), chunksize=4) for row in film]
            write_section(
                PAGE, f"Virtual persons, {name}", _metal(rows) if uncommon.implants else _plain(rows, count, seed)
            )
    write_section(PAGE, "Real films", _real())


def _plain(rows: list[dict[str, Any]], films: int, seed: int) -> list[str]:
    found = [row for row in rows if row["found"]]
    sick, born = [row for row in rows if row["arthritis"]], [row for row in rows if row["dysplasia"]]
    lines = [
        f"{films} films of persons nobody learned from (seed {seed}), {len(rows)} femora: {len(found)} found. Of "
        f"{len(sick)} with arthritis: {sum(row['found'] for row in sick)} found"
        + (f"; of {len(born)} with dysplasia: {sum(row['found'] for row in born)} found." if born else "."),
        "",
        "| landmark | median error, mm | 95 of 100 below, mm | largest, mm |",
        "|---|---|---|---|",
    ]
    for name in NEEDED:
        off = np.array([row["off_mm"][name] for row in found])
        lines.append(
            f"| {name.replace('_', ' ')} | {np.median(off):.1f} | {np.quantile(off, 0.95):.1f} | {off.max():.1f} |"
        )
    return lines


def _metal(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "A prosthesis has no femoral head to be found; a nail or screws leave the bone in place. `remarked`: femora on "
        "films where the check for metal spoke.",
        "",
        "| in the femur | femora | found | largest error where found, mm | remarked |",
        "|---|---|---|---|---|",
    ]
    for kind, _ in Counter(row["implant"] for row in rows).most_common():
        of = [row for row in rows if row["implant"] == kind]
        off = [value for row in of for value in row["off_mm"].values()]
        what = kind.replace("_", " ") or "nothing (the other side)"
        found, remarked = sum(row["found"] for row in of), sum(row["flagged"] for row in of)
        lines.append(f"| {what} | {len(of)} | {found} | {f'{max(off):.1f}' if off else ''} | {remarked} |")
    return lines


def _real() -> list[str]:
    if not settings().data.exists():
        return ["No real films at hand when this was written (setting OSTEOLENS_DATA)."]
    lines = ["| films | read | with a femur found | femora |", "|---|---|---|---|"]
    for name, (folder, pattern) in REAL.items():
        read, found = 0, []
        for path in sorted((settings().data / folder).glob(pattern)):
            try:
                film = read_radiograph(path.read_bytes(), path.name)
            except Refused:
                continue
            read += 1
            found.append(len(_limbs(film)))
        lines.append(f"| {name} | {read} | {sum(map(bool, found))} | {sum(found)} |")
    return lines


if __name__ == "__main__":
    main()
