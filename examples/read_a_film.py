"""Read a film and say what it shows: `python examples/read_a_film.py [FILM]`. A sample is read unless one is named."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # not needed after `pip install .`

from osteolens import read

SAMPLE = Path(__file__).resolve().parent.parent / "samples/virtual_pelvis.png"


def main() -> None:
    film = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    for answer in read(film.read_bytes(), film.name):
        if answer.refusal:
            print(f"refused: {answer.refusal.message}")
            continue
        estimate, side = answer.estimate, {"R": "right", "L": "left"}.get(answer.side or "", "film")
        if estimate and estimate.label:
            among = ", ".join(f"{label} {share:.0%}" for label, share in estimate.probabilities.items())
            print(f"{side}: {estimate.label} ({among}); cannot be ruled out: {', '.join(estimate.conformal_set)}")
        for name, score in (estimate.scores if estimate else {}).items():
            print(f"{side}: {name} {score.probability:.0%}")
        for region in answer.regions:
            print(f"  {region.name}: {region.area_px} pixels")
        for remark in answer.warnings:
            print(f"  {remark.message}")


if __name__ == "__main__":
    main()
