"""What a network makes of each limb on a film of the worklist, beside the kept film: by it the next choice spreads out.

One file a case and model, `films/<case>.<recipe>@<version>.npy`, float16 [L, D]: a kilobyte a limb. Embeddings of two
versions of a model say nothing of one another, so the version stands in the name.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotation.films import film_path
from core.system.whole import write_whole

Array = npt.NDArray[np.floating]


def keep_embedding(home: Path, case_id: str, model: str, limbs: Array) -> Path:
    """Write the embedding [L, D] whole or not at all, in place of a former one. model: `name@version`."""
    path = _path(home, case_id, model)
    stream = BytesIO()
    np.save(stream, np.asarray(limbs, np.float16))
    write_whole(path, stream.getvalue())
    return path


def add_limb(home: Path, case_id: str, model: str, limb: Array) -> Path:
    """Keep one more limb [1, D] of a case; a limb that is kept already is not kept twice."""
    kept, new = kept_embedding(home, case_id, model), np.asarray(limb, np.float16)
    if kept is not None and kept.shape[1] == new.shape[1]:
        if (kept == new).all(1).any():
            return _path(home, case_id, model)
        new = np.concatenate([kept, new])
    return keep_embedding(home, case_id, model, new)


def kept_embedding(home: Path, case_id: str, model: str) -> npt.NDArray[np.float16] | None:
    """The embedding [L, D] of a case by a model; None where none was kept, or it cannot be read."""
    try:
        limbs = np.load(_path(home, case_id, model), allow_pickle=False)
    except (OSError, ValueError):
        return None
    return limbs if limbs.ndim == 2 else None


def _path(home: Path, case_id: str, model: str) -> Path:
    if not model or "/" in model or model.startswith("."):
        raise ValueError(f"{model!r} is not a model's name and version, expected one as in hip_vit@0.3.0")
    return film_path(home, case_id).with_suffix(f".{model}.npy")
