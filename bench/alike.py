"""Whether two versions of the code give the same readings: record with each, then compare.

python bench/alike.py record FILE [--every N]     with PYTHONPATH at the checkout whose readings are recorded
python bench/alike.py compare ONE OTHER

Reads the samples and the real films at hand (setting OSTEOLENS_DATA), by every recipe that takes their site.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

TOLERANCE = 1e-5  # of probabilities and of densities in g/cm2
PIXEL_MM = 0.2793  # of the real pelves, from the scale burnt into them
HIPS = ("auto", "hip_regions", "hip_bmd")
FILMS: tuple[tuple[str, tuple[str, ...], float | None], ...] = (
    ("pelvis_ap/**/*", HIPS, PIXEL_MM),
    ("hip_inverted/*", ("auto", "hip_regions"), None),
    ("knee_qus/images/*", ("auto",), None),
    ("spine_lateral/*", ("auto",), None),
    ("dicom/*", ("auto",), None),
    ("wrong_site/**/*", ("auto", "hip_vit"), None),
)
PICTURES = {".png", ".jpg", ".jpeg", ".dcm", ".tif", ""}


def record(file: Path, every: int) -> None:
    """Write the readings of every film, a row a limb, without what is only timing."""
    from core.settings import settings
    from reading import read_file

    jobs: list[tuple[Path, str, float | None]] = [
        (path, recipe, None) for path in sorted(Path("samples").glob("*.*")) for recipe in ("auto",)
    ]
    jobs += [(path, recipe, 0.14) for path in sorted(Path("samples").glob("*hip*.*")) for recipe in HIPS[1:]]
    for pattern, recipes, pixel_mm in FILMS:
        found = [path for path in sorted(settings().data.glob(pattern)) if path.suffix.lower() in PICTURES]
        few = found if len(found) <= 24 else found[::every]
        jobs += [(path, recipe, pixel_mm) for path in few if path.is_file() for recipe in recipes]
    rows: dict[str, Any] = {}
    for done, (path, recipe, pixel_mm) in enumerate(jobs, start=1):
        answers = read_file(path, recipe, pixel_mm=pixel_mm)
        rows[f"{'/'.join(path.parts[-3:])} {recipe}"] = [plain(one.row()) for one in answers]
        print(f"{done} of {len(jobs)}", end="\r", file=sys.stderr)
    file.write_text(json.dumps(rows, indent=1, sort_keys=True), encoding="utf-8")
    print(f"\n{len(jobs)} readings in {file}")


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what differs from run to run or from machine to machine."""
    left_out = ("timing_ms", "case_id", "path")
    return {key: value for key, value in row.items() if key not in left_out}


def compare(one: Path, other: Path) -> int:
    """Print every difference beyond the tolerance; 1 where there is any."""
    first, second = (json.loads(path.read_text(encoding="utf-8")) for path in (one, other))
    said = [f"{name}: only in one of them" for name in sorted(first.keys() ^ second.keys())]
    largest = [0.0]
    for name in sorted(first.keys() & second.keys()):
        said += differences(first[name], second[name], name, largest)
    print("\n".join(said) or "no difference")
    print(f"{len(first.keys() & second.keys())} readings compared, largest difference of a number {largest[0]:.2g}")
    return 1 if said else 0


def differences(one: Any, other: Any, where: str, largest: list[float]) -> list[str]:
    """Where two values of JSON differ by more than the tolerance."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return [said for key in keys for said in differences(one.get(key), other.get(key), f"{where} {key}", largest)]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = zip(one, other, strict=True)
        return [said for n, pair in enumerate(pairs) for said in differences(*pair, f"{where} {n}", largest)]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers:
        largest[0] = max(largest[0], abs(one - other))
    same = abs(one - other) <= TOLERANCE if numbers else one == other
    return [] if same else [f"{where}: {one!r} and {other!r}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, dest="step")
    step = steps.add_parser("record")
    step.add_argument("file", type=Path)
    step.add_argument("--every", type=int, default=4, help="of the larger folders, one film in so many")
    step = steps.add_parser("compare")
    step.add_argument("one", type=Path)
    step.add_argument("other", type=Path)
    words = parser.parse_args()
    if words.step == "compare":
        return compare(words.one, words.other)
    record(words.file, words.every)
    return 0


if __name__ == "__main__":
    sys.exit(main())
