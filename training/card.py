"""The model card: what a bundle is, what it learned from, how well it does, and why not better."""

from collections.abc import Mapping, Sequence
from typing import Any


def model_card(
    title: str,
    name: str,
    version: str,
    labels: Sequence[str],
    learned_from: str,
    intended_use: str,
    provenance: Mapping[str, Any],
    evidence: Mapping[str, Any],
    limits: Sequence[str],
) -> str:
    """README.md of a bundle, in Hugging Face's form. Every figure comes from `evidence`: a test part and folds where
    films were read as a whole, sets nobody learned from where they were read limb by limb."""
    whole = "test" in evidence
    lines = [
        "---",
        "license: apache-2.0",
        *(["library_name: transformers"] if whole else []),
        "pipeline_tag: image-classification",
        "tags: [radiograph, osteoporosis, research]",
        "---",
        f"# {title} ({name} {version})",
        "",
        f"**Not a medical device.** {intended_use}",
        "",
        f"Classes, in order: {', '.join(labels)}. Learned from: {learned_from}",
        "",
        "## How well it does",
        "",
        *(_of_films(evidence) if whole else _of_limbs(evidence)),
        "## Why it is not better",
        "",
        *(f"- {limit}" for limit in limits),
        "",
        "## How it was made",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in {**evidence["data"], **provenance}.items()),
        "",
    ]
    return "\n".join(lines)


def _of_films(evidence: Mapping[str, Any]) -> list[str]:
    test, folds = evidence["test"], evidence["data"]["folds"]
    return [
        f"On {test['joint']['films']} films ({test['joint']['groups']} distinct) that took no part in training, "
        f"accuracy is **{_figure(test['joint']['accuracy'])}** and balanced accuracy "
        f"**{_figure(test['joint']['balanced_accuracy'])}** (95 % interval, bootstrap over distinct films).",
        "",
        *_table("Test part", test),
        *_table(
            f"Development part, {folds}-fold, each film by networks that had not seen it", evidence["cross_validation"]
        ),
        "Per class, joint answer on the test part (predictive values hold at this prevalence only):",
        "",
        *_by_class(test["joint"]["classes"]),
    ]


SETS = {
    "internal": "virtual patients never learned from, on the scanner learned from",
    "external": "virtual patients never learned from, on a scanner never learned from",
}


def _of_limbs(evidence: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, told in SETS.items():
        if key not in evidence:
            continue
        one = evidence[key]
        lines += [
            f"{key.capitalize()}: {told}. {one['films']} films, {one['limbs']} limbs, {one['missed']} of them "
            "not found. 95 % intervals, bootstrap over patients.",
            "",
            *_table("Classes", one["answers"]),
            "Joint answer by class (predictive values hold at this prevalence only):",
            "",
            *_by_class(one["answers"]["joint"]["classes"]),
        ]
        for outliner, regions in one["outlines"].items():
            lines += [
                f"Outlines by {outliner}:",
                "",
                "| region | IoU | Dice | mean distance of the boundaries, mm | IoU 0.5 or more |",
                "|---|---|---|---|---|",
                *(
                    f"| {region.replace('_', ' ')} | "
                    + " | ".join(_figure(values[field]) for field in ("iou", "dice", "boundary_mm", "found"))
                    + " |"
                    for region, values in regions.items()
                ),
                "",
            ]
    held = f"Held out of training, and used to calibrate ({evidence['data']['limbs_held_out']} limbs)"
    return [*lines, *_table(held, evidence["held_out"])]


def _table(caption: str, figures: Mapping[str, Any]) -> list[str]:
    return [
        f"{caption}:",
        "",
        "| answer | accuracy | balanced accuracy | quadratic kappa | Brier score |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | "
            + " | ".join(_figure(one[key]) for key in ("accuracy", "balanced_accuracy", "quadratic_kappa", "brier"))
            + " |"
            for name, one in figures.items()
        ),
        "",
    ]


def _figure(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def _by_class(classes: Mapping[str, Any]) -> list[str]:
    return [
        "| class | number | prevalence | AUC | sensitivity | specificity | PPV | NPV |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {label} | {one['films']} | {one['prevalence']:.2f} | "
            + " | ".join(_figure(one[key]) for key in ("auc", "sensitivity", "specificity", "ppv", "npv"))
            + " |"
            for label, one in classes.items()
        ),
        "",
    ]
