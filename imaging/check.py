"""Everything that can be said against a film before a network sees it."""

from core.radiograph import Radiograph
from core.refusal import Code, Notice, Refused
from core.settings import settings


def check(film: Radiograph) -> tuple[Notice, ...]:
    """Remarks on the film. Raises Refused for what rules it out, unless `warn_only` names the code."""
    found: list[Notice] = []
    least = settings().min_side_px
    if min(film.height, film.width) < least:
        message = (
            f"The film is {film.width} x {film.height} pixels, and its shorter side must have {least}; "
            "send the original, not a thumbnail."
        )
        if Code.TOO_SMALL not in settings().warn_only:
            raise Refused(Code.TOO_SMALL, message)
        found.append(Notice(Code.TOO_SMALL, message))
    return tuple(found)
