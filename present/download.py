"""A reading as a file to keep: the very lines that `cli.py read` writes."""

import json
from collections.abc import Sequence

from core.reading import Reading


def json_lines(readings: Sequence[Reading]) -> str:
    """One line of JSON a reading, in the contract's names."""
    return "".join(json.dumps(reading.row(), ensure_ascii=False) + "\n" for reading in readings)


def download_name(readings: Sequence[Reading]) -> str:
    """A file name that says nothing of the person: the opaque case, or the refusal's code."""
    first = readings[0]
    return f"osteolens-{first.case_id or (first.refusal.code if first.refusal else first.status)}.jsonl"
