"""The model card of a bundle that measures bone density. Every figure comes from its evidence."""

from collections.abc import Mapping
from typing import Any

from recipes.recipe import Recipe
from tasks import DENSITY
from training.card import SETS
from training.provenance import INTENDED_USE

HEAD = [
    "| region | limbs | Pearson r | RMSE, g/cm2 | bias, g/cm2 | half width of the limits of agreement, g/cm2 |",
    "|---|---|---|---|---|---|",
]


def density_card(
    recipe: Recipe, version: str, learned_from: str, provenance: Mapping[str, Any], evidence: Mapping[str, Any]
) -> str:
    """README.md of a bundle, in Hugging Face's form."""
    lines = [
        "---",
        "license: apache-2.0",
        "pipeline_tag: image-to-image",
        "tags: [radiograph, osteoporosis, bone-density, research]",
        "---",
        f"# {recipe.title} ({recipe.name} {version})",
        "",
        f"**Not a medical device.** {INTENDED_USE}",
        "",
        f"It draws the bone of a hip as a projection in g/cm2 and tells the areal density of "
        f"{', '.join(region.replace('_', ' ') for region in recipe.outputs(DENSITY))}. Learned from: {learned_from}",
        "",
        "## How well it does",
        "",
    ]
    for name, told in SETS.items():
        if name in evidence:
            one = evidence[name]
            lines += [
                f"{name.capitalize()}: {told}. {one['films']} films, {one['missed']} limbs not found. 95 % intervals, "
                "bootstrap over patients.",
                "",
                *_table(one["regions"]),
            ]
    lines += [
        "Held out of training, and used to say how sure an answer is (so these figures flatter):",
        "",
        *_table(evidence["held_out"]),
        "## Why it is not better",
        "",
        *(f"- {limit}" for limit in recipe.simplifications),
        "- a single film shows bone and flesh in one; what is told of density rests on how they usually go together",
        "",
        "## How it was made",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in {**evidence["data"], **provenance}.items()),
        "",
    ]
    return "\n".join(lines)


def _table(regions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        f"| {region.replace('_', ' ')} | {one['limbs']} | "
        + " | ".join(_figure(one[key]) for key in ("r", "rmse", "bias", "limits"))
        + " |"
        for region, one in regions.items()
        if one["limbs"]
    ]
    return [*HEAD, *rows, ""]


def _figure(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
