"""A recipe that reads films as a whole, or limbs that share their film's label, from a manifest to a bundle: every film
answered by networks that had not seen it, and a test part."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from core.settings import settings
from evidence.copies import contradictions, find_copies, groups
from models import registry
from models.bundle import Bundle
from recipes.recipe import Recipe
from training.assemble import assemble
from training.crossfit import cross_fit
from training.data.dataset import gather
from training.data.manifest import Manifest
from training.data.split import join_groups, split
from training.scoring import score

Tell = Callable[[str, int, int], None]


def teach(
    recipe: Recipe,
    preset_name: str,
    manifests: Sequence[Manifest],
    folder: Path,
    seed: int,
    version: str,
    learned_from: str,
    init: Mapping[str, str],
    workers: int,
    say: Tell,
) -> Bundle:
    """Raises ValueError in one sentence for a manifest or weights that cannot be used."""
    preset, manifest = recipe.presets[preset_name], manifests[0]
    finder = registry.find(recipe.finder, settings().weights) if recipe.finder else None
    films = gather(manifest, recipe.labels, preset.candidates, partial(say, "reading films"), finder)
    copies = find_copies(films.sketches, partial(say, "finding copies"))
    group = groups(len(films.examples), copies)
    doubted = contradictions(group, [example.label for example in films.examples])
    kept = films.without(doubted)
    group = join_groups(
        [number for row, number in enumerate(group) if row not in set(doubted)],
        [example.patient for example in kept.examples],
    )
    parts = split([example.label or "" for example in kept.examples], group, preset.folds, seed)

    fitted = [
        cross_fit(
            candidate,
            preset,
            kept,
            parts,
            len(recipe.labels),
            folder / parts.fingerprint,
            seed,
            init.get(candidate.name, candidate.init),
            say,
        )
        for candidate in preset.candidates
    ]
    evidence = {
        "data": {
            "manifest": manifest.name,
            "manifest_fingerprint": manifest.fingerprint,
            "split_fingerprint": parts.fingerprint,
            "films_in_manifest": len(manifest.examples),
            "films_refused": len(films.refused),
            "pairs_of_copies": len(copies),
            "films_left_out_because_their_copies_carry_another_label": len(
                {films.examples[row].path for row in doubted}
            ),
            "distinct_films_used": len(set(group)),
            "folds": preset.folds,
        },
        **score(fitted, kept, parts, recipe.labels),
    }
    return assemble(recipe, preset_name, version, fitted, kept, parts, evidence, seed, learned_from)
