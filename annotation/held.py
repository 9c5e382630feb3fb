"""Films that are held because they may show a name: what a person decides about them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from annotation.films import Kept, erase_film, keep_painted
from annotation.ledger import State
from annotation.worklist import film_png, ledger
from core.radiograph import Box, Pixels, Radiograph
from core.settings import settings
from core.system.whole import write_whole

Mark = Callable[[bytes, tuple[Box, ...]], bytes]  # as imaging.marked
Without = Callable[[Pixels, tuple[Box, ...]], Pixels]  # as imaging.person.text.without


def suspected(case_id: str) -> tuple[Box, ...]:
    """What may be text on a held film. Raises ValueError where none is held under this name."""
    held = [entry for entry in ledger().entries(State.HELD) if entry.case_id == case_id]
    if not held:
        raise ValueError(f"no film is held as {case_id}; `python cli.py queue list --state held` names those that are")
    return held[0].suspected


def framed(case_id: str, mark: Mark) -> bytes:
    """The film of a held case with a frame around each place that may be text. Raises FileNotFoundError, and ValueError
    as `suspected` does."""
    return mark(film_png(case_id), suspected(case_id))


def kept_picture(case_id: str, mark: Mark) -> Path:
    """Where the same picture lies, for a person at the command line, until the film is let go or taken out."""
    write_whole(_picture(case_id), framed(case_id, mark))
    return _picture(case_id)


def release(case_id: str, without: Without | None, png: Callable[[Radiograph], bytes]) -> int:
    """Let a film go that a person has looked at; gives how many of its cases wait now.

    without: paints the places over, on the film as it is kept as well as on what experts see; None where the person
    says that none of them is text. Raises ValueError as `suspected` does.
    """
    boxes, home = suspected(case_id), settings().home
    if without is not None:
        film = Kept.load(home, case_id).film
        film = replace(film, pixels=without(film.pixels, boxes))
        keep_painted(home, film, png(film))
    _picture(case_id).unlink(missing_ok=True)
    return ledger().clear(case_id, "painted over" if without else "no text")


def drop(case_id: str) -> int:
    """Take a held film out of the worklist and delete it here; gives how many cases went. Raises ValueError as
    `suspected` does."""
    suspected(case_id)
    number = ledger().drop(case_id, "taken out")
    erase_film(settings().home, case_id)
    _picture(case_id).unlink(missing_ok=True)
    return number


def _picture(case_id: str) -> Path:
    return settings().home / "held" / f"{case_id}.png"
