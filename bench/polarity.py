"""How often polarity errs on films of a source that its weights have not seen.

    python -m bench.polarity [--virtual 40] [--weights] [--out docs/evidence/dicom.md]

Every source in turn is left out, the weights are fitted on the others (logistic regression without intercept, each
source weighing the same), and its films and their inverted copies are judged. `--weights` prints those of all sources
together, from which the ones in `imaging/polarity.py` were taken; virtual films are made anew, some minutes on one
core, so that later simulators give slightly others.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

import simulation
from bench.section import write_section
from core.radiograph import Pixels
from core.refusal import Refused
from core.settings import settings
from imaging import read_radiograph
from imaging.collimation import exposed
from imaging.polarity import DARK_BELOW, WEIGHTS, boxes, measures

SEED, SIZE = 777, 768
PENALTY = 0.02  # on the squared weights, in standard deviations of each measure
FOLDERS = ("dicom", "hip_inverted", "knee_binary/images", "knee_qus/images", "spine_lateral", "wrong_site")
_NO_LIMB = ("RTIMAGE", "XA")  # images of a treatment beam and of vessels
Values = npt.NDArray[np.float64]


def films(virtual: int) -> Iterator[tuple[str, Pixels]]:
    """(source, film with bone bright): the real ones as read and looked at, then virtual ones of every view."""
    for folder in FOLDERS:
        for path in sorted((settings().data / folder).iterdir()):
            if path.name.startswith(_NO_LIMB):
                continue
            try:
                film = read_radiograph(path.read_bytes(), "", frame=0)
            except Refused:
                continue
            source = "knees" if folder.startswith("knee") else folder
            yield (path.name[:5] if folder == "wrong_site" else source), film.pixels
    scanners = tuple(simulation.SCANNERS)
    for index in range(virtual):
        scanner = scanners[index % len(scanners)]
        for view in simulation.VIEWS:
            pixels = simulation.simulate(view, SEED, index, scanner, SIZE, truth=False).pixels
            in_bytes = np.rint(pixels * 255).astype(np.float32) / np.float32(255)
            yield f"virtual {view}{', DXA' if scanner == 'vfa' else ''}", in_bytes


def fitted(rows: Values, sources: npt.NDArray[np.str_]) -> Values:
    """The weights that tell films from their inverted copies, which have the same measures with the sign changed."""
    share = np.zeros(len(rows))
    for source in set(sources):
        share[sources == source] = 1 / (sources == source).sum()
    share /= share.sum()
    scale = np.sqrt(share @ rows**2) + 1e-9
    scaled = rows / scale

    def loss(weights: Values) -> tuple[float, Values]:
        evidence = scaled @ weights
        slope = -(scaled.T @ (share / (1 + np.exp(evidence)))) + 2 * PENALTY * weights
        return float(share @ np.logaddexp(0, -evidence) + PENALTY * weights @ weights), slope

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x / scale


def judged(whole: Values, within: Values, weights: Values) -> Values:
    """As `bone_brightness` does: the weaker of the two boxes, none where they disagree."""
    one, other = whole @ weights, within @ weights
    return np.where(one * other > 0, np.where(abs(one) < abs(other), one, other), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--virtual", type=int, default=40)
    parser.add_argument("--weights", action="store_true")
    parser.add_argument("--out", type=Path, help="a Markdown file whose section on polarity is written anew")
    arguments = parser.parse_args()
    found = [
        (source, [measures(box) for box in boxes(pixels, exposed(pixels))])
        for source, pixels in films(arguments.virtual)
    ]
    sources = np.array([source for source, _ in found])
    whole, within = (np.array([measured[place] for _, measured in found]) for place in (0, -1))
    if arguments.weights:
        print("weights of all sources:", np.round(fitted(whole, sources), 2))
    lines = [
        "`python -m bench.polarity`: each source in turn is left out of the fit of the weights (right), and judged by",
        f"the weights that ship, which saw them all (left). A film is turned below {DARK_BELOW}; its inverted copy,",
        "whose evidence has the other sign, is missed above.",
        "",
        "| source | films | wrongly turned | copies missed | least | unseen: wrongly turned | copies missed | least |",
        "|---|---|---|---|---|---|---|---|",
    ]
    sums = np.zeros(4, int)
    for source in sorted(set(sources)):
        here = sources == source
        cells: list[str] = [source, str(here.sum())]
        errors: list[int] = []
        for weights in (np.array(WEIGHTS), fitted(whole[~here], sources[~here])):
            evidence = judged(whole[here], within[here], weights)
            counts = int((evidence < DARK_BELOW).sum()), int((evidence <= -DARK_BELOW).sum())
            cells += [*map(str, counts), f"{evidence.min():.2f}"]
            errors += counts
        sums += errors
        lines.append(f"| {' | '.join(cells)} |")
    seen, missed, unseen, unseen_missed = sums
    lines.append(f"| all | {len(found)} | {seen} | {missed} | | {unseen} | {unseen_missed} | |")
    print("\n".join(lines))
    if arguments.out:
        write_section(arguments.out, "Polarity of films from a source unseen", lines)


if __name__ == "__main__":
    main()
