"""The road out: from the bytes of a file to what a person reads, step by step.

read -> check -> look which view it is -> choose the recipe -> find the limbs -> outline -> preprocess -> networks ->
calibrate -> explain -> judge how hard it is
"""

import csv
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from core.clinical import Clinical
from core.estimate import Estimate, Probabilities
from core.radiograph import Mask, Pixels, Radiograph
from core.reading import ModelVersion, Reading, ViewGuess
from core.refusal import Code, Notice, Refused
from core.regions import Region, Regions
from core.settings import settings
from evidence.calibration import calibrated, conformal_set
from evidence.difficulty import judge
from evidence.explanation import grad_cam
from evidence.familiarity import Familiarity
from imaging import check, read_radiograph
from imaging import deidentify_folder as deidentify_folder
from imaging.crop import lay_back
from imaging.outline import outline_of
from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import Bundle
from recipes import RECIPES, Recipe, by_name
from recipes.bone_density import measure, scaled
from recipes.hips import Limb, Outlines, find_limbs, outline_limb, shown_to
from recipes.spine import as_region, find_vertebrae
from recipes.spine_scores import ask, difficulty_of, remarks_on_bodies, remarks_on_missing, scores_of, spokesman
from recipes.view import RECIPE as VIEW_RECIPE
from recipes.view import Seen, look

log = logging.getLogger(__name__)
VIEW = VIEW_RECIPE.bundle or ""


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
    clock, seen = _Clock(), None
    try:
        film = read_radiograph(data, name)
        if pixel_mm is not None:
            film = replace(film, spacing_mm=(pixel_mm, pixel_mm), spacing_origin="marker")
        clock.lap("decode")
        notices = [*film.notices, *check(film)]
        clock.lap("check")
        seen = look_at(film)
        clock.lap("view")
        chosen = wanted or choose(film, seen)
        notices += guard(film, chosen, seen)
        person = (clinical or Clinical()).or_else(film.clinical)
        notices += remarks_on(person)
        if chosen.scores:
            return [_seen_as(_scored(film, chosen, name, person, notices, clock), chosen, seen)]
        if chosen.finder is None:
            return [_seen_as(_answer(film, film, None, chosen, name, notices, clock), chosen, seen)]
        limbs, remarks = find(film, chosen)
        clock.lap("find")
        return [
            _seen_as(_limb(film, limb, chosen, name, [*notices, *remarks], clock.apart(), person), chosen, seen)
            for limb in limbs
        ]
    except Refused as refused:
        return [_seen_as(_refused(name, refused, clock, wanted.name if wanted else None), None, seen)]
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


def choose(film: Radiograph, seen: Seen | None) -> Recipe:
    """The recipe for a film, by what its file says it shows, else by what it looks like. Raises Refused where no recipe
    reads that."""
    able = ready()
    fits = [one for one in able if film.site in (None, one.site) and film.view in (None, one.view)]
    expected = " or ".join(dict.fromkeys(one.shows for one in able))
    if film.site is None and len({one.site for one in fits}) > 1:
        if seen is not None and seen.sure:
            fits = [one for one in fits if one.view_name == seen.name]
            if not fits:
                raise Refused(
                    _wrong(seen, able),
                    f"The film looks like {seen.in_words}, expected an {expected}; choose such a film.",
                )
        else:
            # Nobody says what it shows: it is a hip where the finder of hips is sure to see one.
            with_finder = [one for one in fits if one.finder is not None]
            found = bool(with_finder) and bool(_limbs_on(film, with_finder[0]))
            fits = [one for one in fits if (one.finder is not None) == found]
    if not fits:
        shown = " ".join(word for word in (film.site, film.view) if word not in (None, "other")) or "another part"
        raise Refused(
            Code.WRONG_SITE, f"The file says that it shows {shown}, expected an {expected}; choose another film."
        )
    return fits[0]


def guard(film: Radiograph, recipe: Recipe, seen: Seen | None) -> list[Notice]:
    """Refuse what the recipe was not made for. The file's word goes before the network's, which then is a remark."""
    if film.site not in (None, recipe.site):
        raise Refused(
            Code.WRONG_SITE,
            f"The file says that it shows a {film.site}, {recipe.name} reads a {recipe.site}; "
            "choose another film or recipe.",
        )
    if film.view not in (None, recipe.view):
        raise Refused(
            Code.WRONG_VIEW,
            f"The file says that its view is {film.view}, {recipe.name} reads {recipe.view}; "
            "choose another film or recipe.",
        )
    stated = film.site is not None and film.view is not None
    if seen is not None and seen.sure and seen.name != recipe.view_name:
        if not stated:
            raise Refused(
                _wrong(seen, [recipe]),
                f"The film looks like {seen.in_words}, {recipe.name} reads an {recipe.shows}; "
                "choose another film or recipe.",
            )
        return [
            Notice(
                "view_contradicted",
                f"The file says that it is an {recipe.shows}, but it looks like {seen.in_words}; make sure of it.",
            )
        ]
    if film.site is None and (seen is None or not seen.sure):
        return [
            Notice(
                "view_not_stated",
                f"Nothing in the file says what it shows; it is read as an {recipe.shows}. Make sure that it is one.",
            )
        ]
    return []


def _wrong(seen: Seen, expected: list[Recipe]) -> Code:
    """Another view of the same site, or another site."""
    same = any(seen.name.startswith(f"{one.site}_") for one in expected)
    return Code.WRONG_VIEW if same else Code.WRONG_SITE


def _seen_as(answer: Reading, recipe: Recipe | None, seen: Seen | None) -> Reading:
    """The reading with its view: the one it was read as, or what a film that was not read looks like."""
    if seen is None:
        return answer
    return replace(answer, view=seen.guess(recipe.view_name if recipe and answer.status == "read" else None))


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


def find(film: Radiograph, recipe: Recipe) -> tuple[list[Limb], list[Notice]]:
    """The limbs on a film, each to be read on its own, and what to remark on their sides.

    Raises Refused where none is found: an answer about a bone that is not there would be worse than none.
    """
    limbs = _limbs_on(film, recipe)
    if not limbs:
        raise Refused(
            Code.REGION_NOT_FOUND,
            f"No proximal femur was found with certainty, expected one or two on an {recipe.shows}; "
            "check that the film shows a hip from in front, whole from the head to below the lesser trochanter, "
            "without metal.",
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
    return limbs, [
        Notice(
            "side_by_convention",
            "Nothing on the film says which side is which; the patient's right is taken to be on the picture's left.",
        )
    ]


def _limbs_on(film: Radiograph, recipe: Recipe) -> list[Limb]:
    finder = registry.bundle(recipe.finder or "", settings().weights)
    return find_limbs(film, finder.outliners[0], engine.device(settings().device))


def _limb(
    film: Radiograph,
    limb: Limb,
    recipe: Recipe,
    name: str,
    notices: list[Notice],
    clock: "_Clock",
    person: Clinical,
) -> Reading:
    """One limb's answer; its refusal leaves the film's other limb its own."""
    try:
        if recipe.measures:
            return _measured(film, limb, recipe, name, notices, clock, person)
        return _answer(film, limb.crop(film), limb, recipe, name, notices, clock)
    except Refused as refused:
        return replace(_refused(name, refused, clock, recipe.name), case_id=film.case_id, side=limb.side)


def _refused(name: str, refused: Refused, clock: "_Clock", recipe: str | None) -> Reading:
    return Reading(name, "refused", recipe=recipe, refusal=refused.refusal, timing_ms=clock.times())


def _answer(
    film: Radiograph,
    crop: Radiograph,
    limb: Limb | None,
    recipe: Recipe,
    name: str,
    notices: list[Notice],
    clock: "_Clock",
) -> Reading:
    """Networks, calibration, explanation and difficulty for one limb: `crop` of the film, or the film itself."""
    bundle = registry.bundle(recipe.bundle or recipe.name, settings().weights)
    on = engine.device(settings().device)
    clock.lap("load")

    masks: Mapping[str, Mask] = {}
    regions, steady = Regions(), True
    if limb is not None:
        masks, regions, steady = _outlined(film, crop, limb, recipe, on)
        clock.lap("outline")

    answers = {one.name: engine.answer(one, shown_to(one, crop, masks), on) for one in bundle.candidates}
    clock.lap("network")

    own = {one.name: _named(bundle, calibrated(answers[one.name].logits, one.temperature)) for one in bundle.candidates}
    joint = {label: float(np.mean([answer[label] for answer in own.values()])) for label in bundle.labels}
    estimate = Estimate(joint, conformal_set(joint, bundle.conformal_quantile))

    distance, familiarity = _distance(bundle, answers)
    refuse_foreign(distance, familiarity, recipe)
    difficulty = judge(
        joint, estimate.conformal_set, list(own.values()), distance, familiarity.unusual, notices, steady
    )
    clock.lap("calibrate")

    whole = [one for one in bundle.candidates if one.region is None]
    heat: Pixels | None = None
    if whole:  # a network that saw one region cut out has no map of the film to show
        surest = max(whole, key=lambda one: own[one.name][estimate.label or ""])
        shown = Preprocess.from_dict(surest.preprocessing)
        heat = shown.back(grad_cam(answers[surest.name].maps, answers[surest.name].gradients), crop)
        if limb is not None:
            heat = lay_back(heat, limb.box, (film.height, film.width))
    clock.lap("explain")
    return Reading(
        path=name,
        status="read",
        case_id=film.case_id,
        recipe=recipe.name,
        side=limb.side if limb else film.side,
        view=ViewGuess(recipe.view_name if film.site or limb else "unknown", limb.sure if limb else None),
        estimate=estimate,
        candidates=own,
        regions=regions,
        explanation=heat,
        difficulty=difficulty,
        warnings=tuple(notices),
        model=ModelVersion(bundle.name, bundle.version, bundle.learned_from, bundle.intended_use),
        timing_ms=clock.times(),
        radiograph=film,
    )


def _measured(
    film: Radiograph,
    limb: Limb,
    recipe: Recipe,
    name: str,
    notices: list[Notice],
    clock: "_Clock",
    person: Clinical,
) -> Reading:
    """Bone density of one limb, and the class that its T-score names."""
    scaled(film, limb)
    bundle = registry.bundle(recipe.bundle or recipe.name, settings().weights)
    on, crop = engine.device(settings().device), limb.crop(film)
    clock.lap("load")
    _, regions, steady = _outlined(film, crop, limb, recipe, on)
    clock.lap("outline")
    found = measure(film, crop, limb, bundle, person, on)
    clock.lap("network")
    notices = [*(one for one in notices if one.code != "under_50"), *found.notices]
    estimate = found.estimate
    difficulty = judge(estimate.probabilities, estimate.conformal_set, [], 0.0, 1.0, notices, steady)
    return Reading(
        path=name,
        status="read",
        case_id=film.case_id,
        recipe=recipe.name,
        side=limb.side,
        view=ViewGuess(recipe.view_name, limb.sure),
        estimate=estimate,
        regions=regions,
        density=found.map,
        difficulty=difficulty,
        warnings=tuple(notices),
        model=ModelVersion(bundle.name, bundle.version, bundle.learned_from, bundle.intended_use),
        timing_ms=clock.times(),
        radiograph=film,
    )


def _outlined(
    film: Radiograph, crop: Radiograph, limb: Limb, recipe: Recipe, on: torch.device
) -> tuple[Mapping[str, Mask], Regions, bool]:
    """A limb's masks on its crop, its regions on its film, and whether each was found and stays where it is; none where
    nothing draws them."""
    if recipe.outlines is None:
        return {}, Regions(), True
    outliner = registry.bundle(recipe.outlines, settings().weights).outliners[0]
    drawn = outline_limb(crop, outliner, on)
    regions = on_film(drawn, limb, film, recipe.regions)
    bounds = outliner.facts.get("steady_from", {})
    steady = all(drawn.steady[one.name] >= bounds.get(one.name, 0) for one in regions)
    return drawn.masks, regions, steady and len(regions) == len(recipe.regions)


def refuse_foreign(distance: float, familiarity: Familiarity, recipe: Recipe) -> None:
    """Raises Refused for a film farther from all that was learned from than any of its kind should be."""
    if distance > familiarity.foreign:
        raise Refused(
            Code.WRONG_SITE,
            f"The film looks like nothing that {recipe.name} learned from (distance {distance:.2f}, at most "
            f"{familiarity.foreign:.2f} expected of an {recipe.shows}); choose such a film.",
        )


def _scored(
    film: Radiograph, recipe: Recipe, name: str, person: Clinical, notices: list[Notice], clock: "_Clock"
) -> Reading:
    """Questions of yes or no about a spine read as a whole, and the vertebrae found on it."""
    bundle = registry.bundle(recipe.bundle or recipe.name, settings().weights)
    on = engine.device(settings().device)
    clock.lap("load")

    bodies = find_vertebrae(film, bundle.outliners[0], on)[0] if bundle.outliners else []
    clock.lap("outline")

    asked = ask(bundle, film, person, on)
    stands = spokesman(asked, person)
    clock.lap("network")

    distance, familiarity = _distance(bundle, {one: answer.behind for one, answer in asked.items()})
    refuse_foreign(distance, familiarity, recipe)
    scores = scores_of(stands)
    remarks = [*notices, *remarks_on_missing(stands, person)]
    agree = True
    if bundle.outliners:
        said, agree = remarks_on_bodies(bodies, scores)
        remarks += said
    difficulty = difficulty_of(stands, asked, distance, familiarity.unusual, remarks, agree)
    clock.lap("calibrate")

    shown = Preprocess.from_dict(stands.candidate.preprocessing)
    heat = shown.back(grad_cam(stands.behind.maps, stands.behind.gradients), film)
    clock.lap("explain")
    outlined = [as_region(body, film) for body in reversed(bodies)]
    return Reading(
        path=name,
        status="read",
        case_id=film.case_id,
        recipe=recipe.name,
        side=film.side,
        view=ViewGuess(recipe.view_name if film.site or bodies else "unknown"),
        estimate=Estimate({}, (), scores=scores),
        candidates={one: answer.probabilities for one, answer in asked.items()},
        regions=Regions(tuple(region for region in outlined if region.mask.any())),
        explanation=heat,
        difficulty=difficulty,
        warnings=tuple(remarks),
        model=ModelVersion(bundle.name, bundle.version, bundle.learned_from, bundle.intended_use),
        timing_ms=clock.times(),
        radiograph=film,
        vertebrae=tuple(bodies),
    )


def on_film(drawn: Outlines, limb: Limb, film: Radiograph, names: tuple[str, ...]) -> Regions:
    """The outlined regions on the film as uploaded, with the femur; a region that came out empty is left out."""
    found = []
    for name in (*names, *(other for other in drawn.maps if other not in names)):
        mask = lay_back(drawn.maps[name], limb.box, (film.height, film.width)) > 0.5
        if mask.any():
            found.append(Region(name, mask, outline_of(mask), round(drawn.steady[name], 4)))
    return Regions(tuple(found))


def _named(bundle: Bundle, probabilities: Pixels) -> Probabilities:
    return {label: float(value) for label, value in zip(bundle.labels, probabilities, strict=True)}


def _distance(bundle: Bundle, answers: dict[str, engine.Answer]) -> tuple[float, Familiarity]:
    """How far the film lies from those learned from, for the bundle's first candidate: it keeps the door."""
    keeper = bundle.candidates[0]
    familiarity = Familiarity.from_arrays(keeper.familiarity)
    return float(familiarity.distance(answers[keeper.name].features)), familiarity


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


class _Clock:
    """Milliseconds of each step."""

    def __init__(self) -> None:
        self.start = self.last = perf_counter()
        self.laps: dict[str, float] = {}

    def apart(self) -> "_Clock":
        """A clock for one limb of the film: the steps they share, then its own."""
        own = _Clock()
        own.start -= self.last - self.start
        own.laps = dict(self.laps)
        return own

    def lap(self, step: str) -> None:
        now = perf_counter()
        self.laps[step] = (now - self.last) * 1000
        self.last = now

    def times(self) -> dict[str, float]:
        return {**self.laps, "total": (perf_counter() - self.start) * 1000}
