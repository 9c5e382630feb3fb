"""What bundles that read hips say of themselves, made by hand around figures that the real code worked out."""

from core.labels import CLASSES
from tests.measured import figures_of_sets


def a_hip_bundle() -> dict:
    sets = figures_of_sets()
    answers = sets["internal"]["answers"]
    held = {
        judge: {key: one[key] for key in one if key not in ("roc", "reliability")} for judge, one in answers.items()
    }
    return {
        "name": "hip_vit",
        "version": "0.1.0",
        "labels": list(CLASSES),
        "candidates": {"resnet50": {}, "vit": {}},
        "outliners": {"u_net": {"held_out_iou": {}}},
        "coverage": 0.9,
        "learned_from": "virtual patients",
        "evidence": {"data": {"manifest": "x"}, "held_out": held, **sets},
    }


def a_finder() -> dict:
    return {
        "name": "hip_finder",
        "version": "0.1.0",
        "labels": [],
        "candidates": {},
        "outliners": {"finder": {"shape": {}}},
        "coverage": 0.0,
        "learned_from": "virtual patients",
        "evidence": {
            "data": {"films": 9},
            "held_out": {
                "limbs": 40,
                "missed": 3,
                "invented": 1,
                "median_error": {"head_centre": 0.0123},
                "largest_error_in_95_of_100": {"head_centre": 0.045},
            },
        },
    }
