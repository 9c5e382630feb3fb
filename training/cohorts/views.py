"""Films with the view they show: virtual ones, real ones at hand, and pictures that are none."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.radiograph import Radiograph
from core.refusal import Refused
from evidence.copies import find_copies, groups, sketch
from imaging.crop import Box, cut
from imaging.preprocess import Preprocess
from recipes.view import OTHER, VIEWS
from tasks.landmarks.marks import landmarks_of
from training.cohorts import negatives as strangers
from training.data.laid import read_laid
from training.data.manifest import Example, Manifest

Tell = Callable[[str, int, int], None]
STRANGERS = "pictures that are no film"
REST = "[!_]*"  # of a folder: what no other source of it names
CLOSE_PX = 256
MOST_FILMS = 240  # of one manifest: a view is learned from few


@dataclass(frozen=True)
class RealSource:
    """Real films of one kind, as they lie under the setting `data`.

    origin: films of one origin may share patients, makers and habits, so they are left out together. learned_from:
    whose they are and on which terms, as a card names it; empty for films that only measure.
    """

    name: str
    folder: str
    pattern: str
    shows: str
    origin: str
    learned_from: str = ""


DICOM = "test files of pylibjpeg, fo-dicom, torchxrayvision, highdicom and pynetdicom"
HIPS = "six hips of a public repository that names no licence"
REAL = (
    RealSource("knees (knee_qus)", "knee_qus/images", "*", "knee_ap", "knees",
               "Wani and Arora, Mendeley Data fxjm8fb6mw, CC BY 4.0"),
    RealSource("knee crops (knee_binary)", "knee_binary/images", "*", "knee_ap", "knees"),  # cut from the same films
    RealSource("spines from the side (BUU-LSPINE)", "spine_lateral", "*", "spine_lateral", "spines from the side",
               "BUU-LSPINE, CC BY 4.0"),
    RealSource("hips from in front", "hip_inverted", "*_ap.png", "hip_ap", "hips", HIPS),
    RealSource("hips from the side", "hip_inverted", "*_l.png", "hip_lateral", "hips", HIPS),
    RealSource("chests (NIH)", "wrong_site", "chest*", OTHER, "chests", "NIH ChestX-ray14"),
    RealSource("spines from in front (CADMA)", "wrong_site", "spine*", OTHER, "spines from in front",
               "Roboflow CADMA, CC BY 4.0"),
    RealSource("frog-leg hip (DICOM)", "dicom", "*_RG2_*", "hip_lateral", "DICOM test files", DICOM),
    RealSource("leg and ankle (DICOM)", "dicom", "*_RG3_*", OTHER, "DICOM test files", DICOM),
    RealSource("chests, hand, jaw, breasts, phantoms, a dog (DICOM)", "dicom", REST, OTHER, "DICOM test files", DICOM),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ViewFilms:
    """grey: uint8 [N, h, w], through the network's preprocessing. labels: places in `VIEWS` [N]. source: what each
    belongs to; group: one name for a person, or for all copies of a film."""

    grey: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    source: tuple[str, ...]
    group: tuple[str, ...]

    def rows(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> "ViewFilms":
        """Some of them; a row may be named more than once."""
        return ViewFilms(
            self.grey[rows],
            self.labels[rows],
            tuple(self.source[row] for row in rows),
            tuple(self.group[row] for row in rows),
        )

    def save(self, path: Path) -> None:
        """Keep them, so that a training that is run again need not read every film again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez(file, grey=self.grey, labels=self.labels, source=self.source, group=self.group)

    @classmethod
    def load(cls, path: Path) -> "ViewFilms":
        """What `save` kept."""
        with np.load(path) as kept:
            return cls(kept["grey"], kept["labels"], tuple(kept["source"].tolist()), tuple(kept["group"].tolist()))

    @classmethod
    def of(cls, taken: Sequence[tuple[npt.NDArray[np.uint8], str, str, str]]) -> "ViewFilms":
        """From grey, view, source and group of each film."""
        grey, views, source, group = zip(*taken, strict=True)
        return cls(np.stack(grey), np.array([VIEWS.index(view) for view in views]), source, group)

    def joined(self, *others: "ViewFilms") -> "ViewFilms":
        """These and others."""
        every = (self, *(one for one in others if len(one.labels)))
        return ViewFilms(
            np.concatenate([one.grey for one in every]),
            np.concatenate([one.labels for one in every]),
            tuple(name for one in every for name in one.source),
            tuple(name for one in every for name in one.group),
        )


def shown(film: Radiograph, inputs: Preprocess) -> npt.NDArray[np.uint8]:
    """A film as the network sees it."""
    return np.round(inputs.grey(film) * 255).astype(np.uint8)


def of_manifest(
    manifest: Manifest,
    inputs: Preprocess,
    close: bool,
    seed: int,
    tell: Callable[[int, int], None],
    most: int = MOST_FILMS,
) -> ViewFilms:
    """Films of a manifest with a column `view`, each file once, at most `most` of them.

    close: every limb whose landmarks are known is shown close up as well, and every tenth film cut into parts that
    change places. Raises ValueError for another view.
    """
    random, taken = np.random.default_rng([seed, 7]), []
    by_film: dict[Path, list[Example]] = {}
    for example in manifest.examples:
        by_film.setdefault(example.path, []).append(example)
    step = max(1, len(by_film) // most)
    picked = list(by_film.items())[::step][:most]
    for done, (path, rows) in enumerate(picked, start=1):
        view, group = rows[0].others.get("view"), rows[0].patient or path.name
        if view not in VIEWS:
            raise ValueError(f"{manifest.name} has {path.name} of view {view!r}, expected {', '.join(VIEWS)}")
        try:
            seen = read_laid(path, look_for_text=not manifest.simulated)
        except Refused:
            continue
        film = seen.film
        taken.append((shown(film, inputs), view, manifest.name, group))
        if close:
            for row in rows:
                points = np.array(list(landmarks_of(seen.example(row)).values())).reshape(-1, 2)
                if len(points) > 3 and view != "spine_lateral":
                    taken.append((shown(_close_up(film, points, random), inputs), view, manifest.name, group))
            if done % 10 == 0:
                taken.append((shown(strangers.shuffled(film, random), inputs), OTHER, manifest.name, group))
        tell(done, len(picked))
    return ViewFilms.of(taken)


def _close_up(film: Radiograph, points: npt.NDArray[np.floating], random: np.random.Generator) -> Radiograph:
    """The limb with little around it, as crops and closely collimated films show it; not always square."""
    low, high = points.min(0), points.max(0)
    side = float((high - low).max()) * random.uniform(1.25, 2.2)
    middle = (low + high) / 2 + random.uniform(-0.12, 0.12, 2) * side
    seen = cut(film, Box((float(middle[0]), float(middle[1])), side), CLOSE_PX)
    narrow = round(CLOSE_PX * random.uniform(0.65, 1))
    left = (CLOSE_PX - narrow) // 2
    part = slice(left, left + narrow)
    valid = None if seen.valid is None else seen.valid[:, part]
    return replace(seen, pixels=np.ascontiguousarray(seen.pixels[:, part]), valid=valid)


def pictures(count: int, seed: int, inputs: Preprocess) -> ViewFilms:
    """Pictures that are no film, of every kind alike."""
    random = np.random.default_rng([seed, 11])
    kinds = list(strangers.KINDS)
    return ViewFilms.of(
        [
            (shown(strangers.draw(random, kinds[number % len(kinds)]), inputs), OTHER, STRANGERS, f"{seed}-{number}")
            for number in range(count)
        ]
    )


def files_of(source: RealSource, data: Path) -> list[Path]:
    """The files of a source under `data`, in order."""
    named = [one.pattern for one in REAL if one.folder == source.folder and one.pattern != REST]
    return [
        path
        for path in sorted((data / source.folder).glob(source.pattern))
        if source.pattern != REST or not any(path.match(pattern) for pattern in named)
    ]


def real(source: RealSource, data: Path, inputs: Preprocess) -> ViewFilms:
    """Real films of one source with copies in one group, as far as they can be read."""
    taken, sketches = [], []
    for path in files_of(source, data):
        try:
            film = read_laid(path).film
        except Refused:
            continue
        taken.append((shown(film, inputs), source.shows, source.name, path.name))
        sketches.append(sketch(film.pixels))
    if not taken:
        return ViewFilms(np.empty((0, *inputs.size), np.uint8), np.empty(0, np.int64), (), ())
    copies = groups(len(taken), find_copies(sketches))
    return replace(ViewFilms.of(taken), group=tuple(f"{source.name} {number}" for number in copies))


def kept(folder: Path, name: str, inputs: Preprocess, read: Callable[[], ViewFilms]) -> ViewFilms:
    """Films as the network sees them, read once and kept under `folder`; read again for an input of another size."""
    file = folder / f"{re.sub('[^a-z0-9]+', '_', name.lower())}.npz"
    if file.exists():
        films = ViewFilms.load(file)
        if films.grey.shape[1:] == inputs.size:
            return films
    films = read()
    films.save(file)
    return films


def fingerprint(files: Sequence[Path]) -> str:
    """Changes when files come, go or change size."""
    return hashlib.sha256(repr([(file.name, file.stat().st_size) for file in files]).encode()).hexdigest()[:12]
