"""Limbs cut out of films, with their answers: found as a reading finds them, whether the film is real or virtual."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from anatomy.femur import OUTLINED
from anatomy.find import find_limbs
from anatomy.limb import CROP_PX, LOOSE_PX, ROOM, Limb
from core.example import Example, ManifestError
from core.radiograph import Mask, Radiograph, Side
from core.refusal import Refused
from core.settings import settings
from evidence.copies import Sketch, sketch
from imaging.crop import Box, cut, cut_map, cut_mask
from imaging.preprocess import Preprocess
from models import engine, registry
from tasks.part import Part
from tasks.samples import Samples
from training.ct.ct_projections import NotLaid
from training.ct.projections import projection_of
from training.data.laid import LaidFilm, read_laid
from training.data.manifest import Manifest
from training.data.workers import each

Tell = Callable[[int, int], None]
FilmRows = tuple[Path, list[tuple[int, Example]]]  # a film and the manifest's rows that tell of it


@dataclass(frozen=True, eq=False)
class _Cut:
    """One limb: the manifest's row, its loose crop, its masks and which of them are known, by bits; projections."""

    row: int
    crop: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.uint8]
    known: np.uint8
    projections: npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class _Found:
    """What one process hands back of one film."""

    name: str
    limbs: tuple[_Cut, ...]
    sketch: Sketch | None
    refused: dict[str, str]


def gather(
    manifest: Manifest,
    usable: Callable[[Example], bool],
    finder: Path,
    sketched: bool,
    workers: int = 1,
    tell: Tell | None = None,
    columns: Sequence[str] = (),
    projection_px: int = LOOSE_PX,
) -> Samples:
    """Read every film of a manifest that has a usable row once and cut its limbs out.

    Arrays: `crops`, uint8 [N, LOOSE_PX, LOOSE_PX], windowed as the middle of it, which a reading sees, would be;
    `masks`, the same, region r of `anatomy.femur.OUTLINED` in bit r; `known`, uint8 [N], which of these bits say
    something: a region without a mask is unknown and not absent, but in a simulated cohort, which names all there is;
    with `columns` also `projections`, float16 [N, C, p, p] in g/cm2 on the same square, NaN where none is named.

    finder: the folder of the bundle that finds them. sketched: whether films are sketched, to look for copies among
    them. A row without `side` stands for the one limb on its film. columns: projections to cut out with the limbs,
    `projection_px` a side. Raises ManifestError when nothing could be used.
    """
    by_film = films_of(manifest, usable)
    job = partial(
        _one_film,
        folder=manifest.folder,
        simulated=manifest.simulated,
        finder=finder,
        sketched=sketched,
        columns=tuple(columns),
        projection_px=projection_px,
    )
    found: list[_Found] = []
    for one in each(job, by_film, workers):
        found.append(one)
        if tell is not None:
            tell(len(found), len(by_film))
    kept = [(one, limb) for one in found for limb in one.limbs]
    refused = {name: said for one in found for name, said in one.refused.items()}
    if not kept:
        raise ManifestError(
            f"no limb was found on any of {len(by_film)} films of {manifest.name}, expected whole limbs seen from in "
            f"front; the first said: {next(iter(refused.values()), 'no film')}"
        )
    arrays = {
        "crops": np.stack([limb.crop for _, limb in kept]),
        "masks": np.stack([limb.masks for _, limb in kept]),
        "known": np.array([limb.known for _, limb in kept], np.uint8),
    }
    if columns:
        arrays["projections"] = np.stack([limb.projections for _, limb in kept])
    return Samples(
        tuple(manifest.examples[limb.row] for _, limb in kept),
        arrays,
        tuple(one.sketch for one, _ in kept if one.sketch is not None),
        refused,
    )


def films_of(manifest: Manifest, usable: Callable[[Example], bool]) -> list[FilmRows]:
    """Each film once, with the usable rows that tell of it and their numbers."""
    by_film: dict[Path, list[tuple[int, Example]]] = {}
    for row, example in enumerate(manifest.examples):
        if usable(example):
            by_film.setdefault(example.path, []).append((row, example))
    return list(by_film.items())


def films_telling(manifest: Manifest, parts: Sequence[Part], to: str) -> list[FilmRows]:
    """Each film once, with the rows from which the truth of any of these parts is known.

    to: what the films are wanted for (`measure`), for the sentence. Raises ManifestError where there is none.
    """

    def usable(example: Example) -> bool:
        return any(part.task.learn.usable(part, example) for part in parts)

    films = films_of(manifest, usable)
    if not films:
        expected = "; or ".join(dict.fromkeys(part.task.learn.expects(part) for part in parts))
        raise ManifestError(f"no row of {manifest.name} says anything to {to} by, expected {expected}")
    return films


def limbs_on(film: Radiograph, finder: Path) -> list[Limb]:
    """The limbs that the bundle in a folder finds."""
    (node,) = registry.at(finder).networks.values()
    return find_limbs(film, node, engine.device(settings().device))


def loose_crop(film: Radiograph, box: Box) -> npt.NDArray[np.uint8]:
    """The limb with room around it, its grey values windowed by what a reading would see of it."""
    wide, seen = cut(film, box.wider(ROOM), LOOSE_PX), cut(film, box, CROP_PX)
    return np.round(Preprocess((LOOSE_PX, LOOSE_PX)).grey(wide, seen) * 255).astype(np.uint8)


def _one_film(
    film_rows: FilmRows,
    folder: Path,
    simulated: bool,
    finder: Path,
    sketched: bool,
    columns: tuple[str, ...],
    projection_px: int,
) -> _Found:
    path, rows = film_rows
    try:
        seen = read_laid(path, look_for_text=not simulated)
        film, limbs = seen.film, limbs_on(seen.film, finder)
    except Refused as fault:
        return _Found(path.name, (), None, {path.name: fault.refusal.message})
    kept, refused = [], {}
    for row, example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = _why(example.others.get("side"), limbs)
            continue
        named = {region: example.others.get(f"mask_{region}") for region in OUTLINED}
        masks = {
            region: seen.mask(np.asarray(Image.open(folder / str(name)).convert("L")) > 127)
            for region, name in named.items()
            if name
        }
        try:
            projections = loose_projections(example, columns, folder, seen, limb.box, projection_px)
        except NotLaid as fault:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = str(fault)
            continue
        bits = loose_masks(masks, limb.box)
        kept.append(_Cut(row, loose_crop(film, limb.box), bits, known_bits(masks, simulated), projections))
    return _Found(path.name, tuple(kept), sketch(film.pixels) if sketched else None, refused)


def loose_projections(
    example: Example, columns: Sequence[str], folder: Path, seen: LaidFilm, box: Box, size: int
) -> npt.NDArray[np.float16]:
    """A limb's projections in g/cm2 on its loose crop, [C, size, size]; NaN for one that the manifest does not name.

    Raises ManifestError for one that is not of the film's size.
    """
    cuts = np.full((len(columns), size, size), np.nan, np.float16)
    for number, column in enumerate(columns):
        film = seen.uploaded
        whole = projection_of(example, column, folder, film)
        if whole is None:
            continue
        if whole.shape != film.pixels.shape:
            raise ManifestError(
                f"{column} of {example.path.name} is {whole.shape[1]} x {whole.shape[0]} px, the film {film.width} x "
                f"{film.height}; expected a projection in the film's own geometry and pixels"
            )
        cuts[number] = cut_map(seen.image(whole), box.wider(ROOM), size)
    return cuts


def loose_masks(masks: Mapping[str, Mask], box: Box) -> npt.NDArray[np.uint8]:
    """The regions of a limb on its loose crop, region r of `anatomy.femur.OUTLINED` in bit r."""
    bits = np.zeros((LOOSE_PX, LOOSE_PX), np.uint8)
    for number, region in enumerate(OUTLINED):
        if region in masks:
            bits[cut_mask(masks[region], box.wider(ROOM), LOOSE_PX)] |= np.uint8(1 << number)
    return bits


def known_bits(masks: Mapping[str, Mask], complete: bool) -> np.uint8:
    """Which regions of `anatomy.femur.OUTLINED` are known, region r in bit r: those that have a mask, be it empty; all
    where any has one and the masks are complete, so that a region without is not there."""
    return np.uint8(sum(1 << at for at, region in enumerate(OUTLINED) if region in masks or (complete and masks)))


def _why(side: Side | None, limbs: Sequence[Limb]) -> str:
    """Why no limb stands for a row."""
    if side is None and len(limbs) > 1:
        return f"Its film shows {len(limbs)} limbs and the row names no side."
    return "The limb was not found on its film."


def limb_of(side: Side | None, limbs: Sequence[Limb]) -> Limb | None:
    """The limb of a side; where no side is told, the one there is."""
    if side is None and len(limbs) == 1:
        return limbs[0]
    return next((limb for limb in limbs if limb.side == side), None)
