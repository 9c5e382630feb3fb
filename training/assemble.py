"""A bundle from what was fitted, with its card."""

from collections.abc import Sequence
from typing import Any

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
            recipe.title,
            recipe.name,
            version,
            recipe.labels,
            learned_from,
            INTENDED_USE,
            made,
            evidence,
            recipe.simplifications,
        ),
    )
