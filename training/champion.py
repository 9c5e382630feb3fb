"""Which version reads: a challenger is weighed against the champion, takes its place or is refused; and back again."""

import getpass
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from core.identity import machine_key, pseudonym
from core.settings import settings
from evidence.versus import RULE, Comparison
from models import reads, registry
from models.bundle import describe, fingerprint
from models.files.copies import copy
from models.files.plain import BundleError
from models.reads import NotPromoted, Step
from recipes import LEARNERS, learner
from recipes.recipe import Recipe
from tasks.task import Say
from training.compare import compare
from training.data.given_split import to_test
from training.data.manifest import Manifest, read_manifest
from training.data.taught import shared
from training.recalibrate import Recalibrated, parts_of, recalibrate

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weighed:
    """A comparison of two bundles. data: the table's name and fingerprint. alone: units that only one could read.
    notes: what could not be made sure of. recorded: whether the challenger says what it learned from, without which
    nobody knows that the set is new to it. times: how often it was compared on this very table before."""

    recipe: str
    champion: str
    challenger: str
    data: Mapping[str, str]
    comparison: Comparison
    alone: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    recorded: bool = True
    times: int = 0

    @property
    def takes(self) -> bool:
        """Whether the challenger may read without a person's reason."""
        return self.comparison.takes and self.recorded

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may, or why not."""
        return self.notes if self.comparison.takes and not self.recorded else self.comparison.reasons

    def to_plain(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "comparison": self.comparison.to_plain(), "rule": RULE}


@dataclass(frozen=True)
class Promotion:
    """The folder that reads from now on, the step that was taken, and what it was weighed by."""

    folder: Path
    step: Step
    weighed: Weighed | None = None


def find(named: str | Path) -> Path:
    """The folder of `name@version` among those at hand, of a bundle, or of the one bundle that a training left under
    its `out`. Raises BundleError that says what is there."""
    root, path = settings().weights, Path(named)
    if (path / "config.json").is_file():
        return path
    inside = sorted(config.parent for config in path.glob("bundles/[!.]*/[!.]*/config.json")) if path.is_dir() else []
    if len(inside) == 1:
        return inside[0]
    if inside:
        found = ", ".join(f"{one.parent.name}/{one.name}" for one in inside)
        raise BundleError(f"{named} holds several bundles ({found}), expected one; name its folder")
    if path.is_dir():
        raise BundleError(f"found no bundle in {named}, expected the folder that train printed")
    return registry.find(str(named), root)


def champion(name: str) -> str | None:
    """The version of a recipe that reads now; None where none is at hand."""
    if name not in LEARNERS:
        return None
    root = settings().weights
    now = reads.reads(learner(name).bundle or name, root)
    return now if registry.has(now, root) else None


def as_it_reads(recipe: Recipe) -> Recipe:
    """With the versions that read now, its own and those of whatever it begins with."""
    return recipe.reading_with(partial(reads.reads, root=settings().weights))


def weigh(first: Path, second: Path, data: Path, workers: int, say: Say) -> Weighed:
    """Two bundles of a recipe on a locked test set: rows `test` of a manifest with a split, all rows of one without.

    Raises NotPromoted where the challenger learned from films or patients of that set, ValueError in one sentence for
    what cannot be compared.
    """
    names = [_name_of(folder) for folder in (first, second)]
    recipe = as_it_reads(learner(names[0].partition("@")[0]))
    for name in names:
        if name.partition("@")[0] != recipe.name:
            raise BundleError(f"{name} is no bundle of {recipe.name}, expected two versions of one recipe")
    manifest = to_test(read_manifest(data))
    notes, recorded = _unlearned(second, names[1], manifest)
    if shared(first, manifest, settings().weights).films:
        notes += (f"{names[0]} learned from films of this set, so its figures flatter it",)
    comparison, alone = compare(recipe, first, second, manifest, workers, say)
    before = [one for one in reads.history(settings().weights, recipe.name) if one.to == names[1]]
    times = sum((one.figures.get("data") or {}).get("fingerprint") == manifest.fingerprint for one in before)
    if times:
        notes += (f"{names[1]} was compared on this very set {times} times before: a test set is looked at once",)
    about = {"name": manifest.name, "fingerprint": manifest.fingerprint}
    return Weighed(recipe.name, names[0], names[1], about, comparison, alone, notes, recorded, times)


def _unlearned(folder: Path, name: str, manifest: Manifest) -> tuple[tuple[str, ...], bool]:
    """What could not be made sure of, and whether the bundle says what it learned from. Raises NotPromoted where films
    or patients are shared."""
    found = shared(folder, manifest, settings().weights)
    if found.films or found.patients:
        raise NotPromoted(
            f"{name} learned from {found.films} films and {found.patients} patients of {manifest.name}, expected a "
            "test set that it has never seen; compare it on films of other patients"
        )
    notes = []
    if found.silent:
        notes.append(f"{name} does not record what it learned from, so nobody can say that it has not seen this set")
    elif not found.patients_known:
        notes.append(f"{name} was trained on another installation, so its patients could not be compared, films were")
    notes += [f"{one}, from which it was made, does not record what it learned from" for one in found.unknown]
    return tuple(notes), not found.silent


def promote(
    named: str | Path, data: Path | None, because: str, workers: int, say: Say, weighed: Weighed | None = None
) -> Promotion:
    """Put a bundle in the place of the version that reads, if it is better on a locked test set, or because a person
    says why. The first version of a recipe has nothing to be compared with. weighed: a comparison made just now.

    Raises NotPromoted where the challenger is refused, which the log then says; BundleError where it is no whole
    bundle, or another process promoted meanwhile.
    """
    folder, root = find(named), settings().weights
    to = _name_of(folder)
    name = to.partition("@")[0]
    now = champion(name)
    if now == to and (named_now := reads.named(name, root)) == to:
        raise BundleError(f"{named_now} reads already, expected another version")
    if now is not None and now != to:
        if weighed is None and data is not None:
            try:
                weighed = weigh(registry.find(now, root), folder, data, workers, say)
            except NotPromoted as refused:
                _refuse(name, now, to, str(refused), {})
                raise
        _judge(name, now, to, weighed, because)
    there = _placed(folder, to, root)
    figures = weighed.to_plain() if weighed else {}
    expected = None if now == to else now
    step = Step("promoted", name, expected, to, who(), because or _why(weighed), figures)
    reads.take(step, root, now)
    return Promotion(there, step, weighed)


def _judge(name: str, now: str, to: str, weighed: Weighed | None, because: str) -> None:
    """Raises NotPromoted, and logs it, for a challenger without a gain and without a person's reason."""
    if because:
        return
    if weighed is None:
        why = f"{now} reads and {to} was compared with it on nothing"
        _refuse(name, now, to, why, {})
        raise NotPromoted(f"{why}; give --data with a locked test set, or --because with a reason")
    if (weighed.champion, weighed.challenger) != (now, to):
        raise NotPromoted(
            f"{weighed.challenger} was weighed against {weighed.champion}, expected {to} against {now}, which reads; "
            "compare these"
        )
    if weighed.takes:
        return
    why = "; ".join(weighed.reasons)
    _refuse(name, now, to, why, weighed.to_plain())
    raise NotPromoted(f"{to} does not take the place of {now}: {why}; --because takes it all the same", weighed)


def _why(weighed: Weighed | None) -> str:
    return "; ".join(weighed.comparison.reasons) if weighed else "the first version of this recipe"


def _refuse(name: str, now: str, to: str, why: str, figures: Mapping[str, Any]) -> None:
    reads.note(Step("refused", name, now, to, who(), why, figures), settings().weights)


def _placed(folder: Path, to: str, root: Path) -> Path:
    """The bundle among those at hand: it is there already, or it is copied. Raises BundleError where that version is
    there with another content."""
    if registry.has(to, root):
        there = registry.find(to, root)
        if there.resolve() == folder.resolve() or fingerprint(there) == fingerprint(folder):
            return there
    return copy(folder, root)


def roll_back(name: str, because: str = "") -> Step:
    """Read with the version before again. Raises BundleError where there was none, or it is gone."""
    root = settings().weights
    now, to = reads.named(name, root), reads.previous(name, root)
    registry.find(to, root)
    step = Step("rolled back", name, now, to, who(), because)
    reads.take(step, root, now)
    return step


def calibrated(recipe: Recipe, data: Path, out: Path, named: str | None, workers: int, say: Say) -> Recalibrated:
    """A bundle, the one that reads unless named, fitted anew to films of one's own: the next version, under `out`."""
    recipe = as_it_reads(recipe)
    parts_of(recipe)  # before a film is read
    parent = find(named or recipe.bundle or recipe.name)
    return recalibrate(recipe, parent, read_manifest(data), out, workers, say)


def note_calibrated(name: str, made: Recalibrated) -> None:
    """Put a calibration in the log; one that cannot be written costs a warning and not the new version."""
    about = describe(made.folder)
    to = f"{about['name']}@{about['version']}"
    figures = {"units": dict(made.units), "changes": {task: vars(one) for task, one in made.gains.items()}}
    step = Step("calibrated", name, made.parent, to, who(), about["learned_from"].rpartition("; ")[2], figures)
    try:
        reads.note(step, settings().weights)
    except BundleError as fault:
        log.warning("the log does not say that %s was made: %s", to, fault)


def who() -> str | None:
    """A pseudonym of the account that runs this; None where the system names none."""
    try:
        return pseudonym("account", getpass.getuser(), machine_key(settings().home))
    except (OSError, KeyError, ImportError):
        return None


def _name_of(folder: Path) -> str:
    about = describe(folder)
    return f"{about['name']}@{about['version']}"
