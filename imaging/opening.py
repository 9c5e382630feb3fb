"""A film opened: its bytes decoded, cleaned and checked, before any network has seen it. Needs no network library, so
that many films can be opened in processes of their own while networks read those before them."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.clinical import Clinical
from core.radiograph import Radiograph
from core.reading import Reading
from core.refusal import Code, Notice, NoticeCode, Refused
from core.settings import settings
from core.system.clock import Clock
from core.system.safe_trace import said_safely
from imaging import read_radiograph
from imaging.checks import check
from imaging.upright import Upright, upright

log = logging.getLogger(__name__)

ADULT_FROM_AGE = 18


@dataclass(frozen=True, eq=False)
class Opened:
    """A film ready to be read, or what became of it where it cannot be.

    name: how the caller knows the file. lie: the film as it was uploaded and as networks see it. person: what the
    caller knows, else the file. notices: remarks so far. outcome: the refusal, or the fault, in place of all these.
    """

    name: str
    clock: Clock = field(default_factory=Clock)
    lie: Upright | None = None
    person: Clinical | None = None
    notices: tuple[Notice, ...] = ()
    outcome: Reading | None = None


def open_film(data: bytes, name: str, clinical: Clinical | None = None, pixel_mm: float | None = None) -> Opened:
    """Decode and check one film. Raises nothing: a bad film is an outcome. Arguments as in `reading.read`."""
    clock, shown = Clock(), None
    try:
        film = read_radiograph(data, name)
        if pixel_mm is not None:
            film = replace(film, spacing_mm=(pixel_mm, pixel_mm), spacing_origin="marker")
        clock.lap("decode")
        shown = film
        person = (clinical or Clinical()).or_else(film.clinical)
        refuse_children(person)
        lie = upright(film)
        notices = (*lie.film.notices, *check(lie.film))
        clock.lap("check")
        return Opened(name, clock, lie, person, notices)
    except Refused as refused:
        return Opened(name, clock, outcome=refusal(name, refused, clock, film=shown))
    except Exception as unforeseen:  # noqa: BLE001 - a fault of one film is its result, and no face may die of it
        return Opened(name, clock, outcome=failure(name, unforeseen, clock))


def open_file(path: Path, clinical: Clinical | None = None, pixel_mm: float | None = None) -> Opened:
    """`open_film` for a file on disk."""
    try:
        size, most = path.stat().st_size, settings().max_megabytes
        if size > most * 1e6:
            raise Refused(
                Code.TOO_LARGE,
                f"The file has {size / 1e6:.0f} MB, at most {most:.0f} MB are read; export a single film, or raise "
                "OSTEOLENS_MAX_MEGABYTES.",
            )
        data = path.read_bytes()
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        unreadable = Refused(Code.UNREADABLE, f"The file cannot be opened ({reason}); check it and its permissions.")
        return Opened(str(path), outcome=Reading(str(path), "refused", refusal=unreadable.refusal))
    except Refused as refused:
        return Opened(str(path), outcome=Reading(str(path), "refused", refusal=refused.refusal))
    return open_film(data, str(path), clinical, pixel_mm)


def refuse_children(person: Clinical) -> None:
    """Raises Refused for a person who still grows: growth plates are open, and every network learned from adults."""
    if person.age_years is not None and person.age_years < ADULT_FROM_AGE:
        raise Refused(
            Code.TOO_YOUNG,
            f"The person is {person.age_years:.0f} years old, expected an adult from {ADULT_FROM_AGE} on: growth "
            "plates are open in a child, and no model here has learned to read them; check the age, or send an "
            "adult's film.",
        )


def refusal(
    name: str, refused: Refused, clock: Clock, recipe: str | None = None, film: Radiograph | None = None
) -> Reading:
    """A refusal is a result. film: what is shown of it, where it could be decoded."""
    return Reading(name, "refused", recipe=recipe, refusal=refused.refusal, timing_ms=clock.times(), radiograph=film)


def failure(name: str, unforeseen: BaseException, clock: Clock) -> Reading:
    """A fault of the program on one film is a result too; the log says where, and nothing out of the film's header."""
    log.error("a film could not be read: %s", said_safely(unforeseen))
    fault = Notice(
        NoticeCode.FAULT,
        "The program failed on this film; the film is not at fault, and the log says at which step.",
    )
    return Reading(name, "failed", warnings=(fault,), timing_ms=clock.times())
