"""What recalibration on N films of one's own mends, on virtual hips of another scanner: docs/evidence/calibrate.md.

    python -m bench.calibrate [--films 380] [--draws 20]

Networks answer each hip once; their plain outputs are kept under runs/calibrate, so that a second run only fits.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from core.clinical import Clinical
from core.refusal import Refused
from core.settings import settings
from core.system.clock import Clock
from evidence.statistics.metrics import calibration_error
from imaging import read_radiograph
from models import engine, registry
from models.reads import reads
from recipes import RECIPES
from simulation.write import write
from tasks.case import Case
from tasks.classes.measure import ClassPrediction
from tasks.density.measure import DensityPrediction
from tasks.part import Part
from tasks.task import Truth
from training.data.limbs import FilmRows, films_of, limb_of, limbs_on
from training.data.manifest import Manifest, read_manifest
from training.recalibrate import task_of

PAGE, KEPT = Path("docs/evidence/calibrate.md"), Path("runs/calibrate")
SEED, SCANNER, PX = 7301, "beta", 768
SIZES, TEST_SHARE = (25, 50, 100, 200, 500), 0.3
CLASSES, DENSITY = "hip_vit", "hip_bmd"
EMPTY = np.zeros((0, 0))

Figures = dict[str, float]


def main() -> None:
    """Make the films, let the networks answer, fit on random draws, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=380)
    parser.add_argument("--draws", type=int, default=20)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folder = KEPT / SCANNER
    for done in write("hip_ap", asked.films, SEED, SCANNER, folder, PX, frame="pelvis", projections=False):
        print(f"films {done} of {asked.films}", end="\r")
    manifest = read_manifest(folder / "truth.csv")
    sections = []
    for name in (CLASSES, DENSITY):
        (part,) = RECIPES[name].own
        raws = answers(name, part, manifest)
        sections.append(section(name, part, raws, asked.draws))
    PAGE.write_text(page(asked, manifest, sections), encoding="utf-8")
    print(PAGE)


def answers(name: str, part: Part, manifest: Manifest) -> list[Any]:
    """What the networks of a recipe say of every hip before calibration."""
    root, on = settings().weights, engine.device(settings().device)
    recipe = RECIPES[name].reading_with(lambda default: reads(default, root))
    folder = registry.find(recipe.bundle or name, root)
    ensemble = registry.at(folder).ensemble(part.task.name, part.outputs)
    finder = registry.find(recipe.finder or "", root)
    kept = KEPT / f"{name}_{folder.name}"
    kept.mkdir(parents=True, exist_ok=True)
    raws = []
    films = films_of(manifest, lambda one: part.task.learn.usable(part, one))
    for done, film_rows in enumerate(films, start=1):
        file = kept / f"{film_rows[0].stem}.npz"
        if not file.exists():
            np.savez(file, **_said(film_rows, name, part, ensemble, finder, on))  # type: ignore[arg-type]
        raws += _loaded(file, film_rows, part, ensemble, manifest)
        print(f"{name}: {done} of {len(films)}   ", end="\r")
    return raws


def _said(
    film_rows: FilmRows, name: str, part: Part, ensemble: Any, finder: Path, on: torch.device
) -> dict[str, npt.NDArray[np.floating]]:
    """Plain outputs by side; nothing of a hip that is not found."""
    path, rows = film_rows
    film = read_radiograph(path.read_bytes(), path.name)
    try:
        limbs = limbs_on(film, finder)
    except Refused:
        return {}
    found: dict[str, npt.NDArray[np.floating]] = {}
    for _, example in rows:
        side = example.others["side"]
        limb = limb_of(side, limbs)
        if limb is None:
            continue
        case = Case(film, limb, Clinical(), (), name, "", on, Clock(), thorough=True)
        said = part.task.read.predict(case, part, ensemble, {})
        if isinstance(said, ClassPrediction):
            found |= {f"{side}/own/{network}": values for network, values in said.own.items()}
            found |= {f"{side}/features/{network}": values for network, values in said.features.items()}
        else:
            found |= {f"{side}/abmd": said.abmd, f"{side}/spread": said.spread}
    return found


def _loaded(file: Path, film_rows: FilmRows, part: Part, ensemble: Any, manifest: Manifest) -> list[Any]:
    raws = []
    with np.load(file) as kept:
        for _, example in film_rows[1]:
            side = example.others["side"]
            own = {key.rsplit("/", 1)[1]: kept[key] for key in kept.files if key.startswith(f"{side}/own/")}
            far = {key.rsplit("/", 1)[1]: kept[key] for key in kept.files if key.startswith(f"{side}/features/")}
            said: Any
            if own:
                said = ClassPrediction(part.outputs, own, next(iter(own.values())), far)
            elif f"{side}/abmd" in kept.files:
                nan = np.full(len(part.outputs), np.nan)
                said = DensityPrediction(
                    kept[f"{side}/abmd"], kept[f"{side}/spread"], nan, nan, nan, "", dict.fromkeys(
                        ("normal", "osteopenia", "osteoporosis"), np.nan), (), EMPTY, EMPTY)  # fmt: skip
            else:
                continue
            plain: Any = None  # no baseline of brightness is asked for here
            truth = Truth(example, plain, _Blank(), manifest.folder)  # type: ignore[arg-type]
            raws.append(task_of(part).raw(said, part, truth, ensemble))
    return raws


class _Blank:
    """In the film's place where only its row counts."""

    pixels = np.zeros((8, 8), np.float32)
    width = height = 8


def section(name: str, part: Part, raws: Sequence[Any], draws: int) -> str:
    """The table of one recipe: as shipped, and after N hips; median over draws with the 5th to 95th percentile."""
    task, root = task_of(part), settings().weights
    version = reads(RECIPES[name].bundle or name, root)
    ensemble = registry.bundle(version, root).ensemble(part.task.name, part.outputs)
    patients = np.array([one.patient for one in raws])
    everyone = np.unique(patients)
    gathered: dict[int, list[Figures]] = {0: [], **{size: [] for size in SIZES}}
    tests, failed = [], dict.fromkeys(SIZES, 0)
    for draw in range(draws):
        random = np.random.default_rng(1000 + draw)
        order = random.permutation(everyone)
        held = set(order[: round(TEST_SHARE * len(order))].tolist())
        test = [one for one in raws if one.patient in held]
        pool = [one for patient in order[len(held) :] for one in raws if one.patient == patient]
        tests.append(len(test))
        gathered[0].append(measured(task, part, ensemble, test))
        for size in SIZES:
            if size > len(pool):
                continue
            try:
                fitted = task.refit(part, ensemble, pool[:size])
            except ValueError:
                failed[size] += 1
                continue
            gathered[size].append(measured(task, part, fitted, test))
    head = list(gathered[0][0])
    lines = [f"## {version}", "", f"| hips | draws | {' | '.join(head)} |", f"|---|---|{'---|' * len(head)}"]
    for size, found in gathered.items():
        if found:
            cells = [_spread([one[key] for one in found]) for key in head]
            lines.append(f"| {size or 'as shipped'} | {len(found)} | {' | '.join(cells)} |")
    changes = ["", f"Difference from as shipped on the same test hips, {draws} draws:", ""]
    changes += [f"| hips | {' | '.join(head)} |", f"|---|{'---|' * len(head)}"]
    for size in SIZES:
        if len(gathered[size]) == draws:
            pairs = list(zip(gathered[0], gathered[size], strict=True))
            cells = [_spread([after[key] - before[key] for before, after in pairs], "+") for key in head]
            changes.append(f"| {size} | {' | '.join(cells)} |")
    refused = [f"{count} of {draws} draws of {size}" for size, count in failed.items() if count]
    said = f"Refused as too few: {', '.join(refused)}." if refused else "No draw was refused as too few."
    return "\n".join(
        [
            *lines,
            *changes,
            "",
            f"{len(raws)} hips of {len(everyone)} patients; {round(np.mean(tests))} hips test. {said}",
        ]
    )


def measured(task: Any, part: Part, ensemble: Any, raws: Sequence[Any]) -> Figures:
    """Plain figures of test hips as an ensemble answers them."""
    rows = task.answered(part, ensemble, raws)
    if part.task.name == "classes":
        truth = np.array([row.truth for row in rows])
        joint = np.stack([row.answers["joint"] for row in rows])
        held = task.kept(part, ensemble, rows)
        return {
            "accuracy": float((joint.argmax(1) == truth).mean()),
            "Brier score": float(((joint - np.eye(joint.shape[1])[truth]) ** 2).sum(1).mean()),
            "calibration error": calibration_error(truth, joint),
            "coverage of sets (promised .90)": float(held[np.arange(len(truth)), truth].mean()),
            "classes a set": float(held.sum(1).mean()),
        }
    found: Figures = {}
    for at, region in enumerate(part.outputs):
        if region in ("femoral_neck", "total_hip"):
            truth, value, low, high = (
                np.array([getattr(row, name)[at] for row in rows]) for name in ("truth", "value", "low", "high")
            )
            said = region.replace("_", " ")
            found[f"{said}: RMSE, g/cm2"] = float(np.sqrt(((value - truth) ** 2).mean()))
            found[f"{said}: bias"] = float((value - truth).mean())
            found[f"{said}: coverage (promised .90)"] = float(((truth >= low) & (truth <= high)).mean())
    return found


def _spread(values: Sequence[float], sign: str = "") -> str:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{middle:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def page(asked: argparse.Namespace, manifest: Manifest, sections: Sequence[str]) -> str:
    """The page as it is written."""
    today = datetime.now(UTC).date().isoformat()
    return f"""# What recalibration on films of one's own mends

Written by `python -m bench.calibrate --films {asked.films} --draws {asked.draws}` on {today}. Virtual patients on
scanner {SCANNER}, which no shipped network learned from: {asked.films} films of the whole pelvis at {PX} px, seed
{SEED}, table {manifest.fingerprint}. No film of a person.

Each draw splits the patients at random: three tenths test, and the first N hips of the others fit temperature, bias,
the bound of the sets and the out-of-distribution bounds, or the line and the residuals of densities, by the code of
`calibrate`. No weight changes. Cells: median over draws, 5th to 95th percentile in brackets. Draws share patients, so
their spread understates what other hospitals' patients would show; with 500 hips they share nearly all.

{chr(10).join(f"{one}{chr(10)}" for one in sections)}"""


if __name__ == "__main__":
    main()
