"""Which films and patients a bundle was made from, as hashes that name nobody; and whether a table shares any of them.

Files are known by their content. Case ids, where a table has them, know a film that was saved anew. Patients are known
by a keyed hash, so that nobody without this installation's key can look a number up: another installation compares
films alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.example import Example
from core.identity import key_name, machine_key, patient_pseudonym
from core.settings import settings
from models import registry
from models.bundle import describe, taught
from training.data.given_split import to_teach
from training.data.manifest import Manifest


@dataclass(frozen=True)
class Shared:
    """How many films and patients of a table a bundle was made from. silent: the bundle does not record its own.
    unknown: bundles on the way to it that do not. patients_known: whether patients could be compared."""

    films: int
    patients: int
    silent: bool
    unknown: tuple[str, ...] = ()
    patients_known: bool = True


def record(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """What a bundle that is made from these tables keeps of them; rows of a given test split are none of its films."""
    return _hashes([one for manifest in manifests for one in to_teach(manifest).examples])


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both records; patients of the former under another key are left out, since they could not be compared."""
    same = one.get("key") == other.get("key")
    return {
        "key": other["key"],
        "films": sorted({*one.get("films", ()), *other["films"]}),
        "patients": sorted({*(one.get("patients", ()) if same else ()), *other["patients"]}),
    }


def shared(folder: Path, manifest: Manifest, root: Path) -> Shared:
    """What the bundle in a folder, and those it was made from, share with a table. root: where its parents lie."""
    here = _hashes(manifest.examples)
    films, patients = set(here["films"]), set(here["patients"])
    own = taught(folder)
    silent, known = not own, own.get("key") in (None, here["key"])
    found_films = films & set(own.get("films", ()))
    found_patients = patients & set(own.get("patients", ())) if known else set()
    unknown: list[str] = []
    parent, seen = describe(folder).get("parent"), set[str]()
    while parent:
        name = f"{parent['name']}@{parent['version']}"
        if name in seen:
            break
        seen.add(name)
        record_of = taught(registry.find(name, root)) if registry.has(name, root) else {}
        if not record_of:
            unknown.append(name)
        found_films |= films & set(record_of.get("films", ()))
        if record_of.get("key") == here["key"]:
            found_patients |= patients & set(record_of.get("patients", ()))
        parent = describe(registry.find(name, root)).get("parent") if registry.has(name, root) else None
    return Shared(len(found_films), len(found_patients), silent, tuple(unknown), known)


def _hashes(examples: Sequence[Example]) -> dict[str, Any]:
    key = machine_key(settings().home)
    named = key_name(key)
    contents = {path: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in {one.path for one in examples}}
    cases = {str(one.others["case_id"]) for one in examples if one.others.get("case_id")}
    return {
        "key": named,
        "films": sorted({*contents.values(), *cases}),
        "patients": sorted(filter(None, {_person(one, key, named) for one in examples if one.patient})),
    }


def _person(example: Example, key: bytes, named: str) -> str | None:
    """The pseudonym of a row's patient; a table of experts' answers names patients by it already."""
    patient = str(example.patient)
    return patient if example.others.get("patient_key") == named else patient_pseudonym(patient, key)
