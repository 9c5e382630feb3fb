"""What was found of each film, kept as it comes, so that an audit that is killed or repeated goes on where it was.

One SQLite file. A film is known by its path, size and time of change; a changed file is read anew. A film takes some
0.1 MB: facts, keypoints, and a grey copy of 512 pixels to compare. It stays in the audit's own folder.
"""

import json
import sqlite3
import threading
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from audit.film import Film, Unread
from evidence.copies import Sketch

FORMAT: Final = 1  # raised whenever what is kept of a film changes
_TABLE: Final = (
    f"create table if not exists films_{FORMAT} (key text primary key, about text, image blob, points blob, "
    "descriptors blob)"
)
_NEAR: Final = 400  # sketches held in memory


def key_of(path: Path) -> str:
    """Changes with the file."""
    stat = path.stat()
    return f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"


class Kept:
    """Films by key. Read from several threads, written by one."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._local = file, threading.local()
        self._base.execute(_TABLE)
        self._base.commit()
        file.chmod(0o600)
        self.sketch = lru_cache(_NEAR)(self._sketch)

    @property
    def _base(self) -> sqlite3.Connection:
        if not hasattr(self._local, "base"):
            self._local.base = sqlite3.connect(self._file, timeout=60)
            self._local.base.execute("pragma journal_mode=wal")
        return self._local.base

    def known(self) -> dict[str, Film | Unread]:
        """All films, without their sketches."""
        rows = self._base.execute(f"select key, about from films_{FORMAT}")
        return {key: _plain(json.loads(about)) for key, about in rows}

    def put(self, key: str, film: Film | Unread) -> None:
        """Kept for good with the next `save`."""
        image = points = descriptors = None
        if isinstance(film, Film) and film.sketch is not None:
            sketch = film.sketch
            grey = np.round(sketch.image).astype(np.uint8)
            image = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
            points = sketch.points.astype(np.float32).tobytes()
            descriptors = np.round(sketch.descriptors * 255).astype(np.uint8).tobytes()
        about = {name: value for name, value in _about(film).items() if name != "sketch"}
        self._base.execute(
            f"insert or replace into films_{FORMAT} values (?, ?, ?, ?, ?)",
            (key, json.dumps(about), image, points, descriptors),
        )

    def save(self) -> None:
        self._base.commit()

    def descriptors(self, key: str) -> np.ndarray:
        """Of one film, [N, 128] float32, as `evidence.copies.sketch` gives them, to within 1/255."""
        row = self._base.execute(f"select descriptors from films_{FORMAT} where key = ?", (key,)).fetchone()
        return _roots(row[0])

    def _sketch(self, key: str) -> Sketch:
        image, points, descriptors = self._base.execute(
            f"select image, points, descriptors from films_{FORMAT} where key = ?", (key,)
        ).fetchone()
        grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
        return Sketch(
            np.asarray(grey, np.float32), np.frombuffer(points, np.float32).reshape(-1, 2), _roots(descriptors)
        )


def _roots(stored: bytes) -> np.ndarray:
    roots = np.frombuffer(stored, np.uint8).reshape(-1, 128).astype(np.float32)
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-6)


def _about(film: Film | Unread) -> dict[str, Any]:
    if isinstance(film, Unread):
        return asdict(film)
    return {one.name: getattr(film, one.name) for one in fields(film) if one.name != "sketch"}


def _plain(about: dict[str, Any]) -> Film | Unread:
    return Unread(**about) if "message" in about else Film(**about)
