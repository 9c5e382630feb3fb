"""Labels flipped on virtual hips: how high the champion's probabilities rank them."""

import json
from pathlib import Path
from typing import Final

import numpy as np

import learning
import reading
from audit.rows import source_of
from core.labels import CLASSES
from evidence.label_doubts import doubted, qualities
from evidence.statistics.metrics import Bootstrap

FLIPPED: Final = 0.1
SEED: Final = 2026
TIMES: Final = 50  # other labels are flipped, each time anew


def section(folder: Path, films: int) -> list[str]:
    """Lines of Markdown. Readings are kept, so that a run that is stopped goes on."""
    for _ in learning.simulate("hip_ap", films, SEED, "alpha", folder / "films", size=768):
        pass
    source = source_of(folder / "films" / "truth.csv")
    kept, likely, said, patient = folder / "readings", [], [], []
    kept.mkdir(exist_ok=True)
    for row in source.rows:
        own = row.example
        file = kept / f"{own.path.stem}.json"
        if not file.exists():
            answers = [one.row() for one in reading.read_file(own.path, "hip_vit", own.clinical)]
            file.write_text(json.dumps(answers))
        sided = [one for one in json.loads(file.read_text()) if one["side"] == own.others.get("side")]
        if own.label in CLASSES and sided and sided[0]["probabilities"]:
            likely.append([sided[0]["probabilities"][name] for name in CLASSES])
            said.append(CLASSES.index(own.label))
            patient.append(own.patient)
    truth, table = np.array(said), np.array(likely)
    areas, first, drawn = [], [], np.random.default_rng(SEED)
    for _ in range(TIMES):
        flipped = np.zeros(len(truth), bool)
        flipped[drawn.permutation(len(truth))[: round(FLIPPED * len(truth))]] = True
        shown = np.where(flipped, (truth + drawn.integers(1, len(CLASSES), len(truth))) % len(CLASSES), truth)
        area = Bootstrap(patient, 200).auc(flipped, -qualities(shown, table))
        areas.append((area.value, area.low, area.high))
        top = [one.place for one in doubted(shown, table)[: int(flipped.sum())]]
        first.append(flipped[top].sum() / flipped.sum())
    value, low, high = np.mean(np.array(areas, float), 0)
    worst, best = np.quantile([one[0] for one in areas], [0.025, 0.975])
    right = (table.argmax(1) == truth).mean()
    return [
        f"{len(truth)} hips of {len(set(patient))} virtual patients, read by {reading.versions()['hip_vit']}, whose "
        f"own class is right on {right:.3f} of them. A tenth of the labels is flipped to another class at random, "
        f"{TIMES} times anew.",
        "",
        "| figure | value |",
        "|---|---|",
        "| AUROC of the ranking, flipped against not; mean of the draws, 95 % interval by bootstrap over patients | "
        f"{value:.3f} ({low:.3f} to {high:.3f}) |",
        f"| 95 % of the draws | {worst:.3f} to {best:.3f} |",
        f"| flipped labels among the first tenth of doubts, mean | {np.mean(first):.3f} |",
    ]
