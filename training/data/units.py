"""The samples that the parts of a recipe learn from, each kind read once, all split by the same patients."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from anatomy.find import JOINTS
from anatomy.joint import Joint
from core.example import Example, ManifestError
from core.settings import settings
from models import registry
from tasks.part import Part
from tasks.samples import Samples
from training.cohorts import fresh
from training.data import bodies, films, limbs, squares
from training.data.given_split import TEST, TRAIN, VALIDATION, part_of, to_teach
from training.data.held_out import Settled, settle_copies, split_of
from training.data.manifest import Manifest
from training.data.preflight import check_kept
from training.run import Run


class Units:
    """Films, limbs or bodies of the manifests. The first is split by patients; films of further ones only teach, for
    their mix of answers is nobody's; a finder, which needs no answers, splits them all."""

    def __init__(self, run: Run, manifests: Sequence[Manifest]) -> None:
        self.run, self.recipe, self.manifests = run, run.recipe, manifests

    def of(self, part: Part) -> tuple[Samples, Samples]:
        """To learn from, and for validation."""
        if part.unit == "body":
            return self._bodies(part)
        joint = joint_of(part)
        return self._squares(joint) if joint else self._split[:2]

    @property
    def data(self) -> dict[str, Any]:
        """What a bundle's evidence says of them."""
        if any(joint_of(part) for part in self.recipe.own):
            return {"manifest_fingerprint": self.fingerprint}
        train, validation, settled = self._split
        unit = "limbs" if self.recipe.finder else "films"
        rows = [[str(example.path) for example in samples.examples] for samples in (train, validation)]
        return {
            "manifest": self.manifests[0].name,
            "manifest_fingerprint": self.fingerprint,
            "films_or_limbs_refused": len(settled.samples.refused),
            "pairs_of_copies": settled.copies,
            f"{unit}_whose_copies_contradict_them": settled.left_out,
            "split_fingerprint": hashlib.sha256(repr(rows).encode()).hexdigest()[:16],
            f"{unit}_learned_from": len(train),
            f"{unit}_held_out": len(validation),
            **self._falls_away(unit, train),
        }

    def _falls_away(self, unit: str, train: Samples) -> dict[str, Any]:
        """Rows that teach nothing, and why; and how many of those learned from show virtual patients."""
        first, *more = self.manifests
        silent = sum(not self._usable(example) for example in first.examples)
        kept = sum(part_of(example) == TEST for example in first.examples)
        said: dict[str, Any] = {}
        if silent:
            said["rows_without_an_answer"] = silent
        if kept:
            said["rows_kept_for_a_test"] = kept
        if self._split[2].samples.refused:
            said["left_out_because"] = dict(Counter(self._split[2].samples.refused.values()))
        if self.run.how is not None:
            virtual = {example.path for manifest in more for example in manifest.examples}
            said[f"virtual_{unit}_learned_from"] = sum(example.path in virtual for example in train.examples)
        return said

    @property
    def fingerprint(self) -> str:
        """Of all the tables."""
        return "+".join(manifest.fingerprint for manifest in self.manifests)

    @cached_property
    def _split(self) -> tuple[Samples, Samples, Settled]:
        first, *more = self.manifests
        found = self.gathered(first)
        if not first.simulated:
            wanted = sum(map(self._usable, first.examples))
            check_kept(first, wanted, len(found), list(found.refused.values()))
        settled = settle_copies(found, self._says, self.run.say)
        parts = split_of(settled.samples.examples, settled.group, self.run.seed)
        train, validation = (
            settled.samples.rows([row for row, part in enumerate(parts) if part == wanted])
            for wanted in (TRAIN, VALIDATION)
        )
        if not len(train) or not len(validation):
            raise ManifestError(
                f"{first.name} leaves {len(train)} to learn from and {len(validation)} for validation, expected films "
                "of several patients; add films of others"
            )
        for manifest in more:
            train = train.joined(self.gathered(manifest))
        if self.run.preset.fresh and self.recipe.finder:
            train = replace(train, fresh=partial(fresh.limbs, self.run.preset.virtual_films, self.run.seed))
        return train, validation, settled

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        """Those that learn from what `gathered` reads."""
        return tuple(part for part in self.recipe.own if part.unit != "body")

    def gathered(self, manifest: Manifest) -> Samples:
        """A manifest's films or limbs, of rows that say something that any part can learn from, before any split."""
        wanted: dict[str, Any] = {}
        for part in self._parts:
            loads = part.task.learn.loads(part, part.candidates.get(self.run.preset_name, ()))
            for name, value in loads.items():
                wanted[name] = [*wanted.get(name, ()), *value] if isinstance(value, list) else value

        usable = self._usable
        if not any(map(usable, manifest.examples)):
            expected = "; or ".join(dict.fromkeys(part.task.learn.expects(part) for part in self._parts))
            raise ManifestError(
                f"no row of {manifest.name} says anything that {self.recipe.name} learns from, expected {expected}"
            )
        sketched, workers = not manifest.simulated, self.run.workers
        say = partial(self.run.say, f"reading films of {manifest.name}")
        if self.recipe.finder is None:
            return films.gather(manifest, usable, wanted.get("inputs", ()), sketched, workers, say)
        wanted.pop("inputs", None)
        finder = registry.find(self.recipe.finder, settings().weights)
        return limbs.gather(manifest, usable, finder, sketched, workers, say, **wanted)

    def _usable(self, example: Example) -> bool:
        return any(part.task.learn.usable(part, example) for part in self._parts)

    def says_of(self, part: Part) -> bool:
        """Whether the first manifest says anything that a part learns from."""
        return any(part.task.learn.usable(part, example) for example in to_teach(self.manifests[0]).examples)

    def _says(self, example: Example) -> str:
        """What a row says: copies of one film that say different things contradict each other."""
        return repr([part.task.learn.says(part, example) for part in self._parts])

    def _bodies(self, part: Part) -> tuple[Samples, Samples]:
        (candidate,) = part.candidates[self.run.preset_name]
        taught, held = (set(samples.patients) for samples in self._split[:2])
        train, validation = [], None
        for number, manifest in enumerate(self.manifests):
            say = partial(self.run.say, f"cutting out bodies of {manifest.name}")
            found = bodies.gather(manifest, candidate.preprocess, self.run.workers, say)
            of = found.patients
            train.append(found.rows([row for row, patient in enumerate(of) if patient in taught]))
            if number == 0:
                validation = found.rows([row for row, patient in enumerate(of) if patient in held])
        assert validation is not None
        joined = train[0]
        for more in train[1:]:
            joined = joined.joined(more)
        return joined, validation

    def _squares(self, joint: Joint) -> tuple[Samples, Samples]:
        every: Samples | None = None
        for manifest in self.manifests:
            say = partial(self.run.say, f"reading films of {manifest.name}")
            found = squares.gather(manifest, joint, self.run.workers, say)
            every = found if every is None else every.joined(found)
        assert every is not None
        patients = {person: number for number, person in enumerate(dict.fromkeys(every.patients))}
        parts = split_of(every.examples, [patients[person] for person in every.patients], self.run.seed)
        train, validation = (
            every.rows([row for row, part in enumerate(parts) if part == wanted]) for wanted in (TRAIN, VALIDATION)
        )
        if self.run.preset.fresh:
            view = self.recipe.view_name
            made = partial(fresh.squares, self.run.preset.virtual_films, self.run.seed, view=view, joint=joint)
            train = replace(train, fresh=made)
        return train, validation


def joint_of(part: Part) -> Joint | None:
    """The joint whose landmarks a part answers with, on whole films."""
    return next((joint for joint in JOINTS.values() if joint.maps == part.outputs), None)
