"""Copies among films and what follows from them: one film under two labels, in two parts, of two patients."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from threadpoolctl import threadpool_limits

from audit.film import Film
from audit.kept import Kept
from audit.rows import Row
from evidence.copies import Copy, Sketch, compare, groups
from evidence.copy_index import pairs_to_compare
from training.data.given_split import part_of
from training.data.held_out import one_limb

SAME_FILE, SAME_PIXELS, ALIKE = "same_file", "same_pixels", "alike"
RESCALED: Final = 0.03  # of scale, from which on a copy was resized or cut out
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Pair:
    """Two films that show the same (indices). kind: the same bytes, the same pixels, or alike by what they show."""

    first: int
    second: int
    kind: str
    correlation: float = 1.0
    scale: float = 1.0
    mirrored: bool = False


def find_pairs(films: Sequence[Film], keys: Sequence[str], kept: Kept, workers: int, tell: Tell) -> list[Pair]:
    """Every film with the same pixels is linked to the first of them; films of different pixels are sought by the
    index and compared."""
    first: dict[str, int] = {}
    pairs, distinct = [], []
    for number, film in enumerate(films):
        if film.case_id in first:
            same = films[first[film.case_id]].digest == film.digest
            pairs.append(Pair(first[film.case_id], number, SAME_FILE if same else SAME_PIXELS))
        else:
            first[film.case_id] = number
            distinct.append(number)

    def both_ways(place: int) -> tuple:
        found = kept.descriptors(keys[distinct[place]])
        return Sketch.both(found)

    count = len(distinct)
    with threadpool_limits(workers):
        near = pairs_to_compare(count, both_ways, tell=lambda done, _: tell(done, 3 * count))
    of_first: dict[int, list[int]] = defaultdict(list)
    for one, other in near:
        of_first[distinct[one]].append(distinct[other])

    def compared(one: int) -> list[Pair]:
        sketch = kept.sketch(keys[one])
        found = ((other, compare(sketch, kept.sketch(keys[other]))) for other in of_first[one])
        return [Pair(one, other, ALIKE, *match) for other, match in found if match is not None]

    with threadpool_limits(1), ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(compared, sorted(of_first)), 1):
            pairs += found
            tell(2 * count + round(count * done / len(of_first)), 3 * count)
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def group_of(count: int, pairs: Sequence[Pair]) -> list[int]:
    """A number for each film; copies, and copies of copies, share one."""
    return groups(count, [Copy(pair.first, pair.second, 1, 1, False) for pair in pairs])


@dataclass(frozen=True)
class Together:
    """Rows (indices) that show one film, or belong to one person, and should agree. said: what each says."""

    rows: tuple[int, ...]
    said: tuple[str, ...]


def twice(rows: Sequence[Row]) -> list[Together]:
    """One file in several rows that name the same side, or none."""
    of: dict[tuple[str, object], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        of[(row.name, row.example.others.get("side"))].append(number)
    return [Together(tuple(some), tuple(_label(rows[one]) for one in some)) for some in of.values() if len(some) > 1]


def contradicting(rows: Sequence[Row], group: Sequence[int | None]) -> list[Together]:
    """Copies of one limb that carry different labels. group: of each row's film; None where it could not be read."""
    examples = [row.example for row in rows]
    limb = one_limb([-1 - at if number is None else number for at, number in enumerate(group)], examples)
    of: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(limb):
        if examples[number].label is not None:
            of[one].append(number)
    found = [Together(tuple(some), tuple(_label(rows[one]) for one in some)) for some in of.values()]
    return [one for one in found if len(set(one.said)) > 1]


def copies_apart(rows: Sequence[Row], group: Sequence[int | None]) -> list[Together]:
    """Copies that stand in different parts of the split."""
    return _apart(rows, [None if one is None else f"film {one}" for one in group])


def patients_apart(rows: Sequence[Row]) -> list[Together]:
    """Patients whose films stand in different parts of the split."""
    return _apart(rows, [row.example.patient for row in rows])


def shared_by_patients(rows: Sequence[Row], group: Sequence[int | None]) -> list[Together]:
    """Copies that belong to different patients, as the source names them."""
    found = []
    for some in _by([None if number is None else str(number) for number in group]):
        if len({rows[row].example.patient for row in some} - {None}) > 1:
            found.append(Together(tuple(some), tuple(rows[row].name for row in some)))
    return found


def _apart(rows: Sequence[Row], owner: Sequence[str | None]) -> list[Together]:
    found = []
    for some in _by(owner):
        parts = [part_of(rows[row].example) for row in some]
        if len(set(parts) - {None}) > 1:
            found.append(Together(tuple(some), tuple(part or "no part" for part in parts)))
    return found


def _by(owner: Sequence[str | None]) -> list[list[int]]:
    of: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(owner):
        if one is not None:
            of[one].append(row)
    return [some for some in of.values() if len(some) > 1]


def _label(row: Row) -> str:
    return row.example.label or "no label"
