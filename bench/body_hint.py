"""Does the body that a hip film is made from tell its class? Densities of the same patients on several femora.

    python -m bench.body_hint [--patients 300]

Every patient is built on the built-in femur, on the built-in femur flattened by a third, and, where bone meshes are at
hand (OSTEOLENS_MESHES, or mesh/ under OSTEOLENS_DATA), on the femur of the meshes. Bone loss is solved once on the
built-in femur and carried over to the others (before), and once on the femur that is built (after). No film is made.

Writes docs/evidence/body_hint.md.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from core.labels import CLASSES
from core.reference import YOUNG
from core.settings import ROOT, settings
from simulation import densitometry, loss, mesh
from simulation.anatomy import femur
from simulation.anatomy.surface import Surface
from simulation.femora import Femur, draw_shape
from simulation.patient import draw
from simulation.xray.pose import STILL

Values = npt.NDArray[np.float64]

PAGE = ROOT / "docs/evidence/body_hint.md"
SEED = 40
WORKERS = 2
DRAWS = 1000
BUILT_IN = "built-in"
FLAT = 0.67  # depth of the flattened femur against the built-in one's
REGIONS = {"femoral_neck": "Femoral neck", "total_hip": "Total hip"}
# Of the lower T-score that was asked for; patients of one bin are compared with one another only. The thresholds lie in
# the middle of a bin: one that ended there would hold next to nobody of the other class.
BINS = (-np.inf, -3.25, -2.75, -2.25, -1.75, -1.25, -0.75, -0.25, np.inf)
WAYS = ("before", "after")
Scans = dict[tuple[str, str], tuple[float, float, str]]  # (body, way) -> neck and total hip, g/cm2, and the class


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=300)
    patients = parser.parse_args().patients
    known = [settings().meshes, settings().data / "mesh"]
    folder = next((one for one in known if one and (one / "l_femur.vtp").exists()), None)
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        found = list(pool.map(partial(patient, folder=folder), range(patients), chunksize=5))
    PAGE.write_text(page([asked for asked, _ in found], [scans for _, scans in found]))


@cache
def flattened() -> Surface:
    """The built-in femur, a third flatter from front to back but for its head: rays meet less of the same bone."""
    mean = femur.template()
    flat = mean.vertices * np.array([1.0, 1.0, FLAT])
    head = np.linalg.norm(mean.vertices, axis=1) < femur.HEAD_RADIUS + 2
    flat[head] = mean.vertices[head]
    return Surface(flat, mean.faces)


def surfaces(folder: Path | None) -> dict[str, Surface]:
    """Left femora by name, the built-in one first."""
    made = {BUILT_IN: femur.template(), "flattened": flattened()}
    return made | ({"mesh": mesh.left_femur(folder)} if folder else {})


def patient(index: int, folder: Path | None) -> tuple[dict[str, float], Scans]:
    """The densities asked of one hip of a patient, and what the virtual DXA measures of it on each body, with the loss
    solved on the built-in femur (before) and on the body itself (after)."""
    who, rng = draw(np.random.default_rng([SEED, index, 0])), np.random.default_rng([SEED, index, 1])
    shape, pattern, aims = draw_shape(who, rng), loss.Pattern.drawn(rng), loss.aims_of_one_hip(who, rng)
    plain = Femur.drawn(shape, np.random.default_rng([SEED, index, 2]))
    found: Scans = {}
    for name, surface in surfaces(folder).items():
        thigh = plain if name == BUILT_IN else Femur.drawn(shape, np.random.default_rng([SEED, index, 2]), surface)
        for way, solved_on in zip(WAYS, (plain, thigh), strict=True):
            if (name, WAYS[0]) in found and solved_on is plain:  # the built-in femur is the same either way
                found[name, way] = found[name, WAYS[0]]
                continue
            bone = thigh.bone("femur", "L", loss.solved(solved_on, pattern, aims), STILL)
            scan = densitometry.scan(bone, shape, "L", pitch_mm=0.8)
            neck, total = (scan.abmd[region] for region in REGIONS)
            found[name, way] = (neck, total, scan.label)
    return aims, found


def hint(is_class: npt.NDArray[np.bool_], bins: npt.NDArray[np.int64], times: Values) -> float:
    """AUROC of a class given the body alone, each patient `times` there on both bodies: how often, of a pair of one
    bin, of which one has the class and the other has not, that with it is the one on the other body; ties count half.

    is_class [N, 2]: on the built-in and on the other body.
    """
    right = pairs = 0.0
    for number in np.unique(bins):
        here = bins == number
        has = (is_class[here] * times[here, None]).sum(0)
        not_ = (~is_class[here] * times[here, None]).sum(0)
        right += has[1] * not_[0] + 0.5 * (has[0] * not_[0] + has[1] * not_[1])
        pairs += has.sum() * not_.sum()
    return float(right / pairs) if pairs else float("nan")


def resampled(count: int) -> list[Values]:
    """How often each patient stands in the cohort itself, and then in each bootstrap draw of it."""
    rng = np.random.default_rng(0)
    draws = [np.bincount(rng.integers(0, count, count), minlength=count).astype(float) for _ in range(DRAWS)]
    return [np.ones(count), *draws]


def told(values: list[float], form: str) -> str:
    """A figure with its 95 % interval, from the cohort's own value and those of the draws."""
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return f"{values[0]:{form}} ({low:{form}} to {high:{form}})"


def page(asked: list[dict[str, float]], scans: list[Scans]) -> str:
    """The whole page."""
    bodies = list(dict.fromkeys(body for body, _ in scans[0]))
    weights = resampled(len(scans))
    aims = np.array([[aim[region] for region in REGIONS] for aim in asked])
    lines = [
        "# Does the body tell the class?",
        "",
        f"Written by `python -m bench.body_hint --patients {len(scans)}`, seed {SEED}. Every patient is built on each "
        "body: the built-in femur, the same flattened by a third from front to back, and a mesh of real anatomy where "
        "one is at hand. Before: bone loss solved on the built-in femur and carried over to the other body, as in the "
        "films that the shipped hip models were trained on. After: solved on the body that is built. 95 % intervals by "
        f"bootstrap over patients, {DRAWS} draws.",
        "",
        "## Measured against asked for",
        "",
        "Relative difference of the virtual DXA's density from the one that the body was built for.",
        "",
        "| Region | Body | Solved | Mean difference, % | Within 3 % | Largest, % |",
        "|---|---|---|---|---|---|",
    ]
    for at, region in enumerate(REGIONS.values()):
        for body in bodies:
            for way in WAYS:
                off = 100 * (np.array([float(one[body, way][at]) for one in scans]) / aims[:, at] - 1)
                mean = told([float((off * times).sum() / times.sum()) for times in weights], "+.2f")
                near, most = (np.abs(off) <= 3).mean(), np.abs(off).max()
                lines.append(f"| {region} | {body} | {way} | {mean} | {100 * near:.1f} % | {most:.1f} |")
    lines += ["", "## Classes", "", "By the lower T-score of both regions, share of the same patients.", ""]
    lines += [f"| Body | Solved | {' | '.join(one.capitalize() for one in CLASSES)} |", "|---|---|" + "---|" * 3]
    for body in bodies:
        for way in WAYS:
            labels = [one[body, way][2] for one in scans]
            shares = " | ".join(f"{100 * labels.count(name) / len(labels):.1f} %" for name in CLASSES)
            lines.append(f"| {body} | {way} | {shares} |")
    lowest = ((aims - [YOUNG[region][0] for region in REGIONS]) / [YOUNG[region][1] for region in REGIONS]).min(1)
    bins = np.digitize(lowest, BINS)
    lines += [
        "",
        "## The class from the body alone",
        "",
        "AUROC of a class against the others when nothing is known but whether the body is the built-in one; 0.50: the "
        "body says nothing; above it: the class is commoner on the other body. Within bins: only patients whose lower "
        f"T-score asked for lies in the same of {len(BINS) - 1} bins are compared; T-scores of -2.5 and -1.0 lie in "
        "the middle of a bin, so few patients near them decide it.",
        "",
        "| Body beside the built-in one | Solved | Class | AUROC | AUROC within bins |",
        "|---|---|---|---|---|",
    ]
    for body in bodies[1:]:
        for way in WAYS:
            for name in CLASSES:
                is_class = np.array([[one[BUILT_IN, way][2] == name, one[body, way][2] == name] for one in scans])
                whole = told([hint(is_class, np.zeros_like(bins), times) for times in weights], ".3f")
                within = told([hint(is_class, bins, times) for times in weights], ".3f")
                lines.append(f"| {body} | {way} | {name} | {whole} | {within} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
