"""The road back: from a hard case to a better model, step by step.

enqueue -> push -> (Label Studio) -> pull -> adjudicate -> dataset -> split -> fit -> evaluate -> promote
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.films import film_path, keep_film
from annotation.label_studio import LabelStudio, LabelStudioFault, LabelStudioStatus, status, task_link
from annotation.labelling import Question
from annotation.ledger import Ledger, LedgerFault, State, WorklistEntry
from annotation.policy import REQUESTED, reasons_to_ask
from annotation.pull import PullProgress
from annotation.pull import pull as pull_answers
from annotation.push import PushProgress
from annotation.push import push as push_cases
from core.case import LabeledCase
from core.identity import machine_key, pseudonym
from core.reading import Reading
from core.settings import Settings, settings
from imaging import to_png
from models.bundle import amend, describe, free, save
from models.bundle import copy as copy_bundle
from models.numbering import next_version
from models.registry import find as find_bundle
from recipes import Recipe, by_name, learner
from tasks import LANDMARKS, SCORES

if TYPE_CHECKING:
    from training.results import Results

Tell = Callable[[str, int, int], None]  # which step, how much is done, how much there is
VIRTUAL = "virtual"  # instead of a manifest: patients made for it
TEST_FILMS = 1000  # virtual films a set that a bundle is measured on

__all__ = [
    "LabelStudioFault",
    "LabelStudioStatus",
    "LedgerFault",
    "PullProgress",
    "PushProgress",
    "State",
    "WorklistEntry",
    "answers",
    "counts",
    "enqueue",
    "evaluate",
    "film_png",
    "films_at_hand",
    "label_studio_status",
    "prognosis",
    "promote",
    "pull",
    "push",
    "simulate",
    "train",
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
    if not film_path(home, case_id).exists():
        keep_film(home, case_id, to_png(film))  # before the row, so that no row is without its film
    ledger().enter(case_id, recipe, reasons, reading.row())
    return True


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


def push() -> Iterator[PushProgress]:
    """Send what waits to Label Studio, one task a case, yielding after each.

    Raises LabelStudioFault, with one sentence, where Label Studio is not connected or cannot be used.
    """
    yield from push_cases(ledger(), _label_studio(), _settings_now().label_studio_project, settings().home, _question)


def pull() -> Iterator[PullProgress]:
    """Take in what experts answered in Label Studio, each annotation once, yielding after each answered case.

    Whoever answered is kept under a pseudonym. Raises LabelStudioFault as `push` does.
    """
    key = machine_key(settings().home)
    yield from pull_answers(ledger(), _label_studio(), _question, partial(pseudonym, "annotator", key=key))


def answers() -> list[LabeledCase]:
    """Every expert's answer taken in so far, in the order in which they were given."""
    return ledger().answers()


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
    """What the expert is asked about a film of this recipe. Hips are judged each for itself, other films as one."""
    recipe = by_name(name)
    about = f"{recipe.site.capitalize()}, {recipe.view.upper() if recipe.view == 'ap' else recipe.view}"
    sides = ("R", "L") if recipe.site == "hip" else ()
    return Question(name, about, recipe.labels or _findings(recipe), recipe.regions, sides)


def _findings(recipe: Recipe) -> tuple[str, ...]:
    """What an expert may answer where a recipe asks questions of yes or no: one, the other, both or neither."""
    return ("neither", *recipe.outputs(SCORES), "both")


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

    recipe, say = learner(recipe_name), tell or (lambda *_: None)
    version = _version(recipe, version, out / "bundles")
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


def promote(folder: Path) -> Path:
    """Put a trained bundle among those that read. Raises BundleError where that version is there already."""
    return copy_bundle(folder, settings().weights)


def evaluate(
    recipe_name: str,
    data: Path | str,
    bundle: str | None = None,
    workers: int = 1,
    films: int = TEST_FILMS,
    tell: Tell | None = None,
) -> "Results":
    """What a bundle answers on films nobody trained it on, by set.

    data: a manifest, or `virtual`: persons of their own on the internal and on the external scanner; where density is
    measured, some are filmed again and again besides. bundle: `name@version`, the recipe's own unless told. Raises
    ValueError in one sentence for what cannot be measured.
    """
    from training import pipeline

    recipe, say = learner(recipe_name), tell or (lambda *_: None)
    folder = find_bundle(bundle or recipe.bundle or recipe.name, settings().weights)
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
    from simulation.scanner import SCANNERS
    from training.data.followup import read_followup

    people, scores = read_followup(table)
    virtual = "scanner" in people and set(people["scanner"].dropna()) <= set(SCANNERS)
    return {"data": table.name, "virtual": virtual, **figures_of(people, scores, horizon)}
