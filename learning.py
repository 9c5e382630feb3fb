"""The retraining pipeline: from a hard case to a better model, step by step.

enqueue, or offer -> choose -> admit; push -> (Label Studio) -> pull -> export;
train or calibrate -> evaluate -> compare -> promote or roll_back
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.control import ControlRate as ControlRate
from annotation.entering import choose_films, enter_chosen, enter_reading
from annotation.export import Exported, ExportFault as ExportFault, export as export_answers
from annotation.held import drop as drop, framed, kept_picture, release as release_film
from annotation.label_studio import LabelStudioFault as LabelStudioFault, LabelStudioStatus as LabelStudioStatus
from annotation.ledger import LedgerFault as LedgerFault, State as State, WorklistEntry as WorklistEntry
from annotation.offering import Offered as Offered, Read, offered
from annotation.policy import POLICIES as POLICIES, Policy as Policy, Selection as Selection
from annotation.pull import PullProgress, pull as pull_answers
from annotation.push import PushProgress, push as push_cases
from annotation.question import Question
from annotation.readers import Doubt, Settled as Settled, doubts as doubts_of
from annotation.worklist import (
    control_arm as control_arm,
    counts as counts,
    film_png as film_png,
    label_studio,
    label_studio_status as label_studio_status,
    ledger as ledger,
    preannotates as preannotates,
    settings_now,
    the_answered_recipe,
    truths,
    waiting as waiting,
    worklist as worklist,
)
from core.identity import key_name, machine_key, pseudonym
from core.reading import Reading
from core.settings import settings
from core.system.watch import Watch
from imaging import marked, to_dicom, to_png
from models.bundle import amend, describe, save
from models.numbering import version_for
from models.reads import NotPromoted as NotPromoted, Step as Step, history as steps
from models.registry import films_that_taught, has, names, names_that_taught
from recipes import by_name, learner
from recipes.second import second_opinion
from tasks import LANDMARKS, MASKS, SCORES

if TYPE_CHECKING:
    from training.champion import Promotion, Weighed
    from training.data.audit import Audit
    from training.recalibrate import Recalibrated
    from training.results import Results

Tell = Callable[[str, int, int], None]  # which step, how much is done, how much there is
VIRTUAL = "virtual"  # instead of a manifest: patients made for it
TEST_FILMS = 1000  # virtual films a set that a bundle is measured on

# -- out: choosing and asking ---------------------------------------------------------------------------------------


def enqueue(reading: Reading, reason: str | None = None) -> bool:
    """Keep a case for an expert if the policy says so, or because a person asked (`reason="requested"`).

    Returns True when the case stands in the worklist afterwards. Asked twice, it stands there once. Raises ValueError
    when a person asks for a film that was not read, or for a reason nobody may give.
    """
    return enter_reading(ledger(), reading, reason, lambda recipe: question(recipe).regions, to_png)


def offer(source: Callable[[], bytes], name: str, read: Read, recipe: str = "auto") -> Offered:
    """A film as a case among which `choose` chooses. Read once: offered again, it is remembered, whatever died since.

    source: gives the film's bytes. read: `reading.read`. Where another recipe answers the same of such films, it is
    asked for a second opinion.
    """
    home, weights = settings().home, settings().weights
    second, regions = partial(second_opinion, there=lambda one: has(one, weights)), lambda one: question(one).regions
    return offered(home, machine_key(home), source, name, recipe, ", ".join(names(weights)), read, second, regions)


def choose(films: Sequence[Offered], budget: int, policy: Policy = "mixed", control: float = 0.1) -> Selection:
    """Which of these films experts should see in this round, and why each; nothing is entered.

    Raises ValueError in one sentence for a budget or a share of the control arm that cannot be.
    """
    from imaging import read_radiograph  # loads what reads DICOM, and most commands need none

    return choose_films(ledger(), films, budget, policy, control, read_radiograph)


def admit(selection: Selection, films: Sequence[Offered]) -> Iterator[Offered]:
    """Enter what was chosen into the worklist, yielding each film once it stands there; each is entered once."""
    from imaging import read_radiograph

    yield from enter_chosen(ledger(), selection, films, read_radiograph, to_png)


def release(case_id: str, paint: bool = False) -> int:
    """Let a held film go that a person has looked at, painted over first where `paint` says that there is text; gives
    how many cases wait now. Raises ValueError where nothing is held under this name."""
    from imaging.person.text import without

    return release_film(case_id, without if paint else None, to_png)


held_png, held_picture = partial(framed, mark=marked), partial(kept_picture, mark=marked)


def push(preannotate: bool | None = None, readers: int = 1) -> Iterator[PushProgress]:
    """Send what waits to Label Studio, one task a case and reader, yielding after each case.

    readers: how many experts judge each case, each in a project of their own. preannotate: whether they see the model's
    answers and correct them, or judge blind; as OSTEOLENS_PREANNOTATE says unless told. Cases of the control arm are
    asked blind in any case. Raises LabelStudioFault, with one sentence, where Label Studio is not connected or cannot
    be used.
    """
    standing = counts()
    if not any(standing[state] for state in (State.WAITING, State.FAILED, State.PUSHING)):
        return  # before the SDK is loaded, which takes seconds
    shown = preannotates() if preannotate is None else preannotate
    title, home = settings_now().label_studio_project, settings().home
    yield from push_cases(ledger(), label_studio(), title, home, question, readers, shown)


def pull(only: Collection[int] | None = None) -> Iterator[PullProgress]:
    """Take in what experts answered in Label Studio, each annotation once, yielding after each answered case.

    only: the numbers of the projects to look at; all unless told. Whoever answered is kept under a pseudonym. Raises
    LabelStudioFault as `push` does.
    """
    key = machine_key(settings().home)
    yield from pull_answers(ledger(), label_studio(), question, partial(pseudonym, "annotator", key=key), only)


def export(out: Path, recipe: str | None = None, control_tests: bool = True, tell: Tell | None = None) -> Exported:
    """Write what experts have settled as a training set into the folder `out`: a manifest that `train` takes, with
    films and masks, and the same for `datasets` (see annotation.export).

    recipe: whose answers; may be left out where one recipe alone has any. control_tests: whether the control arm is
    kept for a test, as far as no bundle at hand has learned from it. Raises ExportFault, with one sentence, where
    nothing is settled or the folder is not free, and ValueError where several recipes have answers.
    """
    home, root = settings().home, settings().weights
    name = by_name(recipe).name if recipe else the_answered_recipe()
    key, now, asked, known = machine_key(home), truths(name), question(name), names_that_taught(root)
    return export_answers(now, ledger(), home, asked, out, to_dicom, key_name(key), known, control_tests, tell)


def doubts(found: Sequence[Settled]) -> list[Doubt]:
    """Which of these settled answers the models contradict, the most doubtful first, by what each said of the film when
    it came. A version that learned from a film is not heard on it."""
    return doubts_of(ledger().entries(), found, films_that_taught(settings().weights))


def question(name: str) -> Question:
    """What the expert is asked about a film of this recipe: what its networks answer, and what can teach them."""
    one = by_name(name)
    scores, points = one.outputs(SCORES), one.outputs(LANDMARKS)
    regions = one.outputs(MASKS) or (() if points else one.regions)
    return Question.of_films(name, one.site, one.view, one.labels, regions, scores, points)


# -- back: from answers to the version that reads -------------------------------------------------------------------


def simulate(
    view: str,
    n: int,
    seed: int,
    scanner: str,
    out: Path,
    size: int | None = None,
    workers: int = 1,
    meshes: Path | None = None,
    **uncommon: float,
) -> Iterator[int]:
    """Make n films of virtual patients under `out`, with masks, projections and truth.csv; yields how many are there.

    uncommon: shares of people with `implants`, `dysplasia` or `fractures`. Stopped and run again, it goes on. Raises
    ValueError in one sentence for what cannot be made.
    """
    from simulation.uncommon import Uncommon
    from simulation.write import write  # tables and bodies take seconds to load, and few commands need them

    yield from write(view, n, seed, scanner, out, size, workers, meshes=meshes, uncommon=Uncommon(**uncommon))


def audit(recipe_name: str, data: Path, from_bundle: str | None = None) -> "Audit":
    """What `train` would make of a manifest, in sentences and counts; raises nothing for a bad one."""
    from training import champion
    from training.data.audit import audit as audit_of

    parent = describe(champion.find(from_bundle)) if from_bundle else None
    return audit_of(learner(recipe_name), data, parent)


def train(
    recipe_name: str,
    data: Path | str,
    preset_name: str,
    out: Path,
    init: dict[str, str] | None = None,
    seed: int = 0,
    version: str | None = None,
    learned_from: str | None = None,
    workers: int = 1,
    test_films: int = TEST_FILMS,
    tell: Tell | None = None,
    from_bundle: str | None = None,
    freeze: str | None = None,
    virtual_share: float | None = None,
    epochs: int | None = None,
    watch: Watch = lambda *_: None,
) -> Path:
    """From a manifest, or virtual patients, to a bundle with its evidence in `out/bundles`. Run again after a kill, it
    goes on.

    data: a manifest, or `virtual`. init: first weights by candidate, instead of the recipe's own. Raises ValueError in
    one sentence for a manifest, a recipe or weights that cannot be used, before anything long begins. version: of the
    bundle; unless told, the next one free. test_films: virtual films a set on which the bundle is measured and signed;
    0 leaves that to `evaluate`. from_bundle: `name@version`, or a folder, of a bundle whose networks go on learning,
    heads included; freeze, virtual_share and epochs say how (training.continuation). watch: is told of every epoch.
    """
    from training import champion, pipeline  # network libraries take seconds to load, and the worklist needs none
    from training.continuation import continuation, continued, preset_of
    from training.run import Run

    recipe, say = champion.as_it_reads(learner(recipe_name)), tell or (lambda *_: None)
    first = (learner(recipe_name).bundle or "").partition("@")[2] or "0.1.0"
    trainings = (settings().home / "trainings").glob("*/run/bundles")  # of which none may have been promoted yet
    version = version_for(recipe.name, version, first, out / "bundles", settings().weights, others=trainings)
    how = continuation(recipe, from_bundle, virtual_share, freeze, epochs) if from_bundle else None
    if how is not None:
        preset_name = preset_of(recipe, how, preset_name)
        recipe = continued(recipe, preset_name, how)
    run = Run(recipe, preset_name, out, seed, version, learned_from or "", init or {}, workers, say, how, watch)
    folder = document(save(pipeline.trained(run, data), out / "bundles"))
    finds_only = all(part.task == LANDMARKS for part in recipe.own)  # validation films are all that it is measured on
    if data == VIRTUAL and test_films and recipe.holding != "folds" and not finds_only:
        document(folder, pipeline.measured(recipe, folder, VIRTUAL, workers, test_films, say).of_bundle)
    return folder


def document(folder: Path, figures: Mapping[str, Any] | None = None) -> Path:
    """Give a bundle that was just made its evidence in today's schema and its model card. figures: by set, on films
    that nobody trained it on."""
    from evidence.record import Evidence
    from recipes.facts import facts_of
    from report.card import model_card

    about = describe(folder)
    evidence = Evidence.from_plain({**about["evidence"], **(figures or {})})
    amend(folder, evidence.to_plain(), model_card(facts_of(about), evidence))
    return folder


def calibrate(
    recipe_name: str, data: Path, out: Path, bundle: str | None = None, workers: int = 1, tell: Tell | None = None
) -> "Recalibrated":
    """Fit a bundle anew to films of one's own, without touching its weights: a new version in `out/bundles`, with its
    card and cross-fitted figures. bundle: a folder or `name@version`, the one that reads unless told."""
    from training import champion

    made = champion.calibrated(learner(recipe_name), data, out / "bundles", bundle, workers, tell or (lambda *_: None))
    document(made.folder)
    champion.note_calibrated(recipe_name, made)
    return made


def evaluate(
    recipe_name: str,
    data: Path | str,
    bundle: str | None = None,
    workers: int = 1,
    films: int = TEST_FILMS,
    tell: Tell | None = None,
) -> "Results":
    """What a bundle answers on films nobody trained it on, by set.

    data: a manifest, of which rows `test` alone where it has a split, or `virtual`: patients of their own on the
    internal and on the external scanner; where density is measured, some are filmed again and again besides. bundle:
    as in `calibrate`. Raises ValueError in one sentence for what cannot be measured.
    """
    from training import champion, pipeline

    recipe = champion.as_it_reads(learner(recipe_name))
    folder = champion.find(bundle or recipe.bundle or recipe.name)
    return pipeline.evaluated(recipe, folder, data, workers, films, tell or (lambda *_: None))


def compare(first: str, second: str, data: Path, workers: int = 1, tell: Tell | None = None) -> "Weighed":
    """Two bundles of one recipe on a locked test set. Raises NotPromoted where the second learned from it."""
    from training import champion

    return champion.weigh(champion.find(first), champion.find(second), data, workers, tell or (lambda *_: None))


def promote(
    bundle: Path | str,
    data: Path | None = None,
    because: str = "",
    workers: int = 1,
    tell: Tell | None = None,
    weighed: "Weighed | None" = None,
) -> "Promotion":
    """Read with a bundle from the next film on: a folder, or `name@version`.

    It is weighed against the version that reads on a locked test set (data: a manifest; weighed: a comparison made just
    now), and refused without a gain unless `because` says why it is taken all the same. A recipe's first version has
    nothing to be compared with. Raises NotPromoted where it is refused, BundleError for what is no whole bundle.
    """
    from training import champion

    return champion.promote(bundle, data, because, workers, tell or (lambda *_: None), weighed)


def roll_back(recipe_name: str, because: str = "") -> Step:
    """Read with the version before again. Raises BundleError where there was none."""
    from training import champion

    return champion.roll_back(learner(recipe_name).name, because)


def history(recipe_name: str | None = None) -> list[Step]:
    """Every step of the versions that read, oldest first: promoted, refused, rolled back, calibrated."""
    return steps(settings().weights, recipe_name)


def described(bundle: str) -> dict[str, Any]:
    """What a bundle says of itself: `name@version`, its folder, or the `out` of the training that made it."""
    from training.champion import find

    return describe(find(bundle))


def films_at_hand() -> dict[str, list[tuple[str, bytes]]]:
    """Films that whole readings are tried on, by source: names and bytes (see training.cohorts.at_hand)."""
    from training.cohorts.at_hand import films_at_hand as at_hand

    return at_hand()


def prognosis(table: Path, horizon: float = 5.0) -> dict[str, Any]:
    """What scores say of fractures to come, in plain values. Raises ValueError for a table that lacks something."""
    from training.data.followup import prognosis as figures_of

    return figures_of(table, horizon)
