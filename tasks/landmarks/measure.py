"""How well landmarks lie: what was found on one film, and the figures of a set."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.example import Example
from core.vertebra import LEVELS, POINTS, Vertebra
from evidence.genant import greatest_loss, heights_of
from evidence.scores import DecisionThreshold, score_figures
from evidence.statistics.metrics import Bootstrap, kappa_of
from evidence.statistics.paired import mean_difference
from evidence.versus import Measure, Paired
from tasks.landmarks.marks import landmarks_of
from tasks.task import Truth

if TYPE_CHECKING:
    from models.bundle import Ensemble
    from tasks.part import Part

NEAR_MM = 10.0  # mean distance of a body's six points from the true ones, beyond which it is another body
Grades = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LandmarkPrediction:
    """bodies: vertebrae, measured and graded, from the sacrum up. joints: hips or knees (anatomy.limb.Limb).
    row, norm: what a closer look at the bodies goes on from (anatomy.vertebrae)."""

    bodies: tuple[Vertebra, ...] = ()
    joints: tuple[Any, ...] = ()
    row: Any = None
    norm: Any = None


@dataclass(frozen=True, eq=False)
class LandmarkRow:
    """One film: what was found beside the true landmarks. size: height and width; spacing: mm a pixel, NaN where not
    known."""

    prediction: LandmarkPrediction
    marks: dict[str, tuple[float, float]]
    example: Example
    size: tuple[int, int]
    spacing: float


def compare(prediction: LandmarkPrediction, part: "Part", truth: Truth) -> LandmarkRow:
    """What was found beside the row's landmarks."""
    film = truth.film
    plain = LandmarkPrediction(prediction.bodies, prediction.joints)
    spacing = film.spacing_mm[0] if film.spacing_mm else float("nan")
    return LandmarkRow(plain, landmarks_of(truth.example), truth.example, (film.height, film.width), spacing)


def figures(rows: Sequence[LandmarkRow], part: "Part", ensemble: "Ensemble") -> dict[str, Any]:
    """Of the vertebrae; nothing where no row has their points."""
    known = [row for row in rows if row.marks]
    return {"vertebrae": vertebra_figures(known)} if known else {}


def extras(rows: Sequence[LandmarkRow], part: "Part") -> dict[str, Any]:
    return {}


def vertebra_figures(rows: Sequence[LandmarkRow]) -> dict[str, Any]:
    """How many bodies that are whole on the film are found, how far their points and heights are off, and how well the
    grades agree with the truth; and what the greatest loss of height alone says of a fracture."""
    there = found_there = invented = 0
    off, heights, truth, said, graded, worst, broken, whose = [], [], [], [], [], [], [], []
    for row in rows:
        points_of = {level: np.array([row.marks.get(f"{level}_{point}", (np.nan, np.nan)) for point in POINTS])
                     for level in LEVELS}  # fmt: skip
        if np.isnan(np.stack(list(points_of.values()))).any():
            continue
        by_level = {body.level: body for body in row.prediction.bodies}
        size = np.array(row.size[::-1])
        for level, points in points_of.items():
            on_film = bool(((points > 0) & (points < size)).all())
            there += int(on_film)
            body = by_level.get(level)
            if body is None:
                continue
            if (points[:, 1] < 0).all() or (points[:, 1] > size[1]).all():
                invented += 1
                continue
            if not on_film:
                continue
            found_there += 1
            off.append(np.linalg.norm(np.array(body.points) - points, axis=1) * row.spacing)
            heights.append(np.abs(np.array(body.heights) / (heights_of(points) * row.spacing) - 1))
            grade = row.example.others.get(f"genant_{level}")
            if grade is not None and body.grade is not None:
                truth.append(int(grade))
                said.append(body.grade)
                graded.append(row.example.person)
        lost = greatest_loss(row.prediction.bodies)
        if lost is not None and row.example.others.get("fracture") is not None:
            worst.append(lost)
            broken.append(int(row.example.others["fracture"]) == 1)
            whose.append(row.example.person)
    if not off or not truth:
        return {"bodies": there, "found": found_there, "invented": invented}
    result: dict[str, Any] = {
        "bodies": there,
        "found": found_there,
        "invented": invented,
        "point_mm": {"median": float(np.median(off)), "of_95": float(np.quantile(off, 0.95))},
        "height_share": {"median": float(np.median(heights)), "of_95": float(np.quantile(heights, 0.95))},
        **grade_figures(np.array(truth), np.array(said), graded),
    }
    if any(broken) and not all(broken):
        result["fracture_by_heights"] = score_figures(np.array(broken), np.array(worst), DecisionThreshold(0.2), whose)
    return result


def grade_figures(truth: Grades, said: Grades, group: Sequence[str]) -> dict[str, Any]:
    """Genant grades [N] against the truth: the table of both, kappa, and sensitivity and specificity with 95 %
    intervals by patient."""
    result: dict[str, Any] = {
        "grades": [[int(((truth == a) & (said == b)).sum()) for b in range(4)] for a in range(4)],
        "grade_kappa": float(kappa_of(truth, said, 4)),
        "by_grade": {},
    }
    for least in (1, 2):
        positive, called = truth >= least, said >= least
        drawn = Bootstrap(group)
        result["by_grade"][f"{least} and more"] = {
            "bodies": int(positive.sum()),
            "sensitivity": asdict(drawn.ratio(positive & called, positive)),
            "specificity": asdict(drawn.ratio(~positive & ~called, ~positive)),
        }
    return result


def paired(
    first: Sequence[LandmarkRow],
    second: Sequence[LandmarkRow],
    part: "Part",
    ensembles: "tuple[Ensemble, Ensemble]",
) -> Paired:
    """Two bundles' vertebrae on the same films. The share of bodies with known points that were not found, or whose
    points lie more than `NEAR_MM` off on the mean, decides."""
    measures = []
    group = [row.example.person for row in first]
    one, other = (np.array([_missed(row) for row in rows]) for rows in (first, second))
    known = np.isfinite(one)
    if known.any():
        rates = [float(each[known].mean()) for each in (one, other)]
        measures.append(
            Measure("Share of bodies missed", rates[0], rates[1], mean_difference(one, other, group), better="less")
        )
    return Paired("Share of bodies missed", (one, other), tuple(measures))


def _missed(row: LandmarkRow) -> float:
    """NaN where the row names no body whole on the film."""
    size, by_level = np.array(row.size[::-1]), {body.level: body for body in row.prediction.bodies}
    there = missed = 0
    for level in LEVELS:
        points = np.array([row.marks.get(f"{level}_{point}", (np.nan, np.nan)) for point in POINTS])
        if np.isnan(points).any() or not ((points > 0) & (points < size)).all():
            continue
        there += 1
        body = by_level.get(level)
        off = np.inf if body is None else np.linalg.norm(np.array(body.points) - points, axis=1).mean() * row.spacing
        missed += int(not off <= NEAR_MM)  # without a spacing nothing is near
    return missed / there if there else np.nan
