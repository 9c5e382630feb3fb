"""Who may learn from which film. No patient, and no copy of a film, in two parts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from training.data.given_split import TEST


@dataclass(frozen=True)
class Split:
    """For each film its part: `test`, or the number of the development fold it is held out in; and its group."""

    part: tuple[str, ...]
    group: tuple[int, ...]

    @property
    def folds(self) -> list[str]:
        return sorted({part for part in self.part if part != TEST})

    def rows(self, *parts: str) -> list[int]:
        return [row for row, part in enumerate(self.part) if part in parts]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(repr((self.part, self.group)).encode()).hexdigest()[:16]


def join_groups(by_content: Sequence[int], patients: Sequence[str | None]) -> list[int]:
    """One group for films that share content or patient, directly or through others."""
    count = len(by_content)
    first: dict[object, int] = {}
    edges = []
    for row, (content, patient) in enumerate(zip(by_content, patients, strict=True)):
        for key in (("content", content), ("patient", patient) if patient is not None else None):
            if key is not None:
                edges.append((row, first.setdefault(key, row)))
    rows, columns = zip(*edges, strict=True)
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(count, count))
    return [int(number) for number in connected_components(graph, directed=False)[1]]


def split(
    labels: Sequence[str],
    group: Sequence[int],
    folds: int,
    seed: int,
    test_share: float = 0.2,
    test: Sequence[bool] | None = None,
) -> Split:
    """A test part and `folds` development folds, stratified by label, groups whole.

    test: which rows a given split keeps for the test; drawn unless told. Raises ValueError when a class has too few
    groups to stand in every part, or a given split tears a group.
    """
    truth, number = np.asarray(labels), np.asarray(group)
    if test is not None:
        return _given(truth, number, folds, seed, np.asarray(test))
    for label in sorted(set(labels)):
        there = len(set(number[truth == label].tolist()))
        if there < folds + 1:
            raise ValueError(
                f"found {there} distinct films labelled {label}, expected at least {folds + 1} for {folds} folds and a "
                "test part; add films or ask for fewer folds"
            )
    rest, tested = next(
        StratifiedGroupKFold(round(1 / test_share), shuffle=True, random_state=seed).split(truth, truth, number)
    )
    return _folded(truth, number, folds, seed, rest, tested)


def _given(
    truth: npt.NDArray[np.str_], number: npt.NDArray[np.int_], folds: int, seed: int, test: npt.NDArray[np.bool_]
) -> Split:
    """The folds of what a given split does not keep for the test."""
    torn = set(number[test].tolist()) & set(number[~test].tolist())
    if torn:
        raise ValueError(
            f"the column split puts {len(torn)} patients, or copies of one film, into two parts, expected each in one; "
            "mend the column, or leave it out"
        )
    for label in sorted(set(truth.tolist())):
        there = len(set(number[(truth == label) & ~test].tolist()))
        if there < folds or not (truth[test] == label).any():
            raise ValueError(
                f"found {there} distinct films labelled {label} to learn from and "
                f"{int((truth[test] == label).sum())} to test on, expected at least {folds} for {folds} folds and one "
                "to test on; change the column split, or leave it out"
            )
    return _folded(truth, number, folds, seed, np.flatnonzero(~test), np.flatnonzero(test))


def _folded(
    truth: npt.NDArray[np.str_],
    number: npt.NDArray[np.int_],
    folds: int,
    seed: int,
    rest: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
) -> Split:
    """Rows `test` as the test part, the others in folds."""
    part = np.empty(len(truth), dtype=object)
    part[test] = TEST
    inner = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(inner.split(truth[rest], truth[rest], number[rest])):
        part[rest[held]] = str(fold)
    return Split(tuple(part.tolist()), tuple(number.tolist()))


def one_held_out(patients: Sequence[str], seed: int, share: float = 0.2) -> tuple[list[int], list[int]]:
    """Rows to learn from, and rows of `share` of the patients, held out; no patient on both sides."""
    order = np.random.default_rng(seed).permutation(sorted(set(patients)))
    held = set(order[: max(1, round(share * len(order)))].tolist())
    rows = range(len(patients))
    return [row for row in rows if patients[row] not in held], [row for row in rows if patients[row] in held]
