"""The command audit: what is wrong with a set of films before anybody learns from it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import auditing
import reading
from commands.shared import Progress, WrongUse
from core.clinical import Clinical
from core.reading import Reading

FAULTS: tuple[type[Exception], ...] = ()


def audit(arguments: argparse.Namespace) -> None:
    """Audit films into report.html and audit.json, and print the findings."""
    said = None
    if arguments.readings:
        if arguments.no_doubts:
            raise WrongUse("--readings say what a model makes of labels, expected no --no-doubts beside them; pass one")
        said = readings(arguments.readings)
    read = None if arguments.no_doubts or said is not None else _read
    with Progress() as bars:
        found = auditing.audit(arguments.data, arguments.out, read, said, arguments.workers, bars)
    for one in found["findings"]:
        print(f"{one['severity']}: {one['sentence']}", file=sys.stderr)
    print(arguments.out / auditing.REPORT)


def _read(film: Path, clinical: Clinical) -> list[Reading]:
    return reading.read_file(film, clinical=clinical)


def readings(file: Path) -> dict[Path, list[dict[str, Any]]]:
    """Lines of readings.jsonl by film. Raises WrongUse for a file that holds anything else."""
    found: dict[Path, list[dict[str, Any]]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            found.setdefault(Path(row["path"]).resolve(), []).append(row)
        except (ValueError, KeyError, TypeError) as fault:
            raise WrongUse(f"line {number} of {file} is no reading, expected what `cli.py read` writes") from fault
    return found
