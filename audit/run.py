"""An audit, step by step: rows -> films -> copies -> what follows from them -> shortcuts -> doubted labels."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from audit.copies import (
    contradicting,
    copies_apart,
    find_pairs,
    group_of,
    patients_apart,
    shared_by_patients,
    twice,
)
from audit.doubts import Readings, doubts_of
from audit.film import Film, Unread, look
from audit.kept import Kept, key_of
from audit.record import Found
from audit.rows import Problem, Row, Source
from audit.shortcuts import shortcuts
from core.clinical import Clinical
from training.data.split import join_groups
from training.data.workers import each

SAVED: Final = 32  # films after which what was found is written
Tell = Callable[[str, int, int], None]


def seen(source: Source, kept: Kept, workers: int, tell: Tell) -> dict[Path, tuple[str, Film | Unread]]:
    """Every film of the source by its path, with its key; read once, however often the audit was stopped."""
    paths = list(dict.fromkeys(row.example.path for row in source.rows))
    keys, known = {path: key_of(path) for path in paths}, kept.known()
    wanted = [path for path in paths if keys[path] not in known]
    tell("reading films", len(paths) - len(wanted), len(paths))
    for done, film in enumerate(each(look, wanted, workers), 1):
        key = keys[wanted[done - 1]]
        kept.put(key, film)
        known[key] = replace(film, sketch=None) if isinstance(film, Film) else film
        if done % SAVED == 0 or done == len(wanted):
            kept.save()
        tell("reading films", len(paths) - len(wanted) + done, len(paths))
    return {path: (keys[path], known[keys[path]]) for path in paths}


def audited(source: Source, kept: Kept, workers: int, tell: Tell) -> tuple[Found, list[Film]]:
    """All but the labels that a model doubts; and the film of each row that could be read."""
    found = Found(source)
    with _timed(found, "films"):
        films = seen(source, kept, workers, tell)
    rows: list[Row] = []
    of_row: list[Film] = []
    problems = list(source.problems)
    numbers: dict[Path, int] = {}
    for row in source.rows:
        film = films[row.example.path][1]
        if isinstance(film, Unread):
            problems.append(Problem(row.name, row.line, film.code, film.message))
            continue
        numbers.setdefault(row.example.path, len(numbers))
        rows.append(_told_by_film(row, film))
        of_row.append(film)
    found.rows, found.problems = rows, problems
    found.number_of = [numbers[row.example.path] for row in rows]
    with _timed(found, "copies"):
        distinct = [film for path in numbers if isinstance(film := films[path][1], Film)]
        keys = [films[path][0] for path in numbers]
        found.pairs = find_pairs(distinct, keys, kept, workers, lambda done, of: tell("looking for copies", done, of))
        content = group_of(len(distinct), found.pairs)
    found.group = [content[number] for number in found.number_of]
    found.together = {
        "contradictions": contradicting(rows, found.group),
        "copies_in_two_parts": copies_apart(rows, found.group),
        "patients_in_two_parts": patients_apart(rows),
        "copies_of_two_patients": shared_by_patients(rows, found.group),
        "rows_twice": twice(rows),
    }
    with _timed(found, "shortcuts"):
        if rows:
            tell("looking for shortcuts", 0, 1)
            examples = [row.example for row in rows]
            owner = join_groups(found.group, [example.patient for example in examples])
            found.tricks = shortcuts(examples, of_row, owner)
            tell("looking for shortcuts", 1, 1)
    return found, of_row


def doubted(
    found: Found,
    films: Sequence[Film],
    readings: Readings,
    taught: Mapping[str, Collection[str]],
    tell: Tell,
) -> None:
    """Ask a model what it thinks of the labels; adds to what was found."""
    with _timed(found, "label doubts"):
        found.doubts = doubts_of(
            found.rows, films, readings, taught, lambda done, of: tell("asking the model", done, of)
        )


def _told_by_film(row: Row, film: Film) -> Row:
    """A row with what the film's own file says of patient, age and sex, where the table is silent."""
    own = row.example
    said = own.clinical.or_else(Clinical(age_years=film.age_years, sex=_sex(film.sex)))
    return replace(row, example=replace(own, patient=own.patient or film.patient, clinical=said))


def _sex(word: str | None) -> Any:
    return word if word in ("F", "M") else None


@contextmanager
def _timed(found: Found, step: str) -> Any:
    begun = time.monotonic()
    yield
    found.seconds[step] = time.monotonic() - begun
