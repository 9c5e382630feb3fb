"""The inference pipeline: from the bytes of a file to what a person reads, step by step.

read -> check -> look which view it is -> choose the recipe -> find the limbs -> outline -> preprocess -> networks ->
calibrate -> explain -> judge how hard it is
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from anatomy.find import JOINTS, find_limbs, sided
from anatomy.limb import Limb
from core.clinical import Clinical
from core.finding import Finding
from core.radiograph import PIXEL_MM as PIXEL_MM, Radiograph
from core.reading import ModelVersion, Reading, ViewGuess
from core.reference import CLASS_FROM_AGE
from core.refusal import Notice, NoticeCode, Refused
from core.regions import Regions
from core.settings import settings
from core.system.clock import Clock
from imaging import deidentify_folder as deidentify_folder
from imaging.ahead import opened_ahead
from imaging.opening import Opened, failure, open_file, open_film, refusal
from models import engine, registry
from models.bundle import Bundle
from models.reads import before, reads
from recipes import LEARNERS, RECIPES, Recipe, by_name, learner
from recipes.route import choose, guard, seen_as
from recipes.seen import Seen, look
from recipes.turned import remarks_on_turn
from recipes.view import RECIPE as VIEW_RECIPE
from tasks import CLASSES, DENSITY
from tasks.case import Case
from tasks.classes.joined import join

WORTH_WORKERS = 8  # films: opening fewer takes no longer than starting processes to do it


def read(
    data: bytes, name: str, recipe: str = "auto", clinical: Clinical | None = None, pixel_mm: float | None = None
) -> list[Reading]:
    """Read one film: a `Reading` a limb. Raises nothing for a bad film; the refusal is in the `Reading`.

    data: the file's bytes. name: how the caller knows the file; nothing is inferred from it.
    pixel_mm: edge of a pixel in mm, as a person knows it from a marker, for a file that does not say. recipe: a
    recipe's name, or `auto`. Raises ValueError for one that does not exist or has no weights yet.
    """
    asked_for(recipe)  # before the film is decoded
    return answers_to(open_film(data, name, clinical, pixel_mm), recipe)


def answers_to(opened: Opened, recipe: str = "auto") -> list[Reading]:
    """Read a film that was opened, here or in another process: what `read` does after `open_film`."""
    wanted, name, clock, seen = asked_for(recipe), opened.name, opened.clock, None
    clock.go_on()
    if opened.lie is None:
        assert opened.outcome is not None, "a film that was not opened has an outcome"
        refused = opened.outcome.status == "refused"
        return [replace(opened.outcome, recipe=wanted.name) if wanted and refused else opened.outcome]
    try:
        lie, person, notices = opened.lie, opened.person or Clinical(), [*opened.notices]
        film = lie.film
        seen = look_at(film)
        notices += remarks_on_standing(film)
        clock.lap("view")
        found_by = cache(partial(limbs_on, film))  # the door and the recipe may ask the same finder: it looks once
        chosen = wanted or choose(film, seen, ready(), found_by)
        notices += guard(film, chosen, seen, found_by)
        notices += remarks_on(person, chosen)
        limbs: Sequence[Limb | None] = (None,)  # the film as a whole
        if chosen.finder is not None:
            limbs, remarks = sided(film, chosen.site, chosen.shows, found_by(chosen.finder))
            notices += remarks
            clock.lap("find")
        answers = [
            answer(film, limb, chosen, name, person, notices, clock.apart() if limb else clock) for limb in limbs
        ]
        if chosen.shared:
            bundle = registry.bundle(chosen.bundle or "", settings().weights)
            answers = join(answers, bundle.ensemble(CLASSES.name).facts["conformal_quantile"])
        return [lie.back(seen_as(one, chosen, seen)) for one in answers]
    except Refused as refused:
        refused_film = refusal(name, refused, clock, wanted.name if wanted else None, opened.lie.uploaded)
        return [seen_as(refused_film, None, seen)]
    except Exception as unforeseen:  # noqa: BLE001 - a fault of one film is its result, and no face may die of it
        return [failure(name, unforeseen, clock)]


def asked_for(recipe: str) -> Recipe | None:
    """The recipe of that name in the version that reads now; None for `auto`. Raises ValueError as `read` does.

    It is asked once a film: a version promoted meanwhile reads the next one.
    """
    if recipe == "auto":
        return None
    wanted, able = as_it_reads(by_name(recipe)), [one.name for one in ready()]
    if wanted.name not in able:
        raise ValueError(
            f"{wanted.name} reads with {wanted.bundle}, which is not under {settings().weights}; choose one of "
            f"{', '.join(able)}, or train it"
        )
    return wanted


def look_at(film: Radiograph) -> Seen | None:
    """Which view the film looks like; None while there is no network that tells."""
    bundle = bundle_of_views()
    return None if bundle is None else look(film, bundle, engine.device(settings().device))


def bundle_of_views() -> Bundle | None:
    """The network that tells views, in the version that reads; None while there is none."""
    weights = settings().weights
    name = reads(VIEW_RECIPE.bundle or "", weights)
    return registry.bundle(name, weights) if registry.has(name, weights) else None


def outcomes(films: Sequence[tuple[str, bytes]], recipe: str = "auto") -> dict[str, int]:
    """How often what became of these files, by name and bytes: `read as RECIPE`, a refusal's code, or `failed`."""
    counts: dict[str, int] = {}
    for name, data in films:
        one = read(data, name, recipe)[0]
        read_as = f"read as {one.recipe}" if one.status == "read" else one.status
        outcome = str(one.refusal.code) if one.refusal else read_as
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def remarks_on_standing(film: Radiograph) -> list[Notice]:
    """Whether the film stands on its head; nothing while there is no network that tells."""
    bundle = bundle_of_views()
    return [] if bundle is None else remarks_on_turn(film, bundle, engine.device(settings().device))


def remarks_on(person: Clinical, recipe: Recipe) -> list[Notice]:
    """What the reader must bear in mind about this person. A recipe of yes or no says itself what it is not told."""
    if person.age_years is None and recipe.labels:
        return [
            Notice(
                NoticeCode.AGE_NOT_KNOWN,
                f"The person's age is not known. T-scores and WHO classes are meant from {CLASS_FROM_AGE} years on, or "
                "after menopause (ISCD); give the age; neither is meant for a younger person.",
            )
        ]
    if person.age_years is not None and person.age_years < CLASS_FROM_AGE:
        return [
            Notice(
                NoticeCode.UNDER_50,
                f"The person is under {CLASS_FROM_AGE}, where the WHO classes are not meant to be used (ISCD); ask for "
                "a Z-score.",
            )
        ]
    return []


def limbs_on(film: Radiograph, finder: str) -> list[Limb]:
    """What a finder finds; nothing where it is not sure."""
    bundle = registry.bundle(finder, settings().weights)
    (node,) = bundle.networks.values()
    return find_limbs(film, node, engine.device(settings().device))


def answer(
    film: Radiograph,
    limb: Limb | None,
    recipe: Recipe,
    name: str,
    person: Clinical,
    notices: Sequence[Notice],
    clock: Clock,
) -> Reading:
    """One limb, or the whole film; a limb that is refused leaves the film's other limb its answer."""
    case = Case(film, limb, person, tuple(notices), recipe.name, recipe.shows, engine.device(settings().device), clock)
    bundle = registry.bundle(recipe.bundle or recipe.name, settings().weights)
    side = limb.side if limb else film.side
    try:
        found = find(case, recipe, bundle)
    except Refused as refused:
        if limb is None:
            raise
        return replace(refusal(name, refused, clock, recipe.name, film), case_id=film.case_id, side=side)
    return Reading(
        path=name,
        status="read",
        case_id=film.case_id,
        recipe=recipe.name,
        side=side,
        view=ViewGuess(recipe.view_name if film.site or found.seen else "unknown", limb.sure if limb else None),
        estimate=found.estimate,
        candidates=found.candidates,
        regions=found.regions,
        explanation=found.explanation,
        explains=found.explains,
        density=found.density,
        difficulty=found.difficulty,
        warnings=found.notices,
        model=ModelVersion(bundle.name, bundle.version, bundle.learned_from, bundle.intended_use),
        timing_ms=clock.times(),
        radiograph=film,
        vertebrae=found.vertebrae,
        embedding=found.embedding,
    )


def find(case: Case, recipe: Recipe, bundle: Bundle) -> Finding:
    """What the parts of a recipe find, one after another; a part whose networks a bundle does not hold is passed over.

    Raises Refused for what cannot be answered.
    """
    square = () if case.limb is None else (case.limb.square(JOINTS[recipe.site].called, case.film),)
    found = Finding(notices=case.notices, regions=Regions(square), seen=case.limb is not None)
    predictions: dict[str, Any] = {}
    for part in recipe.parts:
        source = registry.bundle(part.source, settings().weights) if part.source else bundle
        ensemble = source.ensemble(part.task.name, part.outputs)
        case.clock.lap("load")
        if ensemble.nodes:
            predictions[part.task.name] = part.task.read.predict(case, part, ensemble, predictions)
            found = part.task.read.tell(case, part, ensemble, predictions, found)
    return found


# -- what faces ask besides -----------------------------------------------------------------------------------------


def as_it_reads(recipe: Recipe) -> Recipe:
    """A recipe with the versions that read now, its own and those of whatever it begins with."""
    return recipe.reading_with(partial(reads, root=settings().weights))


def ready() -> list[Recipe]:
    """The recipes whose bundles are all at hand, in the versions that read now, in the order in which they are
    preferred."""
    recipes = [as_it_reads(one) for one in RECIPES.values()]
    return [one for one in recipes if all(registry.has(name, settings().weights) for name in one.needs)]


def versions() -> dict[str, str]:
    """By recipe, the `name@version` that reads now: its own, the view network's and those of the finders; only those
    that are at hand."""
    root = settings().weights
    known = {name: reads(learner(name).bundle or "", root) for name in LEARNERS}
    return {name: version for name, version in known.items() if registry.has(version, root)}


def version_before(recipe_name: str) -> str | None:
    """The version that a rollback would go back to; None where there is none."""
    return before(recipe_name, settings().weights)


def measures(recipe: str) -> bool:
    """Whether a recipe of that name measures in cm2, so that it must know the size of a pixel."""
    return recipe in RECIPES and RECIPES[recipe].part(DENSITY) is not None


def find_films(paths: list[Path]) -> list[Path]:
    """The files named, and every file below the folders named, in order; hidden ones are passed over in folders.

    Raises FileNotFoundError for a path that is not there.
    """
    films: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.is_file())
            films += sorted(
                file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        elif path.exists():
            films.append(path)
        else:
            raise FileNotFoundError(f"found nothing at {path}, expected a film or a folder of films; check the path")
    return films


def read_file(
    path: Path, recipe: str = "auto", clinical: Clinical | None = None, pixel_mm: float | None = None
) -> list[Reading]:
    """`read` for a file on disk."""
    asked_for(recipe)
    return answers_to(open_file(path, clinical, pixel_mm), recipe)


def read_files(
    paths: Sequence[Path],
    recipe: str = "auto",
    clinical: Mapping[Path, Clinical] | None = None,
    pixel_mm: float | None = None,
    workers: int = 1,
) -> Iterator[tuple[Path, list[Reading]]]:
    """`read_file` for many, in their order. Films are opened in processes ahead of the networks; only the few that are
    under way are in memory. clinical: what is known of the people, by a film's path, resolved."""
    known = clinical or {}
    asked_for(recipe)
    if workers <= 1 or len(paths) < WORTH_WORKERS:
        yield from ((path, read_file(path, recipe, known.get(path.resolve()), pixel_mm)) for path in paths)
        return
    films = [(path, known.get(path.resolve())) for path in paths]
    # One after another, as `read` does it: on another number of threads a network's last digits would differ.
    for path, opened in zip(paths, opened_ahead(films, pixel_mm, workers), strict=True):
        yield path, answers_to(opened, recipe)


def clinical_table(table: Path) -> dict[Path, Clinical]:
    """Age, sex and BMI by film, from a CSV with `path` (relative to it) and any of `age_years`, `sex`, `bmi`.

    Raises ValueError naming the line that is wrong.
    """
    known = {}
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if "path" not in (rows.fieldnames or ()):
            raise ValueError(f"{table} has columns {', '.join(rows.fieldnames or ())}, expected one named path")
        for row in rows:
            try:
                known[(table.parent / row["path"]).resolve()] = Clinical.from_row(row)
            except ValueError as fault:
                raise ValueError(f"{table} line {rows.line_num}: {fault}") from fault
    return known


def models() -> list[dict[str, Any]]:
    """Every bundle at hand: its config, its evidence and its folder, by name and version."""
    return registry.shelf(settings().weights)
