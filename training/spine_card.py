"""The model card of a bundle of the lateral spine."""

from collections.abc import Mapping
from typing import Any

from recipes.recipe import Recipe
from tasks import SCORES
from training.card import SETS
from training.provenance import INTENDED_USE

Figures = Mapping[str, Any]


def spine_card(
    recipe: Recipe, version: str, learned_from: str, provenance: Mapping[str, Any], evidence: Figures
) -> str:
    """README.md of a bundle, in Hugging Face's form; every figure comes from `evidence`."""
    held = f"Held out of training, and used to calibrate ({evidence['data']['films_held_out']} films)"
    lines = [
        "---",
        "license: apache-2.0",
        "pipeline_tag: image-classification",
        "tags: [radiograph, osteoporosis, vertebral-fracture, research]",
        "---",
        f"# {recipe.title} ({recipe.name} {version})",
        "",
        f"**Not a medical device.** {INTENDED_USE}",
        "",
        f"Questions of yes or no: {', '.join(recipe.outputs(SCORES))}. Learned from: {learned_from}",
        "",
        "## How well it does",
        "",
    ]
    for key, told in SETS.items():
        if key in evidence:
            lines += table(f"{key.capitalize()}: {told}, {evidence[key]['films']} films", evidence[key])
            if "found" in evidence[key].get("vertebrae", {}):
                bodies = evidence[key]["vertebrae"]
                lines += [f"Vertebral bodies whole on these films: {bodies['bodies']}, found {bodies['found']}.", ""]
    lines += [*table(held, evidence["held_out"]), "## Why it is not better", ""]
    lines += [f"- {limit}" for limit in recipe.simplifications]
    lines += ["", "## How it was made", ""]
    lines += [f"- {key.replace('_', ' ')}: {value}" for key, value in {**evidence["data"], **provenance}.items()]
    return "\n".join([*lines, ""])


def table(caption: str, found: Figures) -> list[str]:
    """A row a score and network, with 95 % intervals."""
    rows = [
        f"| {score.replace('_', ' ')} | {judge.replace('_', ' ')} | {one['positive']} of {one['films']} | "
        + " | ".join(_figure(one[key]) for key in ("auc", "sensitivity", "specificity", "brier"))
        + " |"
        for score, of in found["scores"].items()
        for judge, one in of["answers"].items()
    ]
    return [
        f"{caption}:",
        "",
        "| score | network | yes | AUROC | sensitivity | specificity | Brier score |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _figure(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
