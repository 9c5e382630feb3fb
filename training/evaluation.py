"""A bundle measured on films nobody taught it, read as a reading reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from core.radiograph import Mask, Radiograph
from core.refusal import Refused
from core.settings import settings
from evidence.baselines import both_weightings, trivial_features
from evidence.calibration import calibrated
from evidence.curves import reliability, roc_by_class
from evidence.delong import compare
from evidence.metrics import classification
from evidence.overlap import Overlap, overlap, summary
from evidence.pooling import pooled
from imaging import read_radiograph
from imaging.crop import Box, lay_back
from models import engine, registry
from recipes.limbs import find_limbs
from recipes.outlines import masks_of, outline_limb, shown_to
from recipes.recipe import Recipe
from training.examined import Examined
from training.limbs import limb_of
from training.manifest import Example, Manifest, ManifestError
from training.workers import each

Tell = Callable[[str, int, int], None]
ENDLESS = {"femur"}  # the shaft runs on beyond the square that is cut out: counted within the square
Array = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a bundle answered to one set of films, a row a limb that was found.

    truth [N]; answers: by candidate, and `joint`, calibrated probabilities [N, K]; group [N]: the patient.
    baselines: by name, what a logistic regression on something trivial answers [N, K], each limb by the persons of the
    other four fifths of this very set: more than a network may see of it.
    overlaps: by outliner and region, one a limb, NaN where the manifest names no mask. missed: limbs of the manifest
    that were not found.
    """

    name: str
    films: int
    limbs: int
    missed: int
    refused: dict[str, str]
    truth: npt.NDArray[np.int64]
    answers: dict[str, Array]
    baselines: dict[str, Array]
    group: list[int]
    overlaps: dict[str, dict[str, list[Overlap]]]
    paths: list[str]


@dataclass(frozen=True, eq=False)
class _Limb:
    """What one process hands back of one limb."""

    path: str
    label: int
    patient: str
    logits: dict[str, Array]
    trivial: list[float]
    age: float | None
    overlaps: dict[str, dict[str, Overlap]]


def examine(recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], workers: int, say: Tell) -> Examined:
    """Figures of every set, as the bundle in `folder` answers it."""
    found = measure(recipe, folder, sets, settings().weights, workers, say)
    return Examined({name: figures(one, recipe.labels) for name, one in found.items()})


def measure(
    recipe: Recipe, folder: Path, sets: Mapping[str, Manifest], root: Path, workers: int, say: Tell
) -> dict[str, Measured]:
    """Every set by name, as the bundle in `folder` answers it; finder and outlines, where they are not its own, come
    from the bundles under `root`. Raises BundleError in one sentence for one that is missing, ManifestError for a set
    on which nothing can be measured.
    """
    finder = registry.find(recipe.finder or "", root)
    own = bool(registry.at(folder).outliners)
    outlines = folder if own else registry.find(recipe.outlines, root) if recipe.outlines else None
    return {
        name: _set(name, manifest, recipe, folder, finder, outlines, workers, partial(say, f"measuring on {name}"))
        for name, manifest in sets.items()
    }


def _set(
    name: str,
    manifest: Manifest,
    recipe: Recipe,
    folder: Path,
    finder: Path,
    outlines: Path | None,
    workers: int,
    tell: Callable[[int, int], None],
) -> Measured:
    by_film: dict[Path, list[Example]] = {}
    for example in manifest.examples:
        if example.label in recipe.labels:
            by_film.setdefault(example.path, []).append(example)
    job = partial(_film, labels=recipe.labels, beside=manifest.folder, folder=folder, finder=finder, outlines=outlines)
    limbs: list[_Limb] = []
    refused: dict[str, str] = {}
    for done, (found, said) in enumerate(each(job, list(by_film.items()), workers, chunk=4), start=1):
        limbs += found
        refused |= said
        tell(done, len(by_film))
    if not limbs:
        raise ManifestError(
            f"found no limb on any of {len(by_film)} labelled films of {manifest.name}, expected hips from in front; "
            f"the first was refused: {next(iter(refused.values()), 'there is none')}"
        )
    bundle = registry.at(folder)
    answers = {
        one.name: calibrated(np.stack([limb.logits[one.name] for limb in limbs]), one.temperature)
        for one in bundle.candidates
    }
    drawn = limbs[0].overlaps
    truth = np.array([limb.label for limb in limbs])
    group = np.unique([limb.patient for limb in limbs], return_inverse=True)[1].tolist()
    return Measured(
        name=name,
        films=len(by_film),
        limbs=sum(map(len, by_film.values())),
        missed=sum(map(len, by_film.values())) - len(limbs),
        refused=refused,
        truth=truth,
        answers={"joint": pooled(list(answers.values()), [one.voice for one in bundle.candidates]), **answers},
        baselines=_baselines(limbs, truth, group, len(recipe.labels)),
        group=group,
        overlaps={
            outliner: {region: [limb.overlaps[outliner][region] for limb in limbs] for region in regions}
            for outliner, regions in drawn.items()
        },
        paths=[limb.path for limb in limbs],
    )


def _baselines(
    limbs: Sequence[_Limb], truth: npt.NDArray[np.int64], group: Sequence[int], count: int
) -> dict[str, Array]:
    """What brightness and contrast of the cut-out alone, and age alone, are worth; none for fewer than five people."""
    fold = [str(number % 5) for number in group]
    if len(set(fold)) < 5:
        return {}
    features = {"brightness and contrast": np.array([limb.trivial for limb in limbs])}
    ages = [limb.age for limb in limbs if limb.age is not None]
    if len(ages) == len(limbs):
        features["age"] = np.array(ages)[:, None]
    return {
        weighted: answer
        for name, values in features.items()
        for weighted, answer in both_weightings(name, values, truth, fold, count).items()
    }


def _film(
    film_rows: tuple[Path, list[Example]],
    labels: tuple[str, ...],
    beside: Path,
    folder: Path,
    finder: Path,
    outlines: Path | None,
) -> tuple[list[_Limb], dict[str, str]]:
    path, rows = film_rows
    on = torch.device("cpu")
    try:
        film = read_radiograph(path.read_bytes(), path.name)
        limbs = find_limbs(film, registry.at(finder).outliners[0], on)
    except Refused as fault:
        return [], {path.name: fault.refusal.message}
    bundle = registry.at(folder)
    first = registry.at(outlines).outliners if outlines else ()
    found, refused = [], {}
    for example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = "The limb was not found on its film."
            continue
        crop = limb.crop(film)
        masks: dict[str, Mask] = {}
        overlaps: dict[str, dict[str, Overlap]] = {}
        # Every network that outlines is measured where the recipe teaches them; elsewhere the first alone is needed.
        needed = first if bundle.outliners else first[:1] if any(one.region for one in bundle.candidates) else ()
        for outliner in needed:
            drawn = outline_limb(crop, outliner, on)
            if not masks and any(one.region for one in bundle.candidates):  # the first outliner's, as a reading's
                masks = masks_of(crop, outliner, on)
            overlaps[outliner.name] = {
                region: _overlap(
                    drawn.laid(region, limb.box, (film.height, film.width)), film, limb.box, example, region, beside
                )
                for region in drawn.maps
            }
        found.append(
            _Limb(
                path.name,
                labels.index(example.label or ""),
                example.patient or path.name,
                {one.name: engine.logits(one, shown_to(one, crop, masks), on) for one in bundle.candidates},
                trivial_features(crop),
                example.clinical.age_years,
                overlaps,
            )
        )
    return found, refused


def _overlap(drawn: Mask, film: Radiograph, box: Box, example: Example, region: str, beside: Path) -> Overlap:
    named: Any = example.others.get(f"mask_{region}")
    if not named:
        return Overlap(np.nan, np.nan, np.nan, np.nan)
    truth = np.asarray(Image.open(beside / str(named)).convert("L")) > 127
    if region in ENDLESS:
        truth = truth & (lay_back(np.ones((8, 8), np.float32), box, (film.height, film.width)) > 0.5)
    return overlap(truth, drawn, film.spacing_mm)


def figures(measured: Measured, labels: tuple[str, ...]) -> dict[str, Any]:
    """Everything to be said of one set in plain values, ready for JSON: figures with 95 % intervals by patient, curves,
    differences between the networks, and how well outlines lie."""
    table = {
        name: {
            **classification(measured.truth, answer, labels, measured.group),
            "roc": roc_by_class(measured.truth, answer, labels),
            "reliability": reliability(measured.truth, answer),
        }
        for name, answer in measured.answers.items()
    }
    single = [name for name in measured.answers if name != "joint"]
    alone = np.unique(measured.group, return_index=True)[1]  # DeLong's test takes one limb a patient
    return {
        "films": measured.films,
        "limbs": measured.limbs,
        "missed": measured.missed,
        "refused": len(measured.refused),
        "answers": table,
        "baselines": {
            name: classification(measured.truth, answer, labels, measured.group)
            for name, answer in measured.baselines.items()
        },
        "auc_differences": {
            f"{second} over {first}": {
                label: asdict(
                    compare(
                        measured.truth[alone] == number,
                        measured.answers[first][alone, number],
                        measured.answers[second][alone, number],
                    )
                )
                for number, label in enumerate(labels)
            }
            for position, first in enumerate(single)
            for second in single[position + 1 :]
        },
        "outlines": {name: summary(regions, measured.group) for name, regions in measured.overlaps.items()},
    }
