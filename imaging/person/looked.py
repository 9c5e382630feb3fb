"""Where text stands on films that were looked at before. A look takes a second, and a film is read again and again:
when a training goes on, by an audit, by the next version.

Kept are places and a fingerprint of the pixels; no film can be made of them. A change of the rule or of the package
that looks forgets them all. Where the folder cannot be written to, each film is looked at anew.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.radiograph import Pixels
from core.settings import settings

WAIT_S = 2.0  # for another process that writes


def looked_at(pixels: Pixels, look: Callable[[Pixels], list[Any]]) -> list[Any]:
    """What `look` tells of these pixels, as plain JSON; asked for films that nobody has looked at yet."""
    whole = np.ascontiguousarray(pixels)
    film = hashlib.blake2b(f"{_rule()} {whole.shape} {whole.dtype}".encode(), digest_size=16)
    film.update(whole.data)
    key = film.digest()
    with suppress(sqlite3.Error, OSError, ValueError):
        with closing(_opened()) as kept:
            row = kept.execute("SELECT told FROM looks WHERE film = ?", (key,)).fetchone()
        if row is not None:
            return list(json.loads(row[0]))
    told = look(pixels)
    with suppress(sqlite3.Error, OSError), closing(_opened()) as kept, kept:
        kept.execute("INSERT OR REPLACE INTO looks VALUES (?, ?)", (key, json.dumps(told)))
    return told


def _opened() -> sqlite3.Connection:
    """The table of this rule; those of former rules are dropped when it is made."""
    path = settings().cache_folder / "text.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, timeout=WAIT_S)
    try:
        (of_rule,) = connection.execute("PRAGMA user_version").fetchone()
        if of_rule != _rule():
            with connection:
                connection.execute("DROP TABLE IF EXISTS looks")
                connection.execute("CREATE TABLE looks (film BLOB PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID")
                connection.execute(f"PRAGMA user_version = {_rule()}")
            path.chmod(0o600)
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _rule() -> int:
    """A number of the rule: what stands in its two files, and the package that looks."""
    here = Path(__file__).parent
    told = b"".join((here / name).read_bytes() for name in ("text.py", "ocr.py")) + version("rapidocr").encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=4).digest()) >> 1 or 1
