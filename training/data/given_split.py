"""The parts that a manifest's column `split` names: which rows teach, and which nobody learns from."""

from collections.abc import Sequence
from dataclasses import replace

from core.example import Example, ManifestError
from training.data.manifest import Manifest

TRAIN, VALIDATION, TEST = "train", "validation", "test"
NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "val": VALIDATION,
    "calibration": VALIDATION,
    "test": TEST,
    "external": TEST,
}


def part_of(example: Example) -> str | None:
    """The part that a row's `split` names; None for nothing, or a word that is not known."""
    return NAMES.get((example.split or "").strip().lower())


def refuse_unknown(examples: Sequence[Example], where: str = "") -> None:
    """Raises ManifestError for rows without a known part, once any row has one. where: ` of a.csv`, for it."""
    if not any(one.split for one in examples):
        return
    unknown = sorted({str(one.split or "nothing") for one in examples if part_of(one) is None})
    if unknown:
        raise ManifestError(
            f"the column split{where} says {', '.join(unknown)} in some rows, expected train, validation or test in "
            "each; name the part of every row, or leave the column out"
        )


def to_teach(manifest: Manifest) -> Manifest:
    """The rows that may teach: all but those that the column keeps for a test."""
    return replace(manifest, examples=tuple(one for one in manifest.examples if part_of(one) != TEST))


def to_test(manifest: Manifest) -> Manifest:
    """The rows that the column keeps for a test; every row where it is not given. Raises ManifestError where it is, and
    keeps none."""
    if not any(one.split for one in manifest.examples):
        return manifest
    rows = tuple(one for one in manifest.examples if part_of(one) == TEST)
    if not rows:
        raise ManifestError(
            f"the column split of {manifest.name} names no row test, expected films that nobody learns from; name "
            "some, or leave the column out to measure on every film"
        )
    return replace(manifest, examples=rows, fingerprint=f"{manifest.fingerprint}.test")
