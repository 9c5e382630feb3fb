"""Limbs cut out of films, with their answers: found as a reading finds them, whether the film is real or virtual."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from anatomy.femur import OUTLINED
from anatomy.find import find_limbs
from anatomy.limb import CROP_PX, Limb
from core.radiograph import Mask, Radiograph, Side
from core.refusal import Refused
from evidence.copies import Sketch, sketch
from imaging import read_radiograph
from imaging.crop import Box, cut, cut_map, cut_mask
from imaging.preprocess import Preprocess
from models import registry
from training.ct.ct_projections import NotLaid
from training.ct.projections import projection_of
from training.data.manifest import Example, Manifest, ManifestError
from training.data.workers import each

Tell = Callable[[int, int], None]
FilmRows = tuple[Path, list[tuple[int, Example]]]  # a film and the manifest's rows that tell of it
ROOM = 1.3125  # crops are kept with this much around them, so that a moved one does not end
LOOSE_PX = round(CROP_PX * ROOM)


@dataclass(frozen=True, eq=False)
class Limbs:
    """Limbs of known label, in the manifest's order.

    crops: uint8 [N, LOOSE_PX, LOOSE_PX], windowed as the middle of it, which a reading sees, would be. masks: the same,
    region r of `anatomy.femur.OUTLINED` in bit r; all zero where the manifest names none. boxes: on their films.
    refused: the sentence for each film or limb that could not be used, by the film's name. projections: float16
    [N, C, p, p] in g/cm2 on the same square, a column of the manifest each; NaN where it names none.
    """

    examples: tuple[Example, ...]
    labels: npt.NDArray[np.int64]
    crops: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.uint8]
    sketches: tuple[Sketch, ...]
    refused: dict[str, str]
    projections: npt.NDArray[np.float16] | None = None

    def rows(self, rows: Sequence[int]) -> "Limbs":
        """Some of them."""
        picked = np.asarray(rows, int)
        return replace(
            self,
            examples=tuple(self.examples[row] for row in picked),
            labels=self.labels[picked],
            crops=self.crops[picked],
            masks=self.masks[picked],
            sketches=tuple(self.sketches[row] for row in picked) if self.sketches else (),
            projections=None if self.projections is None else self.projections[picked],
        )

    def measures(self, columns: Sequence[str]) -> npt.NDArray[np.float32]:
        """Values of some columns of the manifest [N, M], NaN where there is none."""
        table = [[example.others.get(column) for column in columns] for example in self.examples]
        return np.array([[np.nan if value is None else value for value in row] for row in table], np.float32)


_Cut = tuple[int, npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.float16]]  # row, crop, bits, projections


@dataclass(frozen=True, eq=False)
class _Found:
    """What one process hands back of one film."""

    name: str
    limbs: tuple[_Cut, ...]
    sketch: Sketch | None
    refused: dict[str, str]


def gather(
    manifest: Manifest,
    labels: Sequence[str],
    finder: Path,
    sketched: bool,
    workers: int = 1,
    tell: Tell | None = None,
    columns: Sequence[str] = (),
    projection_px: int = LOOSE_PX,
) -> Limbs:
    """Read every labelled film of a manifest once and cut its limbs out.

    finder: the folder of the bundle that finds them. sketched: whether films are sketched, to look for copies among
    them. A row without `side` stands for the one limb on its film. labels: the classes that are used; an empty one
    among them takes rows without a class too. columns: projections to cut out with the limbs, `projection_px` a side.
    Raises ManifestError when nothing could be used.
    """
    by_film: dict[Path, list[tuple[int, Example]]] = {}
    for row, example in enumerate(manifest.examples):
        if (example.label or "") in labels:
            by_film.setdefault(example.path, []).append((row, example))
    job = partial(
        _one_film,
        folder=manifest.folder,
        finder=finder,
        sketched=sketched,
        columns=tuple(columns),
        projection_px=projection_px,
    )
    found: list[_Found] = []
    for one in each(job, list(by_film.items()), workers):
        found.append(one)
        if tell is not None:
            tell(len(found), len(by_film))
    kept = [(one, *limb) for one in found for limb in one.limbs]
    refused = {name: said for one in found for name, said in one.refused.items()}
    if not kept:
        raise ManifestError(
            f"no limb was found on any of {len(by_film)} films; first: {next(iter(refused.values()), 'no film')}"
        )
    examples = tuple(manifest.examples[row] for _, row, *_ in kept)
    return Limbs(
        examples,
        np.array([labels.index(example.label or "") for example in examples]),
        np.stack([crop for _, _, crop, _, _ in kept]),
        np.stack([mask for _, _, _, mask, _ in kept]),
        tuple(one.sketch for one, *_ in kept if one.sketch is not None),
        refused,
        np.stack([projections for *_, projections in kept]) if columns else None,
    )


def loose_crop(film: Radiograph, box: Box) -> npt.NDArray[np.uint8]:
    """The limb with room around it, its grey values windowed by what a reading would see of it."""
    wide, seen = cut(film, box.wider(ROOM), LOOSE_PX), cut(film, box, CROP_PX)
    return np.round(Preprocess((LOOSE_PX, LOOSE_PX)).grey(wide, seen) * 255).astype(np.uint8)


def _one_film(
    film_rows: FilmRows, folder: Path, finder: Path, sketched: bool, columns: tuple[str, ...], projection_px: int
) -> _Found:
    path, rows = film_rows
    try:
        film = read_radiograph(path.read_bytes(), path.name)
        limbs = find_limbs(film, registry.at(finder).outliners[0], torch.device("cpu"))
    except Refused as fault:
        return _Found(path.name, (), None, {path.name: fault.refusal.message})
    kept, refused = [], {}
    for row, example in rows:
        limb = limb_of(example.others.get("side"), limbs)
        if limb is None:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = "The limb was not found on its film."
            continue
        named = {region: example.others.get(f"mask_{region}") for region in OUTLINED}
        masks = {
            region: np.asarray(Image.open(folder / str(name)).convert("L")) > 127
            for region, name in named.items()
            if name
        }
        try:
            projections = loose_projections(example, columns, folder, film, limb.box, projection_px)
        except NotLaid as fault:
            refused[f"{path.name} {example.others.get('side') or ''}".strip()] = str(fault)
            continue
        kept.append((row, loose_crop(film, limb.box), loose_masks(masks, limb.box), projections))
    return _Found(path.name, tuple(kept), sketch(film.pixels) if sketched else None, refused)


def loose_projections(
    example: Example, columns: Sequence[str], folder: Path, film: Radiograph, box: Box, size: int
) -> npt.NDArray[np.float16]:
    """A limb's projections in g/cm2 on its loose crop, [C, size, size]; NaN for one that the manifest does not name.

    Raises ManifestError for one that is not of the film's size.
    """
    cuts = np.full((len(columns), size, size), np.nan, np.float16)
    for number, column in enumerate(columns):
        whole = projection_of(example, column, folder, film)
        if whole is None:
            continue
        if whole.shape != film.pixels.shape:
            raise ManifestError(
                f"{column} of {example.path.name} is {whole.shape[1]} x {whole.shape[0]} px, the film {film.width} x "
                f"{film.height}; expected a projection in the film's own geometry and pixels"
            )
        cuts[number] = cut_map(whole, box.wider(ROOM), size)
    return cuts


def loose_masks(masks: Mapping[str, Mask], box: Box) -> npt.NDArray[np.uint8]:
    """The regions of a limb on its loose crop, region r of `anatomy.femur.OUTLINED` in bit r."""
    bits = np.zeros((LOOSE_PX, LOOSE_PX), np.uint8)
    for number, region in enumerate(OUTLINED):
        if region in masks:
            bits[cut_mask(masks[region], box.wider(ROOM), LOOSE_PX)] |= np.uint8(1 << number)
    return bits


def limb_of(side: Side | None, limbs: Sequence[Limb]) -> Limb | None:
    """The limb of a side; where no side is told, the one there is."""
    if side is None and len(limbs) == 1:
        return limbs[0]
    return next((limb for limb in limbs if limb.side == side), None)


def landmarks_of(example: Example) -> dict[str, tuple[float, float]]:
    """Landmarks of a simulated row on its film, the middle of the first pixel at 0.5; none where there are none."""
    known = example.others.get("landmarks")
    return {name: (x + 0.5, y + 0.5) for name, (x, y) in json.loads(known).items()} if known else {}
