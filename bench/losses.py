"""Rare classes, their order, measured guides, averaged weights: what each does for a small network.

    python -m bench.losses [--epochs 8] [--seeds 2]

One thin ResNet at 112 px learns classes of virtual hips (the cohort that `--data virtual` makes) once for each way, and
answers for the fifth of the persons that was held out. Writes docs/evidence/losses.md; a killed run goes on.
"""

import argparse
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from anatomy.limb import ROOM
from core.labels import CLASSES
from core.settings import ROOT, settings
from evidence.calibration import calibrated
from evidence.statistics.metrics import classification
from imaging.preprocess import Preprocess
from models import registry
from models.networks import build
from recipes import by_name
from recipes.hip_finder import FINDER
from tasks import CLASSES as CLASSES_TASK
from tasks.classes.learn import as_read, labels_of
from tasks.classes.objective import ClassObjective
from tasks.forward import forward
from tasks.part import Candidate, Part, Preset
from training.cohorts.virtual import learning, made
from training.data.limbs import gather
from training.data.split import one_held_out
from training.fit import Schedule, fit

PAGE = ROOT / "docs/evidence/losses.md"
CANDIDATE = Candidate(
    "resnet",
    "resnet",
    Preprocess((112, 112)),
    {"embedding_size": 16, "hidden_sizes": [48, 96, 192, 384], "depths": [3, 4, 6, 3]},
)
GUIDE = ("t_femoral_neck", "t_total_hip")
PART = Part(CLASSES_TASK, "limb", CLASSES)
PLAIN = Preset(epochs=8, batch_size=32, learning_rate=1e-3, balanced=False, tone=0.3)
SHIPPED = replace(PLAIN, loss="ordinal", guide=GUIDE)
ARMS = {
    "cross-entropy": PLAIN,
    "each class heard as much": replace(PLAIN, balanced=True),
    "their order (earth mover's distance)": replace(PLAIN, loss="ordinal"),
    "order, and guided by both T-scores, as shipped": SHIPPED,
    "order, guided, each class heard as much": replace(SHIPPED, balanced=True),
    "order, guided, weights averaged (EMA)": replace(SHIPPED, averaged=True),
}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--epochs", type=int, default=8)
    words.add_argument("--seeds", type=int, default=2)
    words.add_argument("--workers", type=int, default=2)
    asked = words.parse_args()
    films = by_name("hip_vit").presets["demo"].virtual_films
    manifest = made(learning("hip_ap", films, 0), settings().home / "virtual", asked.workers)
    finder, tell = registry.find(FINDER, settings().weights), partial(print, end="\r")
    limbs = gather(manifest, partial(CLASSES_TASK.learn.usable, PART), finder, False, asked.workers, tell)
    learns, held = one_held_out([example.patient or "" for example in limbs.examples], 0)
    teaching, holding = limbs.rows(learns), limbs.rows(held)
    taught, truth = labels_of(PART, teaching), labels_of(PART, holding)
    group = np.unique([example.patient for example in holding.examples], return_inverse=True)[1].tolist()
    lines = [
        "# Rare classes, their order, guides and averages",
        "",
        f"Written by `python -m bench.losses --epochs {asked.epochs} --seeds {asked.seeds}`: {len(learns)} limbs of "
        f"virtual persons teach ({np.bincount(taught).tolist()} of {', '.join(CLASSES)}), {len(held)} answer; "
        f"manifest {manifest.fingerprint}. Mean of the seeds' probabilities; 95 % intervals by bootstrap over persons. "
        f"The network is `{CANDIDATE.name}` of hip_vit, thinner ({CANDIDATE.preprocess.size[0]} px).",
        "",
        "| learned with | accuracy | balanced accuracy | kappa | sensitivity, osteoporosis | two classes off |",
        "|---|---|---|---|---|---|",
    ]
    for name, preset in ARMS.items():
        probabilities = []
        for seed in range(asked.seeds):
            torch.manual_seed(seed)
            lesson = ClassObjective(
                teaching["crops"],
                taught,
                len(CLASSES),
                CANDIDATE.preprocess,
                zoom=1 / ROOM,
                loss=preset.loss,
                balanced=preset.balanced,
                guide=teaching.columns(preset.guide) if preset.guide else None,
                tone=preset.tone,
                vendors=True,
            )
            network = fit(
                build(CANDIDATE.network, len(CLASSES), CANDIDATE.options),
                lesson,
                replace(Schedule.of(CANDIDATE, preset), epochs=asked.epochs),
                ROOT / "runs/losses" / name.replace(" ", "_") / str(seed),
                seed,
                tell=lambda done, total, name=name: print(name, done, total, flush=True),  # type: ignore[misc]
            )
            shown = as_read(holding, CANDIDATE)
            logits, _ = forward(network, shown, CANDIDATE.preprocess, torch.device("cpu"))
            probabilities.append(calibrated(logits, 1.0))
        joint = np.mean(probabilities, 0)
        one = classification(truth, joint, CLASSES, group)
        far = float((np.abs(joint.argmax(1) - truth) == 2).mean())
        lines.append(
            f"| {name} | {_say(one['accuracy'])} | {_say(one['balanced_accuracy'])} | {_say(one['quadratic_kappa'])} | "
            f"{_say(one['classes'][CLASSES[-1]]['sensitivity'])} | {far:.3f} |"
        )
        PAGE.write_text("\n".join(lines) + "\n")


def _say(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


if __name__ == "__main__":
    main()
