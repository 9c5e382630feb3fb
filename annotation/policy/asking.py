"""Whether a single case, as it is read, goes to an expert."""

import hashlib
from typing import Final

from core.estimate import Difficulty

CONTROL: Final = "control"
REQUESTED: Final = "requested"


def draw(case_id: str, recipe: str, key: bytes) -> float:
    """A number in [0, 1) for this case: uniform over cases, fixed for one case, unforeseeable without the key.

    53 bits of a keyed BLAKE2b, as many as a float holds, so no value is rounded up to 1.
    """
    digest = hashlib.blake2b(f"{recipe}:{case_id}".encode(), key=key, digest_size=8, person=b"osteolens-draw").digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def reasons_to_ask(
    case_id: str, recipe: str, difficulty: Difficulty | None, key: bytes, control_rate: float, requested: bool = False
) -> tuple[str, ...]:
    """Why an expert should see this case; empty when none should.

    A hard case goes in with its own reasons. A share of `control_rate` of all cases goes in as `control`, whether they
    are hard, plain or asked for: the draw knows nothing of the case, so that the cases it picks are a random sample and
    the experts' answers to them tell the true error rate. A higher rate draws all that a lower one drew, and more.
    """
    reasons: tuple[str, ...] = ()
    if difficulty is not None and difficulty.hard:
        if not difficulty.reasons:
            raise ValueError(f"case {case_id} is called hard without a named reason; a hard case must say why")
        reasons = difficulty.reasons
    if draw(case_id, recipe, key) < control_rate:
        reasons = (*reasons, CONTROL)
    return (*reasons, REQUESTED) if requested else reasons
