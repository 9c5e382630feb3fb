"""Figures of a made-up measurement, worked out by the real code from drawn answers: for tests of what people see."""

from typing import Any

import numpy as np

from core.labels import CLASSES
from core.model_facts import ModelFacts
from evidence.overlap import Overlap
from evidence.published import Published
from evidence.record import Evidence
from evidence.study import Study
from training.evaluation import Measured, figures

REGIONS = ("femoral_neck", "total_hip")


def a_measurement(
    name: str, skill: float, seed: int, networks: tuple[str, ...], outliners: tuple[str, ...]
) -> Measured:
    """120 limbs of 60 patients. skill: how far the true class stands out."""
    random = np.random.default_rng(seed)
    truth = random.choice(3, size=120, p=[0.4, 0.4, 0.2])
    answers = {}
    for network in networks:
        logits = random.normal(size=(120, 3)) + skill * np.eye(3)[truth]
        answers[network] = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    overlaps = {
        outliner: {
            region: [
                Overlap(iou, 2 * iou / (1 + iou), 3 * (1 - iou), 9 * (1 - iou))
                for iou in np.clip(random.normal(0.7 + place / 10, 0.05, 120), 0, 1).tolist()
            ]
            for place, region in enumerate(REGIONS)
        }
        for outliner in outliners
    }
    return Measured(
        name=name,
        films=60,
        limbs=123,
        missed=3,
        refused={"a.dcm": "It was refused."},
        truth=truth,
        answers={"joint": np.mean(list(answers.values()), axis=0), **answers},
        baselines={"age": np.full((120, 3), 1 / 3)},
        group=[row // 2 for row in range(120)],
        overlaps=overlaps,
        paths=[f"{row // 2}.dcm" for row in range(120)],
    )


def figures_of_sets(
    networks: tuple[str, ...] = ("resnet50", "vit"),
    outliners: tuple[str, ...] = ("u_net",),
    sets: tuple[str, ...] = ("internal", "external"),
) -> dict[str, dict[str, Any]]:
    """Plain figures by set, as a measurement gives them."""
    return {
        name: figures(a_measurement(name, 2.0 - number, number, networks, outliners), CLASSES)
        for number, name in enumerate(sets)
    }


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
