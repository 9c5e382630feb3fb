"""Whether two cases show one film, by what they show: resaved, resized, cropped or mirrored."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from annotation.policy import Offer
from core.radiograph import Radiograph

if TYPE_CHECKING:
    from evidence.copies import Sketch


class Alike:
    """Compares cases by content; each film is read and sketched once. film: the film of a case, by its name."""

    def __init__(self, film: Callable[[str], Radiograph]) -> None:
        self._film = film
        self._sketches: dict[str, Sketch | None] = {}

    def __call__(self, one: Offer, other: Offer) -> bool:
        from evidence.copies import find_copies  # image libraries take a second to load, and most commands need none

        first, second = self._sketch(one.case_id), self._sketch(other.case_id)
        return first is not None and second is not None and bool(find_copies([first, second], workers=1))

    def _sketch(self, case_id: str) -> "Sketch | None":
        """None for a film that is no longer there."""
        from evidence.copies import sketch

        if case_id not in self._sketches:
            try:
                self._sketches[case_id] = sketch(self._film(case_id).pixels)
            except FileNotFoundError:
                self._sketches[case_id] = None
        return self._sketches[case_id]
