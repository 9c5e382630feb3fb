"""What a training would make of a manifest, counted before a film is read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.example import Example, ManifestError
from recipes.recipe import Recipe
from tasks import CLASSES, SCORES
from tasks.enough import people
from training.data.given_split import TEST, TRAIN, VALIDATION, part_of
from training.data.manifest import Manifest, read_manifest
from training.data.preflight import Finding, findings, refuse_what_taught


@dataclass(frozen=True)
class Taught:
    """What one part of a recipe would learn from. expects: the columns that say it. rows, people: that say any of it.
    answers: rows and people by answer, where answers are few."""

    task: str
    expects: str
    rows: int
    people: int
    answers: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Audit:
    """A manifest as a recipe sees it. table: its file, None where it could not be read. patients: None where no row
    names one, so that every film counts as somebody's own. parts: rows by part of the column split; empty without it.
    taught: by part of the recipe. findings: what would be refused, dropped or said, all of it."""

    table: Path | None
    rows: int
    films: int
    patients: int | None
    parts: Mapping[str, int]
    taught: Sequence[Taught]
    findings: Sequence[Finding]

    @property
    def may_start(self) -> bool:
        return not any(one.kind == "refused" for one in self.findings)


def audit(recipe: Recipe, data: Path, parent: Mapping[str, Any] | None) -> Audit:
    """Raises nothing for a bad manifest: what is wrong with it is a finding. parent: what the bundle that would go on
    learning says of itself (models.bundle.describe); None where networks begin from nothing."""
    try:
        manifest = read_manifest(data)
    except ManifestError as fault:
        return Audit(None, 0, 0, None, {}, (), (Finding("refused", str(fault)),))
    rows = manifest.examples
    split = Counter(part_of(one) or "not known" for one in rows) if any(one.split for one in rows) else Counter()
    return Audit(
        table=manifest.table,
        rows=len(rows),
        films=len({one.path for one in rows}),
        patients=people(rows) if any(one.patient for one in rows) else None,
        parts={name: split[name] for name in (TRAIN, VALIDATION, TEST, "not known") if split[name]},
        taught=_taught(recipe, manifest),
        findings=(*_of_parent(parent, manifest), *findings(recipe, manifest, parent is not None)),
    )


def _of_parent(parent: Mapping[str, Any] | None, manifest: Manifest) -> list[Finding]:
    try:
        if parent is not None:
            refuse_what_taught(parent["name"], parent["version"], parent["evidence"], manifest)
    except ManifestError as fault:
        return [Finding("refused", str(fault))]
    return []


def _taught(recipe: Recipe, manifest: Manifest) -> list[Taught]:
    rows = [one for one in manifest.examples if part_of(one) != TEST]
    found = []
    for part in recipe.own:
        learn = part.task.learn
        usable = [one for one in rows if learn.usable(part, one)]
        of: dict[str, list[Example]] = {}
        if part.task == CLASSES:
            of = {label: [one for one in usable if learn.says(part, one) == label] for label in part.outputs}
        elif part.task == SCORES:
            for number, question in enumerate(part.outputs):
                for word, value in (("yes", 1.0), ("no", 0.0)):
                    of[f"{question}: {word}"] = [one for one in usable if learn.says(part, one)[number] == value]
        answers = {name: (len(some), people(some)) for name, some in of.items()}
        found.append(Taught(part.task.name, learn.expects(part), len(usable), people(usable), answers))
    return found
