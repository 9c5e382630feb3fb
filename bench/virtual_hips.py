"""Virtual hips as several recipes read them: made once, read once, kept under `runs/` for the measurements that share
them.

    python -m bench.virtual_hips beta 9200 240      # one cohort, ahead of time; stopped and run again, it goes on
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import reading
from anatomy.find import JOINTS, sided
from core.clinical import Clinical
from core.finding import Finding
from core.labels import CLASSES as LABELS
from core.radiograph import Radiograph
from core.refusal import Refused
from core.regions import Regions
from core.settings import ROOT, settings
from core.system.clock import Clock
from evidence.densitometry import YOUNG, lowest_t
from evidence.out_of_distribution import OutOfDistribution
from imaging import check, read_radiograph
from imaging.upright import upright
from models import engine, registry
from models.bundle import Bundle
from recipes import Recipe, by_name
from tasks import CLASSES, DENSITY
from tasks.case import Case
from tasks.density.read import check_scale
from training.cohorts.virtual import Cohort, made

Array = npt.NDArray[np.floating]
Tell = Callable[[int, int], None]

RUNS = ROOT / "runs/choice"
CLASSIFIER, DENSITOMETER = "hip_vit", "hip_bmd"
# Persons whom nobody learned from, whose films no bundle was measured on. Bounds are tuned on the first cohort alone.
TUNING = Cohort("hip_ap", "alpha", 9100, 120)
POOL = Cohort("hip_ap", "beta", 9200, 200)
TEST = Cohort("hip_ap", "beta", 9300, 200)


@dataclass(frozen=True, eq=False)
class Hips:
    """N hips, in the order of their films.

    film [N]: number of the film in its cohort; patient [N]: whose it is. truth [N]: number of the class; abmd [N, 2]:
    true density of femoral neck and total hip, g/cm2. own, features: by network of hip_vit, probabilities [N, K] and
    what its last layer sees [N, D]. joint [N, K]: hip_vit's answer. distance [N]: its out-of-distribution score.
    density [N, K]: hip_bmd's probabilities; t [N]: its lower T-score. steady, poor [N]: whether the outlines stay where
    they are, and whether the film was remarked on as poor.
    """

    film: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64]
    abmd: Array
    own: Mapping[str, Array]
    features: Mapping[str, Array]
    joint: Array
    distance: Array
    unusual: float
    density: Array
    t: Array
    steady: npt.NDArray[np.bool_]
    poor: npt.NDArray[np.bool_]
    refused: int

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def patient(self) -> list[int]:
        """A film is a person's only one."""
        return self.film.tolist()

    @cached_property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """Where hip_vit's likeliest class is not the true one."""
        return np.asarray(self.joint.argmax(1) != self.truth)


def hips(cohort: Cohort, tell: Tell | None = None) -> Hips:
    """A cohort's hips, made and read where they are not there yet."""
    manifest = made(cohort, RUNS, 1, tell)
    truth: dict[tuple[str, str | None], Any] = {
        (one.path.name, one.others.get("side")): one for one in manifest.examples
    }
    kept = RUNS / cohort.name / "read"
    kept.mkdir(parents=True, exist_ok=True)
    films = sorted({one.path for one in manifest.examples})
    rows: list[dict[str, Any]] = []
    refused = 0
    for number, path in enumerate(films):
        file = kept / f"{path.stem}.npz"
        if not file.exists():
            draft = file.with_suffix(".part.npz")
            np.savez_compressed(draft, rows=np.array(read(path, outlined=cohort != POOL), object))
            draft.replace(file)
        with np.load(file, allow_pickle=True) as stored:  # written by this very program
            found = stored["rows"].tolist()
        refused += not found
        for row in found:
            known = truth.get((path.name, row["side"]))
            if known is not None and known.label is not None:
                rows.append({**row, "film": number, "known": known})
        if tell is not None:
            tell(number + 1, len(films))
    return _gathered(rows, refused)


def read(path: Path, outlined: bool) -> list[dict[str, Any]]:
    """Every limb on one film, by the networks that the reading room reads with; nothing where it is refused.

    outlined: whether its regions are drawn as well, two fifths of the time.
    """
    on = engine.device(settings().device)
    try:
        film = read_radiograph(path.read_bytes(), path.name)
        film = upright(film).film
        notices = (*film.notices, *check(film))
        recipe = by_name(CLASSIFIER)
        limbs, _ = sided(film, "hip", recipe.shows, reading.limbs_on(film, recipe.finder or ""))
    except Refused:
        return []
    rows = []
    for limb in limbs:
        case = Case(film, limb, Clinical(), notices, CLASSIFIER, recipe.shows, on, Clock())
        try:
            rows.append(_limb(case, recipe, film, outlined))
        except Refused:
            continue
    return rows


def _limb(case: Case, recipe: Recipe, film: Radiograph, outlined: bool) -> dict[str, Any]:
    assert case.limb is not None
    bundle, measuring = (
        registry.bundle(by_name(name).bundle or "", settings().weights) for name in (CLASSIFIER, DENSITOMETER)
    )
    square = case.limb.square(JOINTS[recipe.site].called, film)
    found = Finding(notices=case.notices, regions=Regions((square,)))
    before: dict[str, Any] = {}
    if outlined:
        masks = recipe.parts[0]
        outliner = registry.bundle(masks.source or "", settings().weights).ensemble(masks.task.name, masks.outputs)
        before[masks.task.name] = masks.task.read.predict(case, masks, outliner, before)
        found = masks.task.read.tell(case, masks, outliner, before, found)
    said = _predicted(case, recipe, bundle, before, CLASSES)
    check_scale(film, case.limb)
    measured = _predicted(case, by_name(DENSITOMETER), measuring, before, DENSITY)
    first = bundle.ensemble(CLASSES.name).nodes[0]
    known = OutOfDistribution.from_arrays(first.ood)
    return {
        "side": case.limb.side,
        "own": {name: np.asarray(one, np.float64) for name, one in said.own.items()},
        "joint": np.asarray(said.joint, np.float64),
        "features": {name: np.asarray(one, np.float32) for name, one in said.features.items()},
        "distance": float(known.distance(said.features[first.name])),
        "unusual": known.unusual_beyond,
        "density": np.array([measured.shares[label] for label in LABELS]),
        "abmd": np.asarray(measured.value, np.float64),
        "regions": by_name(DENSITOMETER).outputs(DENSITY),
        "steady": found.steady,
        "poor": any(notice.code.about_quality for notice in found.notices),
        "quality": [str(notice.code) for notice in found.notices if notice.code.about_quality],
    }


def _predicted(case: Case, recipe: Recipe, bundle: Bundle, before: dict[str, Any], task: Any) -> Any:
    part = recipe.part(task)
    assert part is not None
    return part.task.read.predict(case, part, bundle.ensemble(part.task.name, part.outputs), before)


def _gathered(rows: list[dict[str, Any]], refused: int) -> Hips:
    names = list(rows[0]["own"])
    return Hips(
        film=np.array([row["film"] for row in rows]),
        truth=np.array([LABELS.index(row["known"].label) for row in rows]),
        abmd=np.array([[float(row["known"].others[f"abmd_{region}"]) for region in YOUNG] for row in rows]),
        own={name: np.stack([row["own"][name] for row in rows]) for name in names},
        features={name: np.stack([row["features"][name] for row in rows]) for name in names},
        joint=np.stack([row["joint"] for row in rows]),
        distance=np.array([row["distance"] for row in rows]),
        unusual=rows[0]["unusual"],
        density=np.stack([row["density"] for row in rows]),
        t=np.array([float(lowest_t(row["abmd"], row["regions"])) for row in rows]),
        steady=np.array([row["steady"] for row in rows]),
        poor=np.array([row["poor"] for row in rows]),
        refused=refused,
    )


def together(one: Hips, other: Hips) -> Hips:
    """The hips of two cohorts; persons of the second follow those of the first."""

    def joined(name: str) -> Any:
        first, second = getattr(one, name), getattr(other, name)
        if isinstance(first, Mapping):
            return {key: np.concatenate([values, second[key]]) for key, values in first.items()}
        return np.concatenate([first, second])

    arrays = {field.name: joined(field.name) for field in fields(Hips) if field.name not in ("unusual", "refused")}
    arrays["film"] = np.concatenate([one.film, other.film + one.film.max() + 1])
    return Hips(**arrays, unusual=one.unusual, refused=one.refused + other.refused)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("scanner")
    words.add_argument("seed", type=int)
    words.add_argument("films", type=int)
    asked = words.parse_args()

    def tell(done: int, total: int) -> None:
        print(json.dumps({"done": done, "of": total}), flush=True)

    print(len(hips(Cohort("hip_ap", asked.scanner, asked.seed, asked.films), tell)), "hips")


if __name__ == "__main__":
    main()
