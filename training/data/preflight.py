"""What can be told of a manifest before a film is read: whether it is enough to learn from, and what falls away."""

import logging
from collections import Counter
from collections.abc import Sequence

from core.example import Example, ManifestError
from recipes.recipe import Recipe
from tasks.enough import people
from tasks.part import Part
from training.data.given_split import part_of, refuse_unknown, to_teach
from training.data.manifest import Manifest

LEAST_PEOPLE = 5  # of whom one at least is held out
MOST_LEFT_OUT = 0.2  # share of the rows meant to teach that may fall away before nothing is learned from the rest

logger = logging.getLogger(__name__)


def check(recipe: Recipe, manifest: Manifest, begun: bool) -> None:
    """Raises ManifestError in one sentence where a manifest cannot teach a recipe; says what falls away.

    begun: whether the networks answer already, as those of a bundle that is fine-tuned: parts of which no row says
    anything then stay as they are.
    """
    check_split(manifest)
    rows = to_teach(manifest).examples
    if not rows:
        raise ManifestError(f"every row of {manifest.name} is kept for a test, expected rows to learn from as well")
    taught: list[Part] = []
    answered: set[int] = set()
    for part in recipe.own:
        usable = [number for number, one in enumerate(rows) if part.task.learn.usable(part, one)]
        if usable:
            part.task.learn.check(part, [rows[number] for number in usable], begun)
            taught.append(part)
            answered.update(usable)
    if not taught:
        expected = "; or ".join(dict.fromkeys(part.task.learn.expects(part) for part in recipe.own))
        raise ManifestError(
            f"no row of {manifest.name} says anything that {recipe.name} learns from, expected {expected}"
        )
    used = [rows[number] for number in sorted(answered)]
    if people(used) < LEAST_PEOPLE:
        raise ManifestError(
            f"{manifest.name} shows {people(used)} people, expected at least {LEAST_PEOPLE}: a fifth of them is held "
            "out; add films of others, or a column patient if several people share one name"
        )
    silent, kept = len(rows) - len(used), len(manifest.examples) - len(rows)
    if silent:
        logger.warning("%d of %d rows say nothing to learn from and are left out", silent, len(rows))
    if kept:
        logger.info("%d rows are kept for a test by the column split and teach nothing", kept)
    check_sides(recipe, manifest, used)


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


def check_sides(recipe: Recipe, manifest: Manifest, rows: Sequence[Example]) -> None:
    """Where each limb has a row of its own: rows that share a film and do not say which limb they mean."""
    if recipe.finder is None or recipe.shared:
        return
    of_film = Counter(one.path for one in rows)
    unsided = [one for one in rows if one.others.get("side") is None]
    torn = sum(of_film[one.path] > 1 for one in unsided)
    if torn:
        raise ManifestError(
            f"{torn} rows of {manifest.name} share a film with others and name no side, expected R or L in the column "
            "side of each"
        )
    if unsided:
        logger.warning(
            "%d of %d rows name no side: each stands for the one limb on its film, and is left out where its film "
            "shows two",
            len(unsided),
            len(rows),
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
