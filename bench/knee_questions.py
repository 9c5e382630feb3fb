"""Films of knees and how they are split, a question each: at random, copies on one side, each knee on its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.model_selection import ShuffleSplit, StratifiedGroupKFold

from core.labels import CLASSES, NORMAL, OSTEOPOROSIS
from core.settings import settings
from evidence.copies import contradictions, find_copies, groups
from imaging.preprocess import Preprocess
from tasks import CLASSES as CLASSES_TASK
from tasks.classes.learn import labels_of
from tasks.classes.objective import shrunk
from tasks.part import Candidate, Part
from tasks.samples import grey_of
from training.data.manifest import read_manifest
from training.data.shared_limbs import gather

Array = npt.NDArray[np.float64]
Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # learned from, asked
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Films:
    """A set of films, or of knees cut out of films, as networks see it.

    grey: uint8 [N, px, px]. trivial: size and contrast [N, 7]. people: age, sex and BMI [N, 3], NaN where not known.
    film: which film each row belongs to [N]. group: one number for all copies of a film [N].
    """

    grey: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    trivial: Array
    people: Array
    film: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]

    def rows(self, rows: npt.NDArray[np.int64]) -> "Films":
        """Some of them."""
        return Films(*(getattr(self, one.name)[rows] for one in fields(self)))

    def shown_to(self, candidate: Candidate) -> npt.NDArray[np.uint8]:
        """The films as large as a network sees them."""
        return shrunk(torch.from_numpy(self.grey), candidate.preprocess.size, 1.0).numpy()


@dataclass(frozen=True, eq=False)
class Question:
    """Films, their classes, and how they are split. rounds: lists of (learned from, asked) rows; within a round every
    row that is asked is asked once."""

    name: str
    films: Films
    labels: tuple[str, ...]
    rounds: list[list[Rows]]


def read_set(
    name: str, labels: tuple[str, ...], inputs: Preprocess, finder: Path | None, kept: Path, tell: Tell
) -> Films:
    """A set at hand, read once and kept in a file. finder: the bundle that cuts knees out; None for whole films."""
    if not kept.exists():
        manifest = read_manifest(settings().data / name / "manifest.csv")
        part = Part(CLASSES_TASK, "limb", labels)
        usable = partial(CLASSES_TASK.learn.usable, part)
        read = gather(manifest, usable, (inputs,), lambda done, all_: tell(f"reading {name}", done, all_), finder)
        copies = find_copies(read.sketches, lambda done, all_: tell(f"copies in {name}", done, all_))
        patients = [example.clinical for example in read.examples]
        people = [[p.age_years, None if p.sex is None else p.sex == "F", p.bmi] for p in patients]
        paths = [str(example.path) for example in read.examples]
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            grey=read[grey_of(inputs)],
            labels=labels_of(part, read),
            trivial=read["trivial"],
            people=np.array(people, float),
            film=np.unique(paths, return_inverse=True)[1],
            group=np.array(groups(len(paths), copies)),
        )
    with np.load(kept) as stored:
        return Films(**{one.name: stored[one.name] for one in fields(Films)})


def questions(inputs: Preprocess, repeats: int, finder: Path | None, folder: Path, tell: Tell) -> Iterator[Question]:
    """The questions, of the films at hand; the last only where there is a finder."""
    two, three = (NORMAL, OSTEOPOROSIS), CLASSES
    for name, source, labels, by in (
        ("random", "knee_binary", two, None),
        ("grouped", "knee_binary", two, None),
        ("whole", "knee_qus", three, None),
        *((("apart", "knee_qus", three, finder),) if finder else ()),
    ):
        films = read_set(
            source, labels, inputs, by, folder / f"{source}{f'_{by.parent.name}_{by.name}' if by else ''}.npz", tell
        )
        if name == "random":
            # 298 / 37 / 37 of 372: a tenth answers; what such studies stop by is learned from here.
            splits = ShuffleSplit(max(2, repeats), test_size=0.1, random_state=0).split(films.labels)
            rounds = [[(np.asarray(learns), np.asarray(asked))] for learns, asked in splits]
        else:
            doubted = contradictions(films.group.tolist(), [labels[number] for number in films.labels])
            films = films.rows(np.setdiff1d(np.arange(len(films.labels)), doubted))
            rounds = [list(folds(films, repeat)) for repeat in range(repeats)]
        yield Question(name, films, labels, rounds)


def folds(films: Films, seed: int) -> Iterator[Rows]:
    """Five folds, copies of a film in one of them; knees cut out of films stand where their films stand."""
    _, first, film = np.unique(films.film, return_index=True, return_inverse=True)
    by_film = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    for _, asked in by_film.split(first, films.labels[first], films.group[first]):
        held = np.isin(film, asked)
        yield np.flatnonzero(~held), np.flatnonzero(held)
