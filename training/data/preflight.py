"""What can be told of a manifest before a film is read: whether it is enough to learn from, and what falls away."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.example import Example, ManifestError
from recipes.recipe import Recipe
from tasks.enough import people
from training.data.given_split import part_of, refuse_unknown, to_teach
from training.data.manifest import Manifest

LEAST_PEOPLE = 5  # of whom one at least is held out
MOST_LEFT_OUT = 0.2  # share of the rows meant to teach that may fall away before nothing is learned from the rest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One sentence on a manifest. kind: `refused` where nothing can be learned from it as it is; `dropped` where rows
    fall away; `said` for what is as it should be, and good to know."""

    kind: Literal["refused", "dropped", "said"]
    sentence: str


def check(recipe: Recipe, manifest: Manifest, begun: bool) -> None:
    """Raises ManifestError in one sentence where a manifest cannot teach a recipe; says what falls away.

    begun: whether the networks answer already, as those of a bundle that is fine-tuned: parts of which no row says
    anything then stay as they are.
    """
    for found in findings(recipe, manifest, begun):
        if found.kind == "refused":
            raise ManifestError(found.sentence)
        logger.log(logging.WARNING if found.kind == "dropped" else logging.INFO, found.sentence)


def findings(recipe: Recipe, manifest: Manifest, begun: bool) -> Iterator[Finding]:
    """Everything that `check` looks at, in its order, and what comes after the first refusal as well."""
    try:
        check_split(manifest)
    except ManifestError as fault:
        yield Finding("refused", str(fault))
    rows = to_teach(manifest).examples
    if not rows:
        yield Finding(
            "refused", f"every row of {manifest.name} is kept for a test, expected rows to learn from as well"
        )
        return
    answered: set[int] = set()
    for part in recipe.own:
        usable = [number for number, one in enumerate(rows) if part.task.learn.usable(part, one)]
        if usable:
            answered.update(usable)
            try:
                part.task.learn.check(part, [rows[number] for number in usable], begun)
            except ManifestError as fault:
                yield Finding("refused", str(fault))
    if not answered:
        expected = "; or ".join(dict.fromkeys(part.task.learn.expects(part) for part in recipe.own))
        yield Finding(
            "refused", f"no row of {manifest.name} says anything that {recipe.name} learns from, expected {expected}"
        )
        return
    used = [rows[number] for number in sorted(answered)]
    if people(used) < LEAST_PEOPLE:
        yield Finding(
            "refused",
            f"{manifest.name} shows {people(used)} people, expected at least {LEAST_PEOPLE}: a fifth of them is held "
            "out; add films of others, or a column patient if several people share one name",
        )
    silent, kept = len(rows) - len(used), len(manifest.examples) - len(rows)
    if silent:
        yield Finding("dropped", f"{silent} of {len(rows)} rows say nothing to learn from and are left out")
    if kept:
        yield Finding("said", f"{kept} rows are kept for a test by the column split and teach nothing")
    yield from _of_sides(recipe, manifest, used)


def refuse_what_taught(name: str, version: str, evidence: Mapping[str, Any], own: Manifest) -> None:
    """Raises ManifestError for the very table that a bundle learned from: nothing of it could be held out any more.
    evidence: the bundle's."""
    if own.fingerprint in str(evidence.get("data", {}).get("manifest_fingerprint", "")).split("+"):
        raise ManifestError(
            f"{own.name} is the very table that {name}@{version} was trained on, expected films it has never seen, "
            "since some are held out to calibrate on; add films, or go on from its own parent"
        )


def check_split(manifest: Manifest) -> None:
    """Raises ManifestError where the column `split` puts a patient into two parts, or names one that is not known."""
    if not any(one.split for one in manifest.examples):
        return
    refuse_unknown(manifest.examples, f" of {manifest.name}")
    of: dict[str, set[str | None]] = {}
    for one in manifest.examples:
        of.setdefault(one.person, set()).add(part_of(one))
    torn = [person for person, parts in of.items() if len(parts) > 1]
    if torn:
        raise ManifestError(
            f"the column split of {manifest.name} puts {len(torn)} patients into two parts, expected each in one; mend "
            "the column, or leave it out"
        )


def _of_sides(recipe: Recipe, manifest: Manifest, rows: Sequence[Example]) -> Iterator[Finding]:
    """Where each limb has a row of its own: rows that share a film and do not say which limb they mean."""
    if recipe.finder is None or recipe.shared:
        return
    of_film = Counter(one.path for one in rows)
    unsided = [one for one in rows if one.others.get("side") is None]
    torn = sum(of_film[one.path] > 1 for one in unsided)
    if torn:
        yield Finding(
            "refused",
            f"{torn} rows of {manifest.name} share a film with others and name no side, expected R or L in the column "
            "side of each",
        )
    elif unsided:
        yield Finding(
            "dropped",
            f"{len(unsided)} of {len(rows)} rows name no side: each stands for the one limb on its film, and is left "
            "out where its film shows two",
        )


def check_kept(manifest: Manifest, wanted: int, kept: int, why: Sequence[str]) -> None:
    """After films were read: raises ManifestError where more than `MOST_LEFT_OUT` of the rows fell away; says how many
    did, and why, where fewer did. why: the sentence of each film or limb that was refused."""
    left = wanted - kept
    if not left:
        return
    said = "; ".join(f"{count} times: {sentence}" for sentence, count in Counter(why).most_common(3))
    if left > MOST_LEFT_OUT * wanted:
        raise ManifestError(
            f"{left} of {wanted} rows of {manifest.name} cannot be used ({said}), expected at most "
            f"{MOST_LEFT_OUT:.0%}; mend those rows, or leave them out of the manifest yourself"
        )
    logger.warning("%d of %d rows of %s are left out (%s)", left, wanted, manifest.name, said)
