"""Which rows teach and which are held out: no patient, and no copy of a film, on both sides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.example import Example, ManifestError
from evidence.copies import contradictions, find_copies, groups
from tasks.samples import Samples
from tasks.task import Say
from training.data.given_split import NAMES, TRAIN, VALIDATION, refuse_unknown
from training.data.split import join_groups, one_held_out


@dataclass(frozen=True, eq=False)
class Settled:
    """Samples without those whose copies carry another answer; the group of each row, by content and patient; how many
    pairs of copies were found, and how many rows were left out."""

    samples: Samples
    group: list[int]
    copies: int
    left_out: int


def settle_copies(samples: Samples, says: Callable[[Example], str], say: Say) -> Settled:
    """Look for copies where films were sketched; simulated films are not, for no two of them are copies. says: what a
    row answers; the two limbs of one film are one content with two answers, which is no contradiction."""
    patients = [example.patient for example in samples.examples]
    if not samples.sketches:
        paths = [str(example.path) for example in samples.examples]
        by_film = {path: number for number, path in enumerate(dict.fromkeys(paths))}
        return Settled(samples, join_groups([by_film[path] for path in paths], patients), 0, 0)
    copies = find_copies(samples.sketches, partial(say, "finding copies"))
    content = groups(len(samples), copies)
    number = one_limb(content, samples.examples)
    doubted = set(contradictions(number, [says(example) for example in samples.examples]))
    kept = [row for row in range(len(samples)) if row not in doubted]
    group = join_groups([content[row] for row in kept], [patients[row] for row in kept])
    return Settled(samples.rows(kept), group, len(copies), len(doubted))


def one_limb(content: Sequence[int], examples: Sequence[Example]) -> list[int]:
    """A number for each row: copies of one film that name the same side, or none, share it."""
    limb: dict[tuple[int, Any], int] = {}
    sides = [example.others.get("side") for example in examples]
    return [limb.setdefault((one, side), len(limb)) for one, side in zip(content, sides, strict=True)]


def split_of(examples: Sequence[Example], group: Sequence[int], seed: int) -> list[str]:
    """`train`, `validation` or `test` by row: as the manifest's column `split` says, or else a fifth of the groups for
    validation.

    A given split without validation rows gives a fifth of its training groups to validation. Raises ManifestError for a
    part that is not known, for rows without one beside rows with one, and for a patient or a copy in two parts.
    """
    said = [example.split for example in examples]
    if not any(said):
        learns, _ = one_held_out([str(number) for number in group], seed)
        train = set(learns)
        return [TRAIN if row in train else VALIDATION for row in range(len(examples))]
    refuse_unknown(examples)
    parts = [NAMES[str(one).strip().lower()] for one in said]
    of_group: dict[int, set[str]] = {}
    for number, part in zip(group, parts, strict=True):
        of_group.setdefault(number, set()).add(part)
    torn = sum(len(found) > 1 for found in of_group.values())
    if torn:
        raise ManifestError(
            f"the column split puts {torn} patients, or copies of one film, into two parts, expected each in one; "
            "mend the column, or leave it out"
        )
    if VALIDATION not in parts:
        rows = [row for row, part in enumerate(parts) if part == TRAIN]
        _, held = one_held_out([str(group[row]) for row in rows], seed)
        for row in held:
            parts[rows[row]] = VALIDATION
    return parts
