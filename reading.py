"""The road out: from the bytes of a file to what a person reads, step by step.

read -> check -> look which view it is -> choose the recipe -> find the limbs -> outline -> preprocess -> networks ->
calibrate -> explain -> judge how hard it is
"""

import csv
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from core.clinical import Clinical
from core.clock import Clock
from core.radiograph import Radiograph
from core.reading import ModelVersion, Reading, ViewGuess
from core.refusal import Code, Notice, Refused
from core.settings import settings
from imaging import check, read_radiograph
from imaging import deidentify_folder as deidentify_folder
from imaging.upright import upright
from models import engine, registry
from recipes import RECIPES, Recipe, by_name
from recipes.bone_density import find_density
from recipes.classes import find_class
from recipes.door import choose, guard, seen_as
from recipes.finding import Case
from recipes.joined import join
from recipes.limb import Limb
from recipes.limbs import JOINTS, find_limbs
from recipes.spine_scores import find_scores
from recipes.turned import remarks_on_turn
from recipes.view import RECIPE as VIEW_RECIPE
from recipes.view import Seen, look

log = logging.getLogger(__name__)
VIEW = VIEW_RECIPE.bundle or ""
PIXEL_MM = (0.01, 5.0)  # between which the edge of a pixel may be given


def read(
    data: bytes, name: str, recipe: str = "auto", clinical: Clinical | None = None, pixel_mm: float | None = None
) -> list[Reading]:
    """Read one film: a `Reading` a limb. Raises nothing for a bad film; the refusal is in the `Reading`.

    data: the file's bytes. name: how the caller knows the file; nothing is inferred from it.
    pixel_mm: edge of a pixel in mm, as a person knows it from a marker, for a file that does not say. recipe: a
    recipe's name, or `auto`. Raises ValueError for one that does not exist or has no weights yet.
    """
    wanted = None if recipe == "auto" else by_name(recipe)
    if wanted is not None and wanted.name not in {one.name for one in ready()}:
        raise ValueError(
            f"{wanted.name} reads with {wanted.bundle}, which is not under {settings().weights}; choose one of "
            f"{', '.join(one.name for one in ready())}, or train it"
        )
    clock, seen = Clock(), None
    try:
        film = read_radiograph(data, name)
        if pixel_mm is not None:
            film = replace(film, spacing_mm=(pixel_mm, pixel_mm), spacing_origin="marker")
        clock.lap("decode")
        lie = upright(film)
        film = lie.film
        notices = [*film.notices, *check(film)]
        clock.lap("check")
        seen = look_at(film)
        notices += remarks_on_standing(film)
        clock.lap("view")
        found_by = cache(partial(limbs_on, film))  # the door and the recipe may ask the same finder: it looks once
        chosen = wanted or choose(film, seen, ready(), found_by)
        notices += guard(film, chosen, seen, found_by)
        person = (clinical or Clinical()).or_else(film.clinical)
        notices += remarks_on(person)
        limbs: Sequence[Limb | None] = (None,)  # the film as a whole
        if chosen.finder is not None:
            limbs, remarks = sided(film, chosen, found_by(chosen.finder))
            notices += remarks
            clock.lap("find")
        answers = [
            answer(film, limb, chosen, name, person, notices, clock.apart() if limb else clock) for limb in limbs
        ]
        if chosen.shared:
            answers = join(answers, registry.bundle(chosen.bundle or "", settings().weights).conformal_quantile)
        return [lie.back(seen_as(one, chosen, seen)) for one in answers]
    except Refused as refused:
        return [seen_as(refusal(name, refused, clock, wanted.name if wanted else None), None, seen)]
    except Exception:
        log.exception("a film could not be read")
        fault = Notice(
            "fault", "The program failed on this film; the film is not at fault, and the log says at which step."
        )
        return [Reading(name, "failed", warnings=(fault,), timing_ms=clock.times())]


def look_at(film: Radiograph) -> Seen | None:
    """Which view the film looks like; None while there is no network that tells."""
    weights = settings().weights
    if not registry.has(VIEW, weights):
        return None
    return look(film, registry.bundle(VIEW, weights), engine.device(settings().device))


def remarks_on_standing(film: Radiograph) -> list[Notice]:
    """Whether the film stands on its head; nothing while there is no network that tells."""
    weights = settings().weights
    if not registry.has(VIEW, weights):
        return []
    return remarks_on_turn(film, registry.bundle(VIEW, weights), engine.device(settings().device))


def remarks_on(person: Clinical) -> list[Notice]:
    """What the reader must bear in mind about this person."""
    if person.age_years is not None and person.age_years < 50:
        return [
            Notice(
                "under_50",
                "The person is under 50, where the WHO classes are not meant to be used (ISCD); ask for a Z-score.",
            )
        ]
    return []


def sided(film: Radiograph, recipe: Recipe, limbs: list[Limb]) -> tuple[list[Limb], list[Notice]]:
    """The limbs that were found, each to be read on its own, and what to remark on their sides.

    Raises Refused where there is none: an answer about a bone that is not there would be worse than none.
    """
    joint = JOINTS[recipe.site]
    if not limbs:
        raise Refused(
            Code.REGION_NOT_FOUND,
            f"No {joint.called} was found with certainty, expected one or two on {recipe.shows}; "
            f"check that the film shows a {recipe.site} from in front, whole {joint.whole}, without metal.",
        )
    if film.side in ("R", "L"):
        if len(limbs) == 1 and limbs[0].side != film.side:
            return limbs, [
                Notice(
                    "side_contradicted",
                    f"The film is marked {film.side}, but the bone looks like the other side's; the film may be "
                    "mirrored or marked wrongly. It is named by what the bone looks like.",
                )
            ]
        return limbs, []
    if not all(limb.side_sure for limb in limbs):
        return limbs, [
            Notice(
                "side_uncertain",
                "Nothing on the film says which side is which, and the bone does not show it clearly; name the side "
                "yourself before the answer is used.",
            )
        ]
    return limbs, [
        Notice(
            "side_by_convention",
            f"Nothing on the film says which side is which; {joint.sided_by}.",
        )
    ]


def limbs_on(film: Radiograph, finder: str) -> list[Limb]:
    """What a finder finds; nothing where it is not sure."""
    bundle = registry.bundle(finder, settings().weights)
    return find_limbs(film, bundle.outliners[0], engine.device(settings().device))


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
    bundle = registry.bundle(recipe.bundle or recipe.name, settings().weights)
    outliner = registry.bundle(recipe.outlines, settings().weights).outliners[0] if recipe.outlines else None
    on = engine.device(settings().device)
    clock.lap("load")
    case = Case(film, limb, person, tuple(notices), recipe, bundle, outliner, on, clock)
    find = find_density if recipe.measures else find_scores if recipe.scores else find_class
    side = limb.side if limb else film.side
    try:
        found = find(case)
    except Refused as refused:
        if limb is None:
            raise
        return replace(refusal(name, refused, clock, recipe.name), case_id=film.case_id, side=side)
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
        density=found.density,
        difficulty=found.difficulty,
        warnings=found.notices,
        model=ModelVersion(bundle.name, bundle.version, bundle.learned_from, bundle.intended_use),
        timing_ms=clock.times(),
        radiograph=film,
        vertebrae=found.vertebrae,
    )


def refusal(name: str, refused: Refused, clock: Clock, recipe: str | None) -> Reading:
    """A refusal is a result."""
    return Reading(name, "refused", recipe=recipe, refusal=refused.refusal, timing_ms=clock.times())


# -- what faces ask besides -----------------------------------------------------------------------------------------


def ready() -> list[Recipe]:
    """The recipes whose bundles are all at hand, in the order in which they are preferred."""
    return [
        one
        for one in RECIPES.values()
        if all(
            name is None or registry.has(name, settings().weights) for name in (one.bundle, one.finder, one.outlines)
        )
    ]


def measures(recipe: str) -> bool:
    """Whether a recipe of that name measures in cm2, so that it must know the size of a pixel."""
    return recipe in RECIPES and bool(RECIPES[recipe].measures)


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
    try:
        size, most = path.stat().st_size, settings().max_megabytes
        if size > most * 1e6:
            raise Refused(
                Code.TOO_LARGE,
                f"The file has {size / 1e6:.0f} MB, at most {most:.0f} MB are read; export a single film, or raise "
                "OSTEOLENS_MAX_MEGABYTES.",
            )
        data = path.read_bytes()
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        return [
            Reading(
                str(path),
                "refused",
                refusal=Refused(
                    Code.UNREADABLE, f"The file cannot be opened ({reason}); check it and its permissions."
                ).refusal,
            )
        ]
    except Refused as refused:
        return [Reading(str(path), "refused", refusal=refused.refusal)]
    return read(data, str(path), recipe, clinical, pixel_mm)


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
