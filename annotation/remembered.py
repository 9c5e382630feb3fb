"""What was read of films that were offered, so that a choice that was stopped, or looked at first, reads nothing twice.

One file a film under a keyed hash of its bytes: the lines of readings.jsonl without the file's name, the outlines that
were drawn, and the limbs' embeddings. No pixel is kept. Another version of a model is another name, so nothing stale
is found.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.ledger.payload import mask_from_json, mask_to_json
from core.mask import BitMask
from core.system.whole import write_whole


@dataclass(frozen=True, eq=False)
class Remembered:
    """A film's lines of readings.jsonl, without its name, one a limb; their embeddings float16 [L, D], where there are
    any; the lines that a second recipe gave of it, nothing where none reads such films; and a line's outlines by
    region, in the order of the lines."""

    rows: tuple[dict[str, Any], ...]
    embedding: npt.NDArray[np.float16] | None = None
    second: tuple[dict[str, Any], ...] = ()
    outlines: tuple[dict[str, BitMask], ...] = ()


def name_of(data: bytes, models: str, key: bytes) -> str:
    """Under which name a film's readings are remembered. models: everything that the answer hangs on."""
    digest = hashlib.blake2b(data, key=key, digest_size=16, person=b"osteolens-read")
    digest.update(models.encode())
    return digest.hexdigest()


def remember(home: Path, name: str, film: Remembered) -> None:
    """Keep it, whole or not at all."""
    limbs = film.embedding
    kept = {
        "rows": film.rows,
        "second": film.second,
        "outlines": [{name: mask_to_json(mask) for name, mask in drawn.items()} for drawn in film.outlines],
        "embedding": None
        if limbs is None
        else {"shape": limbs.shape, "float16": base64.b64encode(limbs.astype("<f2").tobytes()).decode("ascii")},
    }
    write_whole(_path(home, name), json.dumps(kept, ensure_ascii=False, allow_nan=False).encode())


def recall(home: Path, name: str) -> Remembered | None:
    """What is kept under a name; None where nothing is, or it cannot be read."""
    try:
        kept = json.loads(_path(home, name).read_text(encoding="utf-8"))
        limbs = kept["embedding"]
        embedding = None
        if limbs is not None:
            flat = np.frombuffer(base64.b64decode(limbs["float16"]), "<f2")
            embedding = flat.reshape(limbs["shape"]).astype(np.float16)
        outlines = tuple({name: mask_from_json(mask) for name, mask in drawn.items()} for drawn in kept["outlines"])
        return Remembered(tuple(kept["rows"]), embedding, tuple(kept["second"]), outlines)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(home: Path, name: str) -> Path:
    return home / "offered" / f"{name}.json"
