"""The retraining pipeline: from a hard case to a better model, step by step.

enqueue, or offer -> choose -> admit; push -> (Label Studio) -> pull -> export;
train or calibrate -> evaluate -> compare -> promote or roll_back
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.control import ControlRate, control_rates
from annotation.copies import Alike
from annotation.embeddings import add_limb, keep_embedding, kept_embedding
from annotation.export import Exported, ExportFault
from annotation.export import export as export_answers
from annotation.films import Kept, film_path, keep_film, keep_outlines
from annotation.label_studio import LabelStudio, LabelStudioFault, LabelStudioStatus, status, task_link
from annotation.ledger import Ledger, LedgerFault, State, WorklistEntry
from annotation.offering import Offered, Read, embedding, offered
from annotation.policy import POLICIES, REQUESTED, Offer, Policy, Selection, reasons_to_ask
from annotation.policy import choose as choose_among
from annotation.pull import PullProgress
from annotation.pull import pull as pull_answers
from annotation.push import PushProgress
from annotation.push import push as push_cases
from annotation.question import Question
from annotation.readers import Bounds, Settled
from annotation.readers import truths as truths_now
from core.identity import key_name, machine_key, pseudonym
from core.radiograph import Radiograph
from core.reading import Reading
from core.settings import Settings, settings
from core.vertebra import LEVELS, OUTPUTS
from imaging import to_dicom, to_png
from models.bundle import BundleError, amend, describe, free, save, taught
from models.numbering import next_version
from models.reads import NotPromoted, Step, previous, reads
from models.reads import history as steps
from models.registry import find, has, names
from recipes import RECIPES, Recipe, by_name, learner
from tasks import DENSITY, LANDMARKS, MASKS, SCORES

if TYPE_CHECKING:
    from training.champion import Promotion, Weighed
    from training.recalibrate import Recalibrated
    from training.results import Results

Tell = Callable[[str, int, int], None]  # which step, how much is done, how much there is
VIRTUAL = "virtual"  # instead of a manifest: patients made for it
TEST_FILMS = 1000  # virtual films a set that a bundle is measured on

__all__ = [
    "POLICIES",
    "ControlRate",
    "ExportFault",
    "Exported",
    "LabelStudioFault",
    "LabelStudioStatus",
    "LedgerFault",
    "NotPromoted",
    "Offered",
    "Policy",
    "PullProgress",
    "PushProgress",
    "Selection",
    "Settled",
    "State",
    "Step",
    "WorklistEntry",
    "admit",
    "calibrate",
    "choose",
    "compare",
    "control_arm",
    "counts",
    "described",
    "enqueue",
    "evaluate",
    "export",
    "film_png",
    "films_at_hand",
    "history",
    "label_studio_status",
    "preannotates",
    "prognosis",
    "promote",
    "pull",
    "push",
    "roll_back",
    "simulate",
    "train",
    "truths",
    "version_before",
    "waiting",
    "worklist",
]

# -- the worklist ---------------------------------------------------------------------------------------------------


def enqueue(reading: Reading, reason: str | None = None) -> bool:
    """Keep a case for an expert if the policy says so, or because a person asked (`reason="requested"`).

    Returns True when the case stands in the worklist afterwards. Asked twice, it stands there once. Raises ValueError
    when a person asks for a film that was not read, or for a reason nobody may give.
    """
    if reason not in (None, REQUESTED):
        raise ValueError(f"reason is {reason!r}, expected {REQUESTED!r} or none: other reasons come from the reading")
    film, case_id, recipe = reading.radiograph, reading.case_id, reading.recipe
    if reading.status != "read" or film is None or case_id is None or recipe is None:
        if reason is None:
            return False
        raise ValueError("This film was refused, so there is no answer an expert could be asked about")
    asked = reason == REQUESTED
    home, rate = settings().home, settings().control_rate
    reasons = reasons_to_ask(case_id, recipe, reading.difficulty, machine_key(home), rate, requested=asked)
    if not reasons:
        return ledger().entry(case_id, recipe) is not None
    _keep(film, case_id)
    known, model = ledger().entry(case_id, recipe), reading.model
    drawn = {one.name: one.mask for one in reading.regions if one.name in _question(recipe).regions}
    if drawn and model and (known is None or reading.side not in [row["side"] for row in known.readings]):
        version = f"{model.name}@{model.version}"  # a reading that is kept already keeps its outlines
        keep_outlines(home, case_id, recipe, reading.side, version, drawn)
    limb = embedding([reading])
    ledger().enter(case_id, recipe, reasons, reading.row())
    if model is not None and limb is not None:
        add_limb(home, case_id, f"{model.name}@{model.version}", limb)
    return True


def _keep(film: Radiograph, case_id: str) -> None:
    """Keep the film of a case, as read and as it is shown, before its row is entered, so that no row is without it."""
    Kept.save(settings().home, film)
    if not film_path(settings().home, case_id).exists():
        keep_film(settings().home, case_id, to_png(film))


def offer(source: Callable[[], bytes], name: str, read: Read, recipe: str = "auto") -> Offered:
    """A film as a case among which `choose` chooses. Read once: offered again, it is remembered, whatever died since.

    source: gives the film's bytes. read: `reading.read`. Where another recipe answers the same of such films, it is
    asked for a second opinion.
    """
    home, models = settings().home, ", ".join(names(settings().weights))
    return offered(home, machine_key(home), source, name, recipe, models, read, _second)


def choose(films: Sequence[Offered], budget: int, policy: Policy = "mixed", control: float = 0.1) -> Selection:
    """Which of these films experts should see in this round, and why each; nothing is entered.

    Raises ValueError in one sentence for a budget or a share of the control arm that cannot be.
    """
    home = settings().home
    offers = [one.offer for one in films if one.offer is not None]
    models = {one.offer.recipe: one.model for one in films if one.offer is not None}
    known = [
        Offer(
            entry.case_id,
            entry.recipe,
            reasons=entry.reasons,
            embedding=kept_embedding(home, entry.case_id, models[entry.recipe]),
        )
        for entry in ledger().entries()
        if entry.recipe in models
    ]
    sources = {one.offer.case_id: one.source for one in films if one.offer is not None}

    def pixels(case_id: str) -> Radiograph:
        from imaging import read_radiograph  # loads what reads DICOM, and most commands need none

        source = sources.get(case_id)
        return read_radiograph(film_png(case_id) if source is None else source(), case_id)

    return choose_among(offers, budget, policy, control, machine_key(home), known, Alike(pixels))


def admit(selection: Selection, films: Sequence[Offered]) -> Iterator[Offered]:
    """Enter what was chosen into the worklist, yielding each film once it stands there. Stopped, it may be run again:
    a case is entered once."""
    from imaging import read_radiograph

    home = settings().home
    by_case = {one.offer.key: one for one in films if one.offer is not None}
    for choice in selection.choices:
        film = by_case[choice.offer.key]
        radiograph = read_radiograph(film.source(), film.name)
        if radiograph.case_id != choice.offer.case_id:
            raise ValueError(f"{film.name} is another film than when it was read; offer it again")
        _keep(radiograph, choice.offer.case_id)
        if choice.offer.embedding is not None:
            keep_embedding(home, choice.offer.case_id, film.model, choice.offer.embedding)
        for row in film.rows:
            ledger().enter(choice.offer.case_id, choice.offer.recipe, choice.reasons, row)
        yield film


def control_arm() -> list[ControlRate]:
    """How often each version of a model was wrong, by the experts' answers to the cases that were drawn at random."""
    return control_rates(ledger().entries(), ledger().taken())


def _second(name: str) -> str | None:
    """The recipe that answers the same of the same films by other means: a density where the first names a class from
    the look of the film, or the other way round. None where there is none, or its weights are not at hand."""
    first = by_name(name)
    others = [
        one.name
        for one in RECIPES.values()
        if one.view_name == first.view_name
        and one.labels == first.labels
        and (one.part(DENSITY) is None) != (first.part(DENSITY) is None)
        and all(has(bundle, settings().weights) for bundle in one.needs)
    ]
    return next(iter(others), None)


def worklist(*states: State) -> list[WorklistEntry]:
    """The cases of the worklist, oldest first; all of them when no state is named."""
    url = _settings_now().label_studio_url
    return [
        replace(entry, link=task_link(url, entry.project_id, entry.task_id))
        if url and entry.project_id and entry.task_id
        else entry
        for entry in ledger().entries(*states)
    ]


def waiting() -> list[WorklistEntry]:
    """The cases that the next push will send."""
    return worklist(State.WAITING, State.FAILED, State.PUSHING)


def counts() -> dict[State, int]:
    """Cases by state, every state named."""
    return ledger().counts()


def push(preannotate: bool | None = None, readers: int = 1) -> Iterator[PushProgress]:
    """Send what waits to Label Studio, one task a case and reader, yielding after each case.

    readers: how many experts judge each case, each in a project of their own. preannotate: whether they see the model's
    answers and correct them, or judge blind; as OSTEOLENS_PREANNOTATE says unless told. Cases of the control arm are
    asked blind in any case. Raises LabelStudioFault, with one sentence, where Label Studio is not connected or cannot
    be used.
    """
    now = _settings_now()
    shown = now.preannotate if preannotate is None else preannotate
    title, home = now.label_studio_project, settings().home
    yield from push_cases(ledger(), _label_studio(), title, home, _question, readers, shown)


def preannotates() -> bool:
    """Whether a push shows experts the model's answers unless told, by OSTEOLENS_PREANNOTATE."""
    return _settings_now().preannotate


def pull() -> Iterator[PullProgress]:
    """Take in what experts answered in Label Studio, each annotation once, yielding after each answered case.

    Whoever answered is kept under a pseudonym. Raises LabelStudioFault as `push` does.
    """
    key = machine_key(settings().home)
    yield from pull_answers(ledger(), _label_studio(), _question, partial(pseudonym, "annotator", key=key))


def export(out: Path, recipe: str | None = None, control_tests: bool = True, tell: Tell | None = None) -> Exported:
    """Write what experts have settled as a training set into the folder `out`: a manifest that `train` takes, with
    films and masks, and the same for `datasets` (see annotation.export).

    recipe: whose answers; may be left out where one recipe alone has any. control_tests: whether the control arm is
    kept for a test, as far as no bundle at hand has learned from it. Raises ExportFault, with one sentence, where
    nothing is settled or the folder is not free, and ValueError where several recipes have answers.
    """
    home, root = settings().home, settings().weights
    answered = dict.fromkeys(one.answer.recipe for one in ledger().taken())
    if recipe is None and len(answered) > 1:
        raise ValueError(f"found answers to {' and '.join(answered)}, expected one recipe; name it with --recipe")
    name = by_name(recipe).name if recipe else next(iter(answered), None)
    if name is None:
        raise ExportFault("No expert has answered yet, expected one answer at least; `queue pull` takes answers in")
    key, records = machine_key(home), [taught(find(bundle, root)) for bundle in names(root)]
    known = {one for record in records for one in (*record.get("films", ()), *record.get("patients", ()))}
    now, asked = truths(name), _question(name)
    return export_answers(now, ledger(), home, asked, out, to_dicom, key_name(key), known, control_tests, tell)


def truths(recipe: str | None = None, case_id: str | None = None) -> list[Settled]:
    """What is true of each side of each case by its readers and adjudicators, how that was settled, or why it is not.

    One reader asked: what he or she says. Several: what all say, or most, outlines by consensus, within the bounds of
    OSTEOLENS_AGREE_DICE and OSTEOLENS_AGREE_MM. What they disagree on has no truth until somebody decides.
    """
    return truths_now(ledger(), settings().home, _bounds(), recipe, case_id)


def _bounds() -> Bounds:
    return Bounds(settings().agree_dice, settings().agree_mm)


def label_studio_status() -> LabelStudioStatus:
    """Whether Label Studio is connected, as whom, and if not, why and what to do. Takes some seconds at most."""
    settings_now = _settings_now()
    return status(settings_now.label_studio_url, _token(settings_now), settings_now.label_studio_project)


def film_png(case_id: str) -> bytes:
    """The film of a case as the expert sees it. Raises FileNotFoundError where none is kept."""
    return film_path(settings().home, case_id).read_bytes()


def ledger() -> Ledger:
    """The worklist of this installation."""
    return _opened(settings().ledger)


@cache
def _opened(url: str) -> Ledger:
    return Ledger(url)


def _settings_now() -> Settings:
    """The settings as they stand in this moment: `make label-studio` writes them while the workbench runs."""
    return Settings()


def _label_studio() -> LabelStudio:
    now = _settings_now()
    return LabelStudio(now.label_studio_url, _token(now))


def _token(now: Settings) -> str | None:
    return now.label_studio_token.get_secret_value() if now.label_studio_token else None


def _question(name: str) -> Question:
    """What the expert is asked about a film of this recipe: what its networks answer, and what can teach them. Hips are
    judged each for itself, other films as one."""
    recipe = by_name(name)
    about = f"{recipe.site.capitalize()}, {recipe.view.upper() if recipe.view == 'ap' else recipe.view}"
    scores, points = recipe.outputs(SCORES), recipe.outputs(LANDMARKS)
    return Question(
        name,
        about,
        labels=recipe.labels,
        regions=recipe.outputs(MASKS) or (() if points else recipe.regions),
        sides=("R", "L") if recipe.site == "hip" else (),
        findings=scores,
        grades=tuple(reversed(LEVELS)) if scores and points == OUTPUTS else (),
        points=points,
    )


# -- virtual patients -----------------------------------------------------------------------------------------------


def simulate(
    view: str,
    n: int,
    seed: int,
    scanner: str,
    out: Path,
    size: int | None = None,
    workers: int = 1,
    meshes: Path | None = None,
    implants: float = 0.0,
    dysplasia: float = 0.0,
    fractures: float = 0.0,
) -> Iterator[int]:
    """Make n films of virtual patients under `out`, with masks, projections and truth.csv; yields how many are there.

    Stopped and run again, it goes on. Raises ValueError in one sentence for what cannot be made.
    """
    from simulation.uncommon import Uncommon
    from simulation.write import write  # tables and bodies take seconds to load, and few commands need them

    cohort = (view, n, seed, scanner, out, size, workers)
    yield from write(*cohort, meshes=meshes, uncommon=Uncommon(implants, dysplasia, fractures))


# -- training -------------------------------------------------------------------------------------------------------


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
) -> Path:
    """From a manifest, or virtual patients, to a bundle with its evidence in `out/bundles`. Run again after a kill, it
    goes on.

    data: a manifest, or `virtual`. init: first weights by candidate, instead of the recipe's own. Raises ValueError in
    one sentence for a manifest, a recipe or weights that cannot be used, before anything long begins. version: of the
    bundle; unless told, the next one free. test_films: virtual films a set on which the bundle is measured and signed;
    0 leaves that to `evaluate`. from_bundle: `name@version`, or a folder, of a bundle whose networks go on learning,
    heads included; freeze, virtual_share and epochs say how (training.continuation).
    """
    from training import pipeline  # network libraries take seconds to load, and the worklist needs none
    from training.continuation import continuation, continued, preset_of
    from training.run import Run

    recipe, say = _as_it_reads(learner(recipe_name)), tell or (lambda *_: None)
    version = _version(learner(recipe_name), version, out / "bundles")
    how = continuation(recipe, from_bundle, virtual_share, freeze, epochs) if from_bundle else None
    if how is not None:
        preset_name = preset_of(recipe, how, preset_name)
        recipe = continued(recipe, preset_name, how)
    run = Run(recipe, preset_name, out, seed, version, learned_from or "", init or {}, workers, say, how)
    folder = document(save(pipeline.trained(run, data), out / "bundles"))
    finds_only = all(part.task == LANDMARKS for part in recipe.own)  # validation films are all that it is measured on
    if data == VIRTUAL and test_films and recipe.holding != "folds" and not finds_only:
        document(folder, pipeline.measured(recipe, folder, VIRTUAL, workers, test_films, say).of_bundle)
    return folder


def _version(recipe: Recipe, asked: str | None, bundles: Path) -> str:
    """The version of a bundle to be made: the one asked for, or the next one free. Raises BundleError for one that is
    there already, among the bundles made here or among those that read."""
    roots = (bundles, settings().weights)
    version = asked or next_version(recipe.name, (recipe.bundle or "").partition("@")[2] or "0.1.0", *roots)
    for root in roots:
        free(recipe.name, version, root)
    return version


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


def compare(first: str, second: str, data: Path, workers: int = 1, tell: Tell | None = None) -> "Weighed":
    """Two bundles of one recipe on a locked test set. Raises NotPromoted where the second learned from it."""
    from training import champion

    one, other = champion.find(first), champion.find(second)
    recipe = _as_it_reads(learner(describe(one)["name"]))
    return champion.weigh(recipe, one, other, data, workers, tell or (lambda *_: None))


def calibrate(
    recipe_name: str, data: Path, out: Path, bundle: str | None = None, workers: int = 1, tell: Tell | None = None
) -> "Recalibrated":
    """Fit a bundle anew to films of one's own, without touching its weights: a new version in `out/bundles`, with its
    card and cross-fitted figures. bundle: a folder or `name@version`, the one that reads unless told."""
    from training import champion
    from training.data.manifest import read_manifest
    from training.recalibrate import parts_of, recalibrate

    recipe = _as_it_reads(learner(recipe_name))
    parts_of(recipe)  # before a film is read
    parent = champion.find(bundle or recipe.bundle or recipe.name)
    made = recalibrate(recipe, parent, read_manifest(data), out / "bundles", workers, tell or (lambda *_: None))
    document(made.folder)
    champion.note_calibrated(recipe.name, made)
    return made


def history(recipe_name: str | None = None) -> list[Step]:
    """Every step of the versions that read, oldest first: promoted, refused, rolled back, calibrated."""
    return steps(settings().weights, recipe_name)


def version_before(recipe_name: str) -> str | None:
    """The version that a rollback would go back to; None where there is none."""
    try:
        return previous(recipe_name, settings().weights)
    except BundleError:
        return None


def _as_it_reads(recipe: Recipe) -> Recipe:
    """With the versions that read now, its own and those of whatever it begins with."""
    return recipe.reading_with(partial(reads, root=settings().weights))


def described(bundle: str) -> dict[str, Any]:
    """What a bundle says of itself: `name@version`, its folder, or the `out` of the training that made it."""
    from training import champion

    return describe(champion.find(bundle))


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
    `name@version` or a folder, the version that reads unless told. Raises ValueError in one sentence for what cannot be
    measured.
    """
    from training import champion, pipeline

    recipe, say = _as_it_reads(learner(recipe_name)), tell or (lambda *_: None)
    folder = champion.find(bundle or recipe.bundle or recipe.name)
    if describe(folder)["name"] != recipe.name:
        raise ValueError(f"{bundle} is a bundle of {describe(folder)['name']}, expected one of {recipe.name}")
    found = pipeline.measured(recipe, folder, data, workers, films, say)
    if data != VIRTUAL:
        return found
    return replace(found, again=pipeline.imaged_again(recipe, folder, workers, films, say))


def films_at_hand() -> dict[str, list[tuple[str, bytes]]]:
    """Films that whole readings are tried on, by source: names and bytes (see training.cohorts.at_hand)."""
    from training.cohorts.at_hand import films_at_hand as at_hand

    return at_hand()


def prognosis(table: Path, horizon: float = 5.0) -> dict[str, Any]:
    """What the scores of a table with follow-up say of fractures to come, in plain values.

    Raises ValueError in one sentence for a table that lacks something.
    """
    from evidence.statistics.prognosis import prognosis as figures_of  # survival models take a second to load
    from simulation.xray.scanner import SCANNERS
    from training.data.followup import read_followup

    people, scores = read_followup(table)
    virtual = "scanner" in people and set(people["scanner"].dropna()) <= set(SCANNERS)
    return {"data": table.name, "virtual": virtual, **figures_of(people, scores, horizon)}
