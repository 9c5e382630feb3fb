"""A bundle from what was fitted, with its card."""

from collections.abc import Sequence
from typing import Any

from evidence.baselines import WEIGHTED
from evidence.calibration import conformal_quantile
from models.bundle import Bundle
from models.bundle import Candidate as BundledCandidate
from recipes.recipe import Recipe
from training.about import INTENDED_USE, provenance
from training.card import model_card
from training.crossfit import Fitted
from training.dataset import Dataset
from training.scoring import joint
from training.split import Split

COVERAGE = 0.9


def assemble(
    recipe: Recipe,
    preset: str,
    version: str,
    fitted: Sequence[Fitted],
    data: Dataset,
    parts: Split,
    evidence: dict[str, Any],
    seed: int,
    learned_from: str,
) -> Bundle:
    """Calibration and conformal bound come from the development folds; the test part only ever gives figures."""
    rows = parts.rows(*parts.folds)
    made = provenance(preset, seed, {one.candidate.name: one.network for one in fitted})
    limits = [
        *recipe.simplifications,
        *_limits(evidence, recipe.labels),
    ]
    return Bundle(
        name=recipe.name,
        version=version,
        labels=recipe.labels,
        candidates=tuple(
            BundledCandidate(
                name=one.candidate.name,
                network=one.candidate.network,
                options=one.candidate.options,
                preprocessing=one.candidate.preprocess.to_dict(),
                temperature=one.temperature,
                weights=one.network,
                familiarity=one.familiarity.arrays(),
            )
            for one in fitted
        ),
        coverage=COVERAGE,
        conformal_quantile=conformal_quantile(joint(fitted, "held_out")[rows], data.labels[rows], COVERAGE),
        learned_from=learned_from,
        intended_use=INTENDED_USE,
        provenance=made,
        evidence=evidence,
        card=model_card(
            recipe.title, recipe.name, version, recipe.labels, learned_from, INTENDED_USE, made, evidence, limits
        ),
    )


def _limits(evidence: dict[str, Any], labels: Sequence[str]) -> list[str]:
    """What the run itself says about its figures."""
    data, across = evidence["data"], evidence["cross_validation"]
    said = [
        f"{data['distinct_films_used']} distinct films are few for {len(labels)} classes; the intervals show how few.",
    ]
    doubted = data["films_left_out_because_their_copies_carry_another_label"]
    if doubted:
        said.append(
            f"{doubted} films stood in the set more than once under different labels; they were left out, and the same "
            "doubt hangs over labels that happen to stand only once."
        )
    network = across["joint"]["balanced_accuracy"]
    for name in ("size and contrast only", "age only"):
        if name in across:
            value = across[f"{name} {WEIGHTED}"]["balanced_accuracy"]["value"]
            verdict = "better than" if network["low"] > value else "not surely better than"
            said.append(
                f"Over the folds the networks' balanced accuracy ({network['value']:.2f}, {network['low']:.2f} to "
                f"{network['high']:.2f}) is {verdict} that of a regression on {name.removesuffix(' only')} alone "
                f"({value:.2f}), which never sees a bone."
            )
    return said
