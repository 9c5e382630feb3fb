"""Films at hand that whole readings are tried on: real ones by source, and images that are no radiographs."""

import numpy as np

from core.settings import settings
from imaging import to_png
from training.cohorts import negatives
from training.cohorts.views import REAL, files_of

AT_HAND = 20  # real films of one source
GENERATED = 4  # images of one kind that are not radiographs


def films_at_hand() -> dict[str, list[tuple[str, bytes]]]:
    """Real films under OSTEOLENS_DATA by source, at most some twenty each, and generated images that are not
    radiographs: names and bytes."""
    films = {source.name: files_of(source, settings().data) for source in REAL}
    found = {
        name: [(path.name, path.read_bytes()) for path in paths[:: max(1, len(paths) // AT_HAND)]]
        for name, paths in films.items()
        if paths
    }
    return found | {f"drawn: {kind}": [(kind, one) for one in many] for kind, many in no_films(GENERATED).items()}


def no_films(each: int) -> dict[str, list[bytes]]:
    """Generated images that are not radiographs, some of each kind, as files; none of them was used in training."""
    random = np.random.default_rng(91_000)
    return {kind: [to_png(negatives.draw(random, kind)) for _ in range(each)] for kind in negatives.KINDS}
