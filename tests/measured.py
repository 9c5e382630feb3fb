"""Figures of a made-up measurement, worked out by the real code from drawn answers: for tests of what people see."""

from typing import Any

import numpy as np

from core.labels import CLASSES
from core.model_facts import ModelFacts
from evidence.published import Published
from evidence.record import Evidence
from evidence.statistics.overlap import Overlap
from evidence.study import Study
from models.bundle import Ensemble
from tasks import CLASSES as NAMES_CLASS, MASKS
from tasks.classes import measure as of_classes
from tasks.classes.measure import ClassRow
from tasks.masks import measure as of_masks
from tasks.masks.measure import MaskRow
from tasks.part import Part

REGIONS = ("femoral_neck", "total_hip")


def a_set(name: str, skill: float, seed: int, networks: tuple[str, ...], outliners: tuple[str, ...]) -> dict[str, Any]:
    """Figures of 120 limbs of 60 patients. skill: how far the true class stands out."""
    random = np.random.default_rng(seed)
    truth = random.choice(3, size=120, p=[0.4, 0.4, 0.2])
    answers = {}
    for network in networks:
        logits = random.normal(size=(120, 3)) + skill * np.eye(3)[truth]
        answers[network] = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    answers = {"joint": np.mean(list(answers.values()), axis=0), **answers}
    rows = [
        ClassRow(int(truth[row]), {one: table[row] for one, table in answers.items()}, f"p{row // 2:03}", [0.1] * 5,
                 50.0 + row % 31, None)
        for row in range(120)
    ]  # fmt: skip
    drawn = {
        outliner: {
            region: np.clip(random.normal(0.7 + place / 10, 0.05, 120), 0, 1) for place, region in enumerate(REGIONS)
        }
        for outliner in outliners
    }
    masks = [
        MaskRow(
            {
                outliner: {
                    region: Overlap(iou[row], 2 * iou[row] / (1 + iou[row]), 3 * (1 - iou[row]), 9 * (1 - iou[row]))
                    for region, iou in regions.items()
                }
                for outliner, regions in drawn.items()
            },
            f"p{row // 2:03}",
        )
        for row in range(120)
    ]
    nobody = Ensemble(())
    return {
        "films": 60,
        "limbs": 123,
        "missed": 3,
        "refused": 1,
        **of_classes.figures(rows, Part(NAMES_CLASS, "limb", CLASSES), nobody),
        **of_masks.figures(masks, Part(MASKS, "limb", REGIONS), nobody),
    }


def figures_of_sets(
    networks: tuple[str, ...] = ("resnet50", "vit"),
    outliners: tuple[str, ...] = ("u_net",),
    sets: tuple[str, ...] = ("internal", "external"),
) -> dict[str, dict[str, Any]]:
    """Plain figures by set, as a measurement gives them."""
    return {name: a_set(name, 2.0 - number, number, networks, outliners) for number, name in enumerate(sets)}


def a_study(
    recipe: str = "hip_vit",
    networks: tuple[str, ...] = ("resnet50", "vit"),
    outliners: tuple[str, ...] = ("u_net",),
    sets: tuple[str, ...] = ("internal", "external"),
    data: str = "virtual",
    published: Published | None = None,
) -> Study:
    """What an evidence page is written from."""
    facts = ModelFacts(
        recipe,
        "0.1.0",
        "Hip, AP",
        labels=CLASSES,
        networks=dict.fromkeys(networks, "classes"),
        learned_from="virtual patients on scanner alpha, and no film of a person",
        provenance={"made_on": "2026-01-02", "seed": 7},
    )
    found = Evidence.measured(figures_of_sets(networks, outliners, sets))
    return Study(facts, found, data, "2026-01-03", published)
