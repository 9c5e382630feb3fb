"""What each part of learning bone density is worth, and how many films it takes.

    python -m bench.bone_density [--films 1800] [--stages 2 2 4] [--seeds 1] [--arm NAME ...]

The recipe's demo network learns of virtual hips (the cohort that `--data virtual` makes) as published, and with one
part left out at a time, each arm for the same number of epochs; then as published from 50, 100, 200, 400 and 800 limbs,
each for the same number of steps. A fifth of the persons answers. Writes the last sections of docs/evidence/hip_bmd.md;
an arm that is there already, of the same films, stages and seeds, is not taught again.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT, settings
from core.titles import region_title
from recipes import by_name
from recipes.recipe import Recipe
from report.page import REST
from tasks import DENSITY
from tasks.density.learn import agreements, learn_stages, settle
from tasks.node import node_of
from tasks.part import Candidate, Stage
from tasks.samples import Samples
from training.cohorts.virtual import learning, made
from training.data.split import one_held_out
from training.data.units import Units
from training.run import NetworkTrainer, Run

PAGE = ROOT / "docs/evidence/hip_bmd.md"
RUNS = ROOT / "runs/bone_density"
PAIRS = (50, 100, 200, 400, 800)
SHOWN = ("total_hip", "femoral_neck")


def plainer(stages: Sequence[Stage], **weights: float) -> tuple[Stage, ...]:
    """The stages with some losses weighted otherwise, where they are used at all."""

    def changed(stage: Stage) -> Stage:
        for name, value in weights.items():
            if getattr(stage, name):
                stage = replace(stage, **{name: value})  # type: ignore[arg-type]  # all weights are floats
        return stage

    return tuple(map(changed, stages))


Arm = tuple[Candidate, tuple[Stage, ...]]


def arms(candidate: Candidate, stages: tuple[Stage, ...]) -> dict[str, Arm]:
    """The network and its stages as published and with one part left out, all with the same number of epochs."""
    first, second, third = stages
    alone = replace(candidate, options={**candidate.options, "see_projection": False})
    epochs = first.epochs + second.epochs + third.epochs
    return {
        "as published": (candidate, stages),
        "no stage one": (candidate, (replace(second, epochs=first.epochs + second.epochs), third)),
        "no GAN loss (nor feature matching)": (candidate, plainer(stages, adversarial=0.0, matching=0.0)),
        "no gradient correlation": (candidate, plainer(stages, gradient=0.0)),
        "direct regression alone": (alone, (replace(third, epochs=epochs, absolute=0.0),)),
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--films", type=int, default=1800)
    words.add_argument("--stages", type=int, nargs=3, default=(2, 2, 4), metavar="EPOCHS")
    words.add_argument("--seeds", type=int, default=1)
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--arm", action="append", default=[], help="only these; may be repeated; `50 limbs` is one too")
    asked = words.parse_args()
    recipe = by_name("hip_bmd")
    (candidate,) = recipe.candidates("demo")
    own = recipe.presets["demo"].stages
    stages = tuple(replace(one, epochs=epochs) for one, epochs in zip(own, asked.stages, strict=True))
    manifest = made(learning("hip_ap", asked.films, 0), settings().home / "virtual", asked.workers)
    run = Run(recipe, "demo", RUNS, 0, "0.0.0", "", workers=asked.workers, say=partial(print, end="\r"))
    limbs = Units(run, [manifest]).gathered(manifest)
    learns, held = one_held_out([example.patient or "" for example in limbs.examples], 0)
    teaching, holding = limbs.rows(learns), limbs.rows(held)
    about = f"{manifest.fingerprint} {asked.films} {asked.stages} {asked.seeds}"
    known = _known(about)
    todo: dict[str, tuple[Arm, Samples]] = {name: (one, teaching) for name, one in arms(candidate, stages).items()}
    for pairs in PAIRS:
        if pairs < len(learns):
            longer = len(learns) / pairs
            more = tuple(replace(one, epochs=max(1, round(one.epochs * longer))) for one in stages)
            todo[f"{pairs} limbs"] = ((candidate, more), teaching.rows(range(pairs)))
    todo[f"{len(learns)} limbs"] = todo["as published"]
    page = partial(write, known, list(todo), asked, len(learns), len(held), manifest.fingerprint)
    for name, (changed, shown) in todo.items():
        if name in known or (asked.arm and name not in asked.arm):
            continue
        if name == f"{len(learns)} limbs" and "as published" in known:
            known[name] = known["as published"]
        else:
            folder = RUNS / hashlib.sha256(about.encode()).hexdigest()[:8] / re.sub(r"\W+", "_", name)
            known[name] = measured(recipe, changed, shown, holding, name, folder, asked.seeds)
        (RUNS / "arms.json").write_text(json.dumps({"about": about, "arms": known}, indent=1) + "\n")
        page()
    page()


def measured(
    recipe: Recipe, arm: Arm, teaching: Samples, holding: Samples, name: str, folder: Path, seeds: int
) -> dict[str, dict[str, Any]]:
    """Agreement by region on the persons held out, of the seeds' mean answer. Nothing is fitted to them but the line
    that every arm gets."""
    part, values, (candidate, stages) = recipe.part(DENSITY), [], arm
    assert part is not None
    preset = replace(recipe.presets["demo"], stages=stages)
    recipe = replace(recipe, presets={"demo": preset})
    for seed in range(seeds):
        few = holding.rows(range(min(64, len(holding.examples))))  # watched each epoch, of which short arms have many
        run = Run(recipe, "demo", folder / str(seed), seed, "0.0.0", "", say=partial(_say, name))
        trainer = NetworkTrainer(run, "")
        network = learn_stages(part, candidate, trainer, teaching, few)
        plain = node_of(part, candidate, network)
        values.append(settle(part, plain, holding, trainer.device, lambda *_: None)[1])
    return agreements(part, holding, np.mean(values, 0))


def write(
    known: dict[str, dict[str, Any]],
    order: Sequence[str],
    asked: argparse.Namespace,
    learned: int,
    held: int,
    fingerprint: str,
) -> None:
    """Put both tables in place of what stood at the end of the page."""
    lines = [
        REST,
        "## Ablations",
        "",
        f"Written by `python -m bench.bone_density --films {asked.films} --stages {' '.join(map(str, asked.stages))} "
        f"--seeds {asked.seeds}`: {learned} virtual limbs teach, {held} of other persons answer, all on scanner alpha; "
        f"manifest {fingerprint}. Stages are much shorter than the demo's, so that these figures are worse than the "
        "bundle's: compare them with each other. The line that brings answers to the truth is fitted to the limbs that "
        "answer, in every arm.",
        "",
        *_table([name for name in order if not name.endswith(" limbs")], known, "learned"),
        "## Learning curve",
        "",
        "As published, from fewer limbs with as many steps; the same limbs answer.",
        "",
        *_table([name for name in order if name.endswith(" limbs")], known, "learned from"),
    ]
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Bone density from one film\n\n"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    at = text.find(REST)
    PAGE.write_text((text[:at] if at >= 0 else text).rstrip() + "\n\n" + "\n".join(lines).rstrip() + "\n")


def _table(names: Sequence[str], known: dict[str, dict[str, Any]], first: str) -> list[str]:
    heads = [f"{region_title(region)}: {what}" for region in SHOWN for what in ("r", "RMSE, g/cm²")]
    rows = [
        f"| {name} | "
        + " | ".join(_figure(known[name][region][key]) for region in SHOWN for key in ("r", "rmse"))
        + " |"
        for name in names
        if name in known
    ]
    return [f"| {first} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|", *rows, ""]


def _figure(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _known(about: str) -> dict[str, dict[str, Any]]:
    RUNS.mkdir(parents=True, exist_ok=True)
    file: Path = RUNS / "arms.json"
    values = json.loads(file.read_text()) if file.exists() else {}
    return values["arms"] if values.get("about") == about else {}


def _say(arm: str, stage: str, done: int, total: int) -> None:
    print(f"{arm}: {stage} {done} of {total}", flush=True)


if __name__ == "__main__":
    main()
