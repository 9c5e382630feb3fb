"""The command that reads films, one or an archive of them."""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

import reading
from commands.shared import Fault, WrongUse
from core.clinical import Clinical
from core.settings import settings
from core.system.run_file import How, RunFile, journal_of
from present.overlay import png
from present.still import still
from present.table import write_table

FAULTS: tuple[type[Exception], ...] = ()
TABLES = (".csv", ".parquet")


def read(arguments: argparse.Namespace) -> None:
    """Read films into readings.jsonl, one line a limb; killed and run again, it goes on where it was."""
    if arguments.table and arguments.table.suffix.lower() not in TABLES:
        raise WrongUse(f"found a table named {arguments.table.name}, expected its name to end in {' or '.join(TABLES)}")
    if arguments.table and arguments.out.exists() and not arguments.out.is_file():
        raise WrongUse(f"a table is made from the lines, and {arguments.out} keeps none; give --out a file")
    films = _films(arguments)
    clinical = reading.clinical_table(arguments.clinical) if arguments.clinical else {}
    if arguments.images:
        arguments.images.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(("read", "refused", "failed"), 0)
    states = {str(film): _state(film) for film in films}
    how: How = "anew" if arguments.anew else "resume" if arguments.resume else "either"
    with RunFile(arguments.out, _run(arguments, clinical), states, how) as out:
        if out.kept:
            print(f"{arguments.out} was of another run; it is kept as {out.kept}", file=sys.stderr)
        for entry in out.done.values():
            for status in entry["statuses"]:
                counts[status] += 1
        left = [film for film in films if str(film) not in out.done]
        if out.done:
            print(f"{len(films) - len(left)} of {len(films)} films are done already; the run goes on", file=sys.stderr)
        answered = reading.read_files(left, arguments.recipe, clinical, arguments.pixel_mm, arguments.workers)
        with _bar(len(films), len(left)) as bar:
            for film, answers in answered:
                if arguments.images and any(answer.status == "read" for answer in answers):
                    (arguments.images / f"{answers[0].case_id}.png").write_bytes(png(still(answers)))
                lines = [json.dumps(answer.row(), ensure_ascii=False, allow_nan=False) for answer in answers]
                statuses = [answer.status for answer in answers]
                out.add(str(film), states[str(film)], lines, statuses=statuses)
                for status in statuses:
                    counts[status] += 1
                bar.update(1)
                del answers  # its pictures are large
    if arguments.table:
        write_table(arguments.out, arguments.table)
    print(", ".join(f"{number} {status}" for status, number in counts.items()), file=sys.stderr)
    if counts["failed"]:
        raise Fault(f"{counts['failed']} films failed by a fault of the program; the log above says where")


def _films(arguments: argparse.Namespace) -> list[Path]:
    """Each film once, and none of what the command itself writes."""
    own = {one.resolve() for one in (arguments.out, journal_of(arguments.out), arguments.table) if one}
    films = [film for film in dict.fromkeys(reading.find_films(arguments.paths)) if film.resolve() not in own]
    if not films:
        raise WrongUse(f"found no file under {', '.join(map(str, arguments.paths))}, expected films")
    return films


def _state(film: Path) -> list[int] | None:
    """What changes when a file does."""
    try:
        state = film.stat()
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def _run(arguments: argparse.Namespace, clinical: dict[Path, Clinical]) -> dict[str, Any]:
    """What tells one run from another: the same of all this gives the same lines."""
    people = repr(sorted((str(path), person) for path, person in clinical.items()))
    return {
        "paths": [str(path) for path in arguments.paths],
        "recipe": arguments.recipe,
        "pixel_mm": arguments.pixel_mm,
        "clinical": hashlib.sha256(people.encode()).hexdigest()[:16] if clinical else None,
        "versions": reading.versions(),
        "warn_only": sorted(map(str, settings().warn_only)),
    }


def _bar(films: int, left: int) -> tqdm:
    """Films a second and time left; off a terminal a line every half minute."""
    terminal = sys.stderr.isatty()
    return tqdm(
        total=films, initial=films - left, desc="reading", unit="film", mininterval=0.5 if terminal else 30,
        disable=None if left < 100 else False, smoothing=0.05,
    )  # fmt: skip
