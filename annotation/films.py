"""The films of the worklist: one PNG a case under an opaque name, as the expert will see it."""

import os
import re
import secrets
from pathlib import Path

_OPAQUE = re.compile(r"[0-9a-f]{24}")


def film_path(home: Path, case_id: str) -> Path:
    """Where the film of a case lies. Raises ValueError for anything but 24 hex digits, so that no name escapes."""
    if not _OPAQUE.fullmatch(case_id):
        raise ValueError(f"{case_id!r} is not a case name, expected 24 hex digits")
    return home / "films" / f"{case_id}.png"


def keep_film(home: Path, case_id: str, png: bytes) -> Path:
    """Write the film whole or not at all. The same case has the same pixels, so one that lies there is left alone."""
    path = film_path(home, case_id)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as file:
            file.write(png)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
