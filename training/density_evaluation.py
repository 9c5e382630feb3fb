"""Bone density as a bundle tells it of films nobody taught it, and what it tells of the same person filmed again."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

import simulation
from anatomy.find import find_limbs
from core.radiograph import Radiograph, Side
from core.refusal import Refused
from core.settings import settings
from evidence.agreement import agreement, coverage, likeness, pearson, repeatability
from evidence.densitometry import Residuals, class_probabilities, lowest_t, who_class
from evidence.metrics import classification
from imaging import read_radiograph
from imaging.crop import cut_map
from imaging.preprocess import Preprocess
from models import engine, registry
from models.engine import Measurement
from recipes.recipe import Recipe
from simulation import VirtualFilm
from training.cohorts.fresh import radiograph
from training.ct.ct_projections import NotLaid
from training.ct.projections import COLUMNS, projection_of
from training.data.limbs import limb_of
from training.data.manifest import Example, Manifest, ManifestError
from training.data.workers import each
from training.density_course import abmd_columns
from training.examined import Examined

Tell = Callable[[str, int, int], None]
Array = npt.NDArray[np.floating]
COMPARED = 200  # films a set whose projections are held against the truth
REPEATED = 9000  # seed of the persons who are filmed again and again; they are in no cohort
PERSONS = 40
POSES = 4
QUALITIES = (95, 90, 80, 70, 60, 50, 40, 30)
DOSES = (1.0, 0.5, 0.25, 0.1, 0.05)


@dataclass(frozen=True, eq=False)
class Pictured:
    """One limb whose projection was compared: film in 0..1, projection and truth in g/cm2, each [H, W]."""

    film: Array
    drawn: Array
    truth: Array
    likeness: float  # structural similarity
    r: float


@dataclass(frozen=True, eq=False)
class MeasuredDensity:
    """One set: truth, answer and the interval's ends [N, R] in g/cm2; probabilities [N, K] of the bundle's classes;
    group [N]: the patient."""

    name: str
    regions: tuple[str, ...]
    films: int
    missed: int
    refused: dict[str, str]
    truth: Array
    answer: Array
    low: Array
    high: Array
    labels: tuple[str, ...]
    probabilities: Array
    group: list[str]
    pictured: list[Pictured]
    coverage: float


_Limb = tuple[str, Array, Measurement, Pictured | None]  # patient, truth, answer, comparison


def examine(recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], workers: int, say: Tell) -> Examined:
    """Figures of every set, as the bundle in `folder` answers it, and the limbs whose projections were compared."""
    found = measure(recipe, folder, sets, settings().weights, workers, say)
    return Examined(
        {name: figures(one) for name, one in found.items()},
        pictured={name: one.pictured for name, one in found.items()},
    )


def measure(
    recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], root: Path, workers: int, say: Tell
) -> dict[str, MeasuredDensity]:
    """Every set by name, as the bundle in `folder` answers it. Raises ManifestError for one without a hip."""
    finder = registry.find(recipe.finder or "", root)
    return {
        name: _set(name, manifest, recipe, folder, finder, workers, partial(say, f"measuring on {name}"))
        for name, manifest in sets.items()
    }


def _set(
    name: str,
    manifest: Manifest,
    recipe: Recipe,
    folder: Path,
    finder: Path,
    workers: int,
    tell: Callable[[int, int], None],
) -> MeasuredDensity:
    by_film: dict[Path, list[Example]] = {}
    for example in manifest.examples:
        by_film.setdefault(example.path, []).append(example)
    jobs = [(path, rows, number < COMPARED) for number, (path, rows) in enumerate(by_film.items())]
    job = partial(_film, columns=abmd_columns(recipe), beside=manifest.folder, folder=folder, finder=finder)
    limbs: list[_Limb] = []
    refused: dict[str, str] = {}
    for done, (found, said) in enumerate(each(job, jobs, workers, chunk=2), start=1):
        limbs += found
        refused |= said
        tell(done, len(jobs))
    if not limbs:
        raise ManifestError(
            f"found no limb on any of {len(jobs)} films of {manifest.name}, expected hips from in front; the first was "
            f"refused: {next(iter(refused.values()), 'there is none')}"
        )
    densitometer = registry.at(folder).densitometers[0]
    residuals = Residuals.from_dict(densitometer.outputs, densitometer.facts)
    answer, spread = np.stack([one.abmd for _, _, one, _ in limbs]), np.stack([one.spread for _, _, one, _ in limbs])
    low, high = residuals.interval(answer, spread)
    shares = [class_probabilities(residuals, *one, recipe.labels)[1] for one in zip(answer, spread, strict=True)]
    return MeasuredDensity(
        name,
        densitometer.outputs,
        len(jobs),
        sum(len(rows) for _, rows, _ in jobs) - len(limbs),
        refused,
        np.stack([truth for _, truth, _, _ in limbs]),
        residuals.settled(answer, spread)[0],
        low,
        high,
        recipe.labels,
        np.array([[share[label] for label in recipe.labels] for share in shares]),
        [patient for patient, *_ in limbs],
        [one for *_, one in limbs if one is not None],
        residuals.coverage,
    )


def _film(
    job: tuple[Path, list[Example], bool], columns: Sequence[str], beside: Path, folder: Path, finder: Path
) -> tuple[list[_Limb], dict[str, str]]:
    path, rows, compared = job
    densitometer = registry.at(folder).densitometers[0]
    inputs = Preprocess.from_dict(densitometer.preprocessing)
    try:
        film = read_radiograph(path.read_bytes(), path.name)
        limbs = find_limbs(film, registry.at(finder).outliners[0], torch.device("cpu"))
    except Refused as fault:
        return [], {path.name: fault.refusal.message}
    found: list[_Limb] = []
    refused = {}
    for example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = "The limb was not found on its film."
            continue
        grey = inputs.grey(limb.crop(film))
        answer = engine.measure(densitometer, grey, torch.device("cpu"))
        values = [example.others.get(column) for column in columns]
        truth = np.array([np.nan if value is None else float(value) for value in values])
        whole = _projection(example, beside, film) if compared else None
        picture = None
        if whole is not None:
            real = cut_map(whole, limb.box, grey.shape[0])
            r = pearson(answer.projection.ravel(), real.ravel())
            picture = Pictured(
                grey.astype(np.float16), answer.projection.astype(np.float16), real.astype(np.float16),
                likeness(answer.projection, real), r,
            )  # fmt: skip
        found.append((example.patient or path.name, truth, answer, picture))
    return found, refused


def _projection(example: Example, beside: Path, film: Radiograph) -> Array | None:
    """The proximal femur's; None where there is none, or a CT that does not lie on its film."""
    try:
        return projection_of(example, COLUMNS[1], beside, film)
    except NotLaid:
        return None


def figures(measured: MeasuredDensity) -> dict[str, Any]:
    """Everything to be said of one set in plain values: agreement and coverage by region with 95 % intervals by
    patient, how like the truth the projections are, and the answers themselves for plots."""
    regions = {}
    for at, region in enumerate(measured.regions):
        truth, answer = measured.truth[:, at], measured.answer[:, at]
        known = np.isfinite(truth)
        group = [one for one, there in zip(measured.group, known, strict=True) if there]
        regions[region] = {
            **agreement(truth, answer, measured.group),
            **(
                {
                    "coverage": coverage(truth[known], measured.low[known, at], measured.high[known, at], group),
                    "interval_width": round(float((measured.high - measured.low)[:, at].mean()), 4),
                    "truth": truth[known].round(4).tolist(),
                    "answer": answer[known].round(4).tolist(),
                }
                if known.any()
                else {}
            ),
        }
    like = np.array([[one.likeness, one.r] for one in measured.pictured])
    return {
        "films": measured.films,
        "limbs": len(measured.group),
        "missed": measured.missed,
        "refused": len(measured.refused),
        "promised_coverage": measured.coverage,
        "regions": regions,
        "classes": _classes(measured),
        "projections": {
            "limbs": len(like),
            "likeness": _spread_of(like[:, 0]),
            "r": _spread_of(like[:, 1]),
        }
        if len(like)
        else {"limbs": 0},
    }


def _classes(measured: MeasuredDensity) -> dict[str, Any]:
    """How well the classes by the lower T-score agree, of limbs whose densities are all known; empty without any."""
    true = lowest_t(measured.truth, measured.regions)
    known = np.isfinite(true)
    if not known.any():
        return {}
    truth = np.array([measured.labels.index(who_class(float(one))) for one in true[known]])
    group = [one for one, there in zip(measured.group, known, strict=True) if there]
    return classification(truth, measured.probabilities[known], measured.labels, group)


def _spread_of(values: Array) -> dict[str, float]:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return {"median": round(float(middle), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def again(
    folder: Path, finder: Path, scanner: str, workers: int, tell: Callable[[int, int], None], persons: int = PERSONS
) -> dict[str, Any]:
    """The same virtual persons in other poses, through JPEG of falling quality, and at falling dose: coefficients of
    variation, and how far answers and errors move."""
    job = partial(_person, folder=folder, finder=finder, scanner=scanner)
    found = []
    for done, one in enumerate(each(job, range(persons), workers, chunk=2), start=1):
        found.append(one)
        tell(done, persons)
    kept = [one for one in found if one is not None]
    if len(kept) < 3:
        raise ManifestError(f"found the hip of {len(kept)} of {persons} virtual persons, expected 3 and more")
    regions = registry.at(folder).densitometers[0].outputs
    truth, poses, packed, dimmed = (np.stack([one[part] for one in kept]) for part in range(4))  # [P, steps, R]

    def curve(steps: Sequence[float], answers: Array, at: int) -> list[dict[str, float | None]]:
        first = answers[:, 0, at]
        rows: list[dict[str, float | None]] = []
        for number, step in enumerate(steps):
            here = answers[:, number, at]
            there = np.isfinite(here) & np.isfinite(first)
            rows.append(
                {
                    "step": float(step),
                    "found": int(there.sum()),
                    "moved": round(float(np.abs(here - first)[there].mean()), 5) if there.any() else None,
                    "rmse": round(float(np.sqrt(((here - truth[:, at])[there] ** 2).mean())), 5)
                    if there.any()
                    else None,
                }
            )
        return rows

    return {
        "scanner": scanner,
        "persons": len(kept),
        "not_found": persons - len(kept),
        "regions": {
            region: {
                "poses": repeatability(poses[:, :, at]),
                "jpeg": curve((100, *QUALITIES), packed, at),
                "dose": curve(DOSES, dimmed, at),
            }
            for at, region in enumerate(regions)
        },
    }


def _person(index: int, folder: Path, finder: Path, scanner: str) -> tuple[Array, Array, Array, Array] | None:
    """Truth [R], poses, JPEG qualities and doses [steps, R] of one hip; None where a pose's hip is not found."""

    def taken(pose: int = 0, dose: float = 1.0) -> VirtualFilm:
        return simulation.simulate(
            "hip_ap", REPEATED, index, scanner, size=768, frame="hip", pose=pose, truth=False, dose=dose
        )

    films = [taken(pose) for pose in range(POSES)]
    row = films[0].rows[0]
    side: Side = row["side"]

    def told(film: Radiograph) -> Array:
        densitometer = registry.at(folder).densitometers[0]
        nothing = np.full(len(densitometer.outputs), np.nan)
        limb = limb_of(side, find_limbs(film, registry.at(finder).outliners[0], torch.device("cpu")))
        if limb is None:
            return nothing
        grey = Preprocess.from_dict(densitometer.preprocessing).grey(limb.crop(film))
        one = engine.measure(densitometer, grey, torch.device("cpu"))
        return Residuals.from_dict(densitometer.outputs, densitometer.facts).settled(one.abmd, one.spread)[0]

    poses = np.stack([told(radiograph(film)) for film in films])
    if not np.isfinite(poses).all():
        return None
    packed = [poses[0], *(told(_packed(films[0], quality)) for quality in QUALITIES)]
    dimmed = [poses[0], *(told(radiograph(taken(dose=dose))) for dose in DOSES[1:])]
    outputs = registry.at(folder).densitometers[0].outputs
    truth = np.array([row[f"abmd_{region}"] for region in outputs])
    return truth, poses, np.stack(packed), np.stack(dimmed)


def _packed(film: VirtualFilm, quality: int) -> Radiograph:
    """The film after JPEG, read as an upload is."""
    file = io.BytesIO()
    Image.fromarray(np.round(film.pixels * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return read_radiograph(file.getvalue(), "film.jpg")
