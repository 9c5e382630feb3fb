"""What the screens say of the worklist: what waits, and how a case came to stand there."""

from collections.abc import Sequence

from core.reading import Reading


def waiting_sentence(waiting: int, connected: bool) -> str:
    """What the worklist waits for."""
    films = "1 film waits" if waiting == 1 else f"{waiting} films wait"
    if waiting == 0:
        return "Nothing waits to be sent."
    if not connected:
        return f"{films} for Label Studio, which is not connected yet. They are kept safely until it is."
    return f"{films} to be sent to Label Studio."


def in_worklist_sentence(reading: Reading, reasons: Sequence[str]) -> str:
    """How a case came to stand in the worklist."""
    if reading.difficulty is not None and reading.difficulty.hard:
        return "In the worklist: a hard case goes there by itself."
    if "requested" in reasons:
        return "In the worklist, as requested."
    return "In the worklist: drawn at random for a check." if "control" in reasons else "In the worklist."
